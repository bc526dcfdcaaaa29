"""A connection's own secrets at rest: sealed for one connection, with keys that can be changed.

What a source hands us for one district (a token, a key, a password) lies in the table only
in this form. The connection's id is sealed in, so that a row's secrets moved to another row
do not open there.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Mapping

#: AES-GCM: a nonce of this many bytes, never used twice with one key.
NONCE = 12


class CannotOpen(Exception):
    """What was sealed does not open: the key is missing, or it was sealed for something else."""


def seal(secrets: Mapping[str, str], owner: str) -> str:
    """The secrets as text for a table: key id, nonce and cipher. No secrets give ""."""
    if not secrets:
        return ""
    name, key = next(iter(settings.VAULT_KEYS.items()))
    nonce = os.urandom(NONCE)
    sealed = AESGCM(key).encrypt(nonce, json.dumps(dict(secrets)).encode(), owner.encode())
    return f"{name}:{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def unseal(text: str, owner: str) -> dict[str, str]:
    """What `seal` was given for this owner. Raises `CannotOpen`, in words that hold nothing of it."""
    if not text:
        return {}
    name, _, sealed = text.partition(":")
    key = settings.VAULT_KEYS.get(name)
    if key is None:
        raise CannotOpen(f"The vault has no key {name!r}.")
    try:
        raw = base64.urlsafe_b64decode(sealed)
        opened: dict[str, str] = json.loads(AESGCM(key).decrypt(raw[:NONCE], raw[NONCE:], owner.encode()))
    except (InvalidTag, ValueError, binascii.Error):
        raise CannotOpen("What lies in the vault does not open.") from None
    return opened
