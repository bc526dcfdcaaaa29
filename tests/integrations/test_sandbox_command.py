"""`manage.py sandbox KIND`, as its own process without a database."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
import requests
from django.core.management import CommandError, call_command

from integrations.clever.provider import CleverProvider
from integrations.sandbox.command import kinds

ROOT = Path(__file__).parents[2]


@contextmanager
def sandbox(kind: str, *args: str, lines: int = 4) -> Iterator[tuple[str, dict[str, str]]]:
    """The first line it prints, and the settings on the lines behind it."""
    environment = {**os.environ, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}
    command = [sys.executable, "manage.py", "sandbox", kind, *args]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  (ourselves)
        assert process.stdout
        try:
            yield process.stdout.readline(), read_settings(process.stdout, lines)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                assert process.wait(10) == 0
            finally:
                # Where Ctrl-C is ignored (a job in the background) it fails, and does not wait for ever.
                process.kill()


def read_settings(printed: IO[str], lines: int) -> dict[str, str]:
    """The settings it prints, as a shell would read them."""
    return dict("".join(shlex.split(printed.readline())).split("=", 1) for _ in range(lines))


def open_clever(settings: dict[str, str], tenant: str) -> CleverProvider:
    """The provider those settings make."""
    hosts = {"api": settings["CLEVER_API_URL"], "auth": settings["CLEVER_AUTH_URL"]}
    secrets = {"client_id": settings["CLEVER_CLIENT_ID"], "client_secret": settings["CLEVER_CLIENT_SECRET"]}
    listed = CleverProvider.tenants(hosts, secrets)
    assert [each.external_id for each in listed] == [tenant]
    return CleverProvider(tenant, hosts, secrets)


def write_capture(folder: Path) -> str:
    """A capture of four people in Clever's shape; its district's id."""
    home, school, other = (f"{number:024x}" for number in (1, 2, 3))
    student = {"school": school, "schools": [school, other], "sis_id": "1", "grade": "4"}
    teacher = {"school": school, "schools": [school], "sis_id": "1", "legacy_id": "f" * 24}
    roles = {
        13: {"student": student},
        11: {"teacher": teacher},
        12: {"contact": {"student_relationships": list[str]()}},
        10: {"district_admin": {"title": ""}},
    }
    name = {"first": "A", "last": "B"}
    users = [{"id": f"{number:024x}", "district": home, "name": name, "roles": held} for number, held in roles.items()]
    section = {"id": f"{20:024x}", "school": f"{4:024x}", "students": [], "teachers": []}
    district = {"id": home, "name": "Captured", "last_sync": "2026-01-01T00:00:00.000Z"}
    for kind, rows in (("users", users), ("sections", [section]), ("districts", [district])):
        body = {"data": [{"data": row, "uri": f"/v3.0/{kind}/{row['id']}"} for row in rows], "links": []}
        (folder / f"{kind}.json").write_text(json.dumps(body), "utf-8")
    return home


def test_it_serves_an_invented_district() -> None:
    """Of the size asked for, with odd records."""
    with sandbox("clever", "--people", "120", "--schools", "2", "--seed", "9", "--oddities", "--client-id", "me") as (
        said,
        settings,
    ):
        assert "in 2 schools" in said
        assert settings["CLEVER_CLIENT_ID"] == "me"
        source = open_clever(settings, "5f0000090000000000000000")
        assert len(list(source.people([]))) > 120


def test_it_serves_a_capture(tmp_path: Path) -> None:
    """With schools made from the ids in people and sections, under a token for the capture's district."""
    home = write_capture(tmp_path)
    with sandbox("clever", "--data", str(tmp_path)) as (said, settings):
        assert said == f"# Captured ({home}): 4 people and guardians in 3 schools\n"
        source = open_clever(settings, home)
        people = list(source.people([]))
        assert [person.external_id[-1] for person in people] == ["a", "b", "d"]
        assert (source.receipt.rows, source.receipt.ignored, len(source.receipt.places)) == (4, 1, 3)
        assert source.receipt.as_of == "2026-01-01T00:00:00.000Z"
        assert all(place.name.endswith("School") for place in source.places())


def test_it_serves_a_classlink() -> None:
    """With the partner key that opens its listing, and as many districts as asked."""
    words = ("--people", "60", "--districts", "4", "--partner-key", "let me in", "--redirect-uri", "https://a.example/")
    with sandbox("classlink", *words, lines=6) as (said, settings):
        assert said == "# Birch County Schools (tenant 2222): 60 people and guardians in 3 schools\n"
        urls = {settings.pop(f"CLASSLINK_{host}_URL") for host in ("API", "AUTH", "INFO")}
        assert settings == {
            "CLASSLINK_PARTNER_KEY": "let me in",
            "CLASSLINK_CLIENT_ID": "sandbox-client",
            "CLASSLINK_CLIENT_SECRET": "sandbox-secret",
        }
        answer = requests.get(f"{urls.pop()}/applications", headers={"Authorization": "Bearer let me in"}, timeout=5)
        assert len(answer.json()["applications"]) == 5
        assert not urls


def test_it_serves_a_oneroster_server() -> None:
    """In the version asked for, with what somebody types in to connect it."""
    words = ("--people", "60", "--speaks", "1.2", "--door", "bearer")
    with sandbox("oneroster", *words, lines=7) as (said, settings):
        assert said == "# Birch County Schools (birch1): 60 people and guardians in 3 schools\n"
        assert (settings["ONEROSTER_VERSION"], settings["ONEROSTER_AUTH"]) == ("1.2", "bearer")
        headers = {"Authorization": f"Bearer {settings['ONEROSTER_BEARER']}"}
        answer = requests.get(f"{settings['ONEROSTER_BASE_URL']}/users", headers=headers, timeout=5)
        assert len(answer.json()["users"]) == 60


def test_it_serves_a_google() -> None:
    """With the settings that the product reads; our address is registered, so the pages are drawn."""
    words = ("--people", "60", "--ous", "30", "--client-id", "me", "--redirect-uri", "https://a.example/back")
    with sandbox("google", *words, lines=6) as (said, settings):
        assert said == "# Birch County Schools (birch1.example): 60 people in 30 units\n"
        (url,) = {settings[f"GOOGLE_{host}_URL"] for host in ("API", "AUTH", "TOKEN", "REVOKE")}
        assert (settings["GOOGLE_CLIENT_ID"], settings["GOOGLE_CLIENT_SECRET"]) == ("me", "sandbox-secret")
        asked = {"client_id": "me", "redirect_uri": "https://a.example/back", "response_type": "code"}
        answer = requests.get(f"{url}/o/oauth2/v2/auth", params={**asked, "scope": "openid"}, timeout=5)
        assert (answer.status_code, "smartpass-sync@birch1.example" in answer.text) == (200, True)


def test_every_sandbox_can_be_served() -> None:
    """A folder with a sandbox has what the command needs; the command names none of them."""
    packages = {path.parent.parent.name for path in (ROOT / "integrations").glob("*/sandbox/__init__.py")}
    assert set(kinds()) == packages >= {"clever", "classlink", "google", "oneroster"}
    command = (ROOT / "integrations/management/commands/sandbox.py").read_text("utf-8")
    assert [kind for kind in kinds() if kind in command] == []


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["clever", "--data", "/nowhere/at/all"], "cannot make the district"),
        (["clever", "--people", "-5"], "whole number"),
        (["clever", "--schools", "0"], "at least one school"),
        (["clever", "--port", "99999999"], "cannot listen"),
        (["classlink", "--schools", "0"], "at least one school"),
        (["oneroster", "--schools", "0"], "at least one school"),
        (["oneroster", "--speaks", "1.2", "--door", "oauth1-sha1"], "no such door"),
        (["google", "--people", "900000"], "between 0 and"),
        (["nothing"], "invalid choice"),
        ([], "required"),
    ],
)
def test_it_says_what_is_wrong(args: list[str], said: str) -> None:
    """Before it serves anything."""
    with pytest.raises(CommandError, match=said):
        call_command("sandbox", *args)


def test_it_says_so_in_one_line() -> None:
    """Without a traceback, and with a status of its own."""
    command = [sys.executable, "manage.py", "sandbox", "clever", "--schools", "0"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603  (ourselves)
    assert ended.returncode == 1
    assert ended.stderr.startswith("CommandError: cannot make the district")
    assert ended.stderr.count("\n") == 1
