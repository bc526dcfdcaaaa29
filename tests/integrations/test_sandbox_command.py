"""`manage.py sandbox clever`, as its own process without a database."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from integrations.clever.provider import CleverProvider

ROOT = Path(__file__).parents[2]


@contextmanager
def sandbox(*args: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The first line it prints, and the settings."""
    environment = {**os.environ, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}
    command = [sys.executable, "manage.py", "sandbox", "clever", *args]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  (ourselves)
        assert process.stdout
        try:
            yield process.stdout.readline(), read_settings(process.stdout)
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0


def read_settings(lines: IO[str]) -> dict[str, str]:
    """The four settings it prints."""
    return dict(lines.readline().strip().split("=", 1) for _ in range(4))


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
    with sandbox("--people", "120", "--schools", "2", "--seed", "9", "--oddities", "--client-id", "me") as (
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
    with sandbox("--data", str(tmp_path)) as (said, settings):
        assert said == f"# Captured ({home}): 4 people and guardians in 3 schools\n"
        source = open_clever(settings, home)
        people = list(source.people([]))
        assert [person.external_id[-1] for person in people] == ["a", "b", "d"]
        assert (source.receipt.rows, source.receipt.ignored, len(source.receipt.places)) == (4, 1, 3)
        assert source.receipt.as_of == "2026-01-01T00:00:00.000Z"
        assert all(place.name.endswith("School") for place in source.places())


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--data", "/nowhere/at/all"], "cannot make the district"),
        (["--people", "-5"], "whole number"),
        (["--schools", "0"], "at least one school"),
        (["--port", "99999999"], "cannot listen"),
    ],
)
def test_it_says_what_is_wrong(args: list[str], said: str) -> None:
    """In one line, without a traceback."""
    command = [sys.executable, "manage.py", "sandbox", "clever", *args]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603  (ourselves)
    assert ended.returncode != 0
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
