"""Reading the environment: each reader says which variable is wrong, never what it held."""

import base64
import os
import secrets
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlsplit, urlunsplit

from django.core.exceptions import ImproperlyConfigured
from environ import Env

KEY_BYTES = 32
TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"", "0", "false", "no", "off"}


def text(name: str, default: str = "") -> str:
    """Give the variable without surrounding space; unset and empty are the same."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool = False, allowed: bool = True) -> bool:
    """Give the variable as yes or no.

    Raises ImproperlyConfigured for any other word, and for yes where it is not `allowed`.
    """
    word = text(name, str(default)).lower()
    if word in TRUE_WORDS and not allowed:
        message = f"{name} must not be on in production."
        raise ImproperlyConfigured(message)
    if word in TRUE_WORDS | FALSE_WORDS:
        return word in TRUE_WORDS
    message = f"{name} must be one of 1, 0, true, false, yes, no, on, off."
    raise ImproperlyConfigured(message)


def whole(name: str, default: int) -> int:
    """Give the variable as a whole number. Raises ImproperlyConfigured for anything else."""
    try:
        return int(text(name, str(default)))
    except ValueError:
        message = f"{name} must be a whole number."
        raise ImproperlyConfigured(message) from None


def words(name: str) -> list[str]:
    """Give the comma-separated variable as a list; unset is the empty list."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


def host(name: str, default: str, *, https_only: bool) -> str:
    """Give a vendor's address without a trailing slash.

    Raises ImproperlyConfigured when it is not an http(s) address, or is plain http where
    `https_only`: rosters and secrets travel over it.
    """
    url = text(name, default).rstrip("/")
    allowed = {"https"} if https_only else {"https", "http"}
    parts = urlsplit(url)
    if parts.scheme not in allowed or not parts.hostname:
        message = f"{name} must be an address that begins with {' or '.join(sorted(allowed))}://"
        raise ImproperlyConfigured(message)
    return url


def database(name: str) -> dict[str, Any]:
    """Turn a postgresql:// URL into Django's connection settings.

    A unix socket's folder stands percent-encoded in the place of the host. Raises
    ImproperlyConfigured when the variable names no PostgreSQL database.
    """
    url = text(name)
    if urlsplit(url).scheme not in {"postgres", "postgresql"} or not urlsplit(url).path[1:]:
        message = f"{name} must look like postgresql://user:password@host/database"
        raise ImproperlyConfigured(message)
    config = cast("dict[str, Any]", Env.db_url_config(url))
    config["HOST"] = unquote(config["HOST"])
    return config


def mail(name: str) -> dict[str, Any]:
    """Turn smtp://user:password@host:port into a mail server's settings; smtp+tls and smtp+ssl encrypt.

    smtp+tls begins in the clear and insists on STARTTLS, smtp+ssl is encrypted from the
    start. Raises ImproperlyConfigured when the variable names no mail server.
    """
    parts = urlsplit(text(name))
    ports = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}
    try:
        port = parts.port or ports[parts.scheme]
    except (KeyError, ValueError):
        port = 0
    if not parts.hostname or not port:
        message = f"{name} must look like smtp+tls://user:password@host:587"
        raise ImproperlyConfigured(message)
    return {
        "host": parts.hostname,
        "port": port,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "starttls": parts.scheme == "smtp+tls",
        "tls": parts.scheme == "smtp+ssl",
    }


def cache_url(broker_url: str) -> str:
    """Give CACHE_URL, or the broker's server with database 1 in place of its own.

    Raises ImproperlyConfigured when neither is given.
    """
    given = text("CACHE_URL")
    if given:
        return given
    parts = urlsplit(broker_url)
    if parts.scheme not in {"redis", "rediss"}:
        message = "REDIS_URL must look like redis://host:6379/0"
        raise ImproperlyConfigured(message)
    return urlunsplit(parts._replace(path="/1"))


def required(name: str) -> str:
    """Give the variable. Raises ImproperlyConfigured when it is unset."""
    value = text(name)
    if not value:
        message = f"{name} must be set."
        raise ImproperlyConfigured(message)
    return value


def generated(path: Path) -> str:
    """Give the secret kept in this file, making it on the first call; only its owner reads it."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        secret = base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secret)
        # A link does not overwrite: of two processes that start together one secret wins.
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def keyring(value: str) -> dict[str, bytes]:
    """Read "id:key,id:key" into the vault's keys by id; the first one encrypts, all decrypt.

    A key is 32 bytes in URL-safe base64. Raises ImproperlyConfigured when one is not.
    """
    keys: dict[str, bytes] = {}
    for entry in filter(None, (part.strip() for part in value.split(","))):
        name, _, encoded = entry.partition(":")
        try:
            key = base64.urlsafe_b64decode(encoded)
        except ValueError:
            key = b""
        if not name or name in keys or len(key) != KEY_BYTES:
            message = "VAULT_KEYS must be id:key pairs, each key 32 bytes in URL-safe base64."
            raise ImproperlyConfigured(message)
        keys[name] = key
    if not keys:
        message = "VAULT_KEYS must hold at least one id:key pair."
        raise ImproperlyConfigured(message)
    return keys
