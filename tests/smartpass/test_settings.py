"""Production is told its secrets and refuses half an answer; a laptop makes its own."""

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

import manage
from smartpass import env

ROOT = Path(__file__).resolve().parents[2]
KEY = base64.urlsafe_b64encode(b"k" * 32).decode()
PRODUCTION = {
    "DATABASE_URL": "postgresql://smartpass_app:pw@db.example.org:5433/smartpass",
    "REDIS_URL": "redis://broker.example.org:6379/0",
    "SECRET_KEY": "long and random",
    "VAULT_KEYS": f"one:{KEY}",
    "ALLOWED_HOSTS": "rostering.example.org, other.example.org",
    "PUBLIC_URL": "https://rostering.example.org/",
    "EMAIL_URL": "smtp+tls://mailer%40example.org:p%40ss@mail.example.org",
    "MAIL_FROM": "SmartPass <no-reply@rostering.example.org>",
}


def read(environment: dict[str, str], *names: str) -> list[str]:
    """Read settings in a process of their own; give these as text, or raise what it said."""
    code = f"from smartpass import settings as s\nfor name in {names!r}: print(getattr(s, name))"
    done = subprocess.run(  # noqa: S603  (ourselves)
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout.splitlines()


def test_production() -> None:
    names = ("PRODUCTION", "DEBUG", "ALLOWED_HOSTS", "SESSION_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "CACHES")
    production, debug, hosts, secure, redirect, caches = read(PRODUCTION, *names)
    assert (production, debug, secure, redirect) == ("True", "False", "True", "True")
    assert hosts == "['rostering.example.org', 'other.example.org']"
    assert "'redis://broker.example.org:6379/1'" in caches


def test_mail_in_production() -> None:
    names = [f"EMAIL_{name}" for name in ("HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_TLS", "USE_SSL")]
    assert read(PRODUCTION, *names) == ["mail.example.org", "587", "mailer@example.org", "p@ss", "True", "False"]
    assert read(PRODUCTION, "PUBLIC_URL", "EMAIL_BACKEND", "DEFAULT_FROM_EMAIL") == [
        "https://rostering.example.org",
        "django.core.mail.backends.smtp.EmailBackend",
        "SmartPass <no-reply@rostering.example.org>",
    ]
    closed = {**PRODUCTION, "EMAIL_URL": "smtp+ssl://mail.example.org"}
    assert read(closed, *names) == ["mail.example.org", "465", "", "", "False", "True"]
    plain = {**PRODUCTION, "EMAIL_URL": "smtp://mail.example.org:2525"}
    assert read(plain, *names) == ["mail.example.org", "2525", "", "", "False", "False"]


def test_mail_on_a_laptop_becomes_files(tmp_path: Path) -> None:
    backend, folder = read({"SMARTPASS_VAR": str(tmp_path)}, "EMAIL_BACKEND", "EMAIL_FILE_PATH")
    assert (backend, folder) == ("django.core.mail.backends.filebased.EmailBackend", str(tmp_path / "mail"))


def test_a_web_server_has_no_owner() -> None:
    assert "owner" not in read(PRODUCTION, "DATABASES")[0]
    owner = PRODUCTION["DATABASE_URL"].replace("_app", "_owner")
    assert "'owner'" in read({**PRODUCTION, "DATABASE_OWNER_URL": owner}, "DATABASES")[0]


@pytest.mark.parametrize("name", ["REDIS_URL", "SECRET_KEY", "VAULT_KEYS", "PUBLIC_URL", "EMAIL_URL", "MAIL_FROM"])
def test_production_must_be_told(name: str) -> None:
    given = {key: value for key, value in PRODUCTION.items() if key != name}
    with pytest.raises(RuntimeError, match=f"{name} must"):
        read(given)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLEVER_API_URL", "http://127.0.0.1:9000"),
        ("CLEVER_AUTH_URL", "clever.example.org"),
        ("CLASSLINK_API_URL", "http://127.0.0.1:9000"),
        ("CLASSLINK_AUTH_URL", "http://127.0.0.1:9000"),
        ("CLASSLINK_INFO_URL", "nodeapi.example.org"),
        ("DATABASE_URL", "mysql://u:hidden@db/smartpass"),
        ("DATABASE_URL", "postgresql://u:hidden@db"),
        ("VAULT_KEYS", "one:hidden"),
        ("VAULT_KEYS", f"one:{KEY},one:{KEY}"),
        ("REDIS_URL", "hidden"),
        ("DEBUG", "hidden"),
        ("ALLOW_PRIVATE_SOURCES", "1"),
        ("PUBLIC_URL", "http://rostering.example.org"),
        ("EMAIL_URL", "smtp://user:hidden@:25"),
        ("EMAIL_URL", "smtp://user:hidden@mail.example.org:port"),
        ("EMAIL_URL", "https://user:hidden@mail.example.org"),
    ],
)
def test_a_wrong_value_is_refused_without_being_shown(name: str, value: str) -> None:
    with pytest.raises(RuntimeError, match=f"ImproperlyConfigured: {name} must") as caught:
        read({**PRODUCTION, name: value})
    assert "hidden" not in str(caught.value).splitlines()[-1]


def test_sources_inside_our_network_are_for_a_laptop(tmp_path: Path) -> None:
    laptop = {"SMARTPASS_VAR": str(tmp_path)}
    assert read(laptop, "ALLOW_PRIVATE_SOURCES") == ["True"]
    assert read({**laptop, "ALLOW_PRIVATE_SOURCES": "0"}, "ALLOW_PRIVATE_SOURCES") == ["False"]
    assert read(PRODUCTION, "ALLOW_PRIVATE_SOURCES") == ["False"]


def test_a_laptop_makes_its_secrets_once(tmp_path: Path) -> None:
    environment = {"SMARTPASS_VAR": str(tmp_path / "var"), "CLEVER_API_URL": "http://127.0.0.1:9000/"}
    names = ("PRODUCTION", "EMBEDDED", "SECRET_KEY", "VAULT_KEYS", "CLEVER_API_URL")
    first = read(environment, *names)
    assert first[:2] == ["False", "True"]
    assert first[4] == "http://127.0.0.1:9000"
    assert read(environment, *names) == first
    made = sorted((tmp_path / "var").iterdir())
    assert [path.name for path in made] == ["secret_key", "vault_key"]
    assert {path.stat().st_mode & 0o777 for path in made} == {0o600}


def test_a_socket_stands_in_the_place_of_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("URL", "postgresql://user:p%40ss@%2Ftmp%2Fa-b/name?sslmode=disable")
    config = env.database("URL")
    assert (config["HOST"], config["USER"], config["PASSWORD"], config["NAME"]) == ("/tmp/a-b", "user", "p@ss", "name")  # noqa: S108
    assert config["OPTIONS"] == {"sslmode": "disable"}


def test_the_first_key_encrypts() -> None:
    other = base64.urlsafe_b64encode(b"o" * 32).decode()
    assert list(env.keyring(f"new:{other}, old:{KEY}").items()) == [("new", b"o" * 32), ("old", b"k" * 32)]
    with pytest.raises(ImproperlyConfigured):
        env.keyring("")


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        ([], False),
        (["--help"], False),
        (["help", "migrate"], False),
        (["migrate", "--help"], False),
        (["check"], False),
        (["makemigrations"], True),
        (["migrate"], True),
        (["shell"], True),
    ],
)
def test_services_start_for_commands_that_need_them(
    words: list[str],
    needed: bool,  # noqa: FBT001  (a column of the table above)
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert manage.needs_services(["manage.py", *words]) is needed
    monkeypatch.setenv("DATABASE_URL", "postgresql://u@h/d")
    assert manage.needs_services(["manage.py", *words]) is False


def test_migrations_run_as_the_owner() -> None:
    assert manage.as_owner(["manage.py", "migrate", "--plan"]) == ["manage.py", "migrate", "--plan", "--database=owner"]
    chosen = ["manage.py", "migrate", "--database", "default"]
    assert manage.as_owner(chosen) == chosen
    assert manage.as_owner(["manage.py", "shell"]) == ["manage.py", "shell"]
