"""Keys to the API: made, shown once, revoked, and known again by their digest.

A key reaches as far as the person who made it does at the moment it is used, and is
worth nothing while they are not an Admin.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils.timezone import now

from accounts import audit, signing_in
from accounts.access import reach_of
from accounts.models import ApiToken
from accounts.people import NotPossible

if TYPE_CHECKING:
    from accounts.models import User

PREFIX = "sp_"
#: 30 random bytes are 40 characters that need no escaping in an address.
RANDOM_BYTES = 30
LENGTH = len(PREFIX) + 40
#: How much of a key its list shows.
HINT = 8
#: No more keys than this at once: each of them is a door somebody must remember.
MOST = 20
#: When a key was used is kept to the minute; a busy program would write it with every request.
KEPT_TO = timedelta(minutes=1)


class NewToken(NamedTuple):
    """A key just made, with its text: show it once, keep it nowhere."""

    token: ApiToken
    shown: str


class Caller(NamedTuple):
    """Whose key was shown, and which."""

    user: User
    token_id: int


@transaction.atomic
def make(by: User, name: str) -> NewToken:
    """Make a key for this person. Raises NotPossible if they have one of that name, or MOST of them."""
    assert by.district_id is not None, "keys are for people of a district"
    name = name.strip()
    if ApiToken.objects.filter(user=by, revoked_at=None).count() >= MOST:
        raise NotPossible(f"You have {MOST} keys. Revoke one that nothing uses any more.")
    shown = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    token = ApiToken(district_id=by.district_id, user=by, name=name, digest=digest(shown), hint=shown[:HINT])
    try:
        with transaction.atomic():
            token.save(force_insert=True)
    except IntegrityError:
        raise NotPossible("You have a key with this name. Choose another name.") from None
    audit.record(by, "api_key.make", token, district=token.district_id, after={"name": name, "hint": token.hint})
    return NewToken(token, shown)


@transaction.atomic
def revoke(by: User, token: ApiToken) -> bool:
    """End a key, from its next use on; False if it was ended already."""
    if not ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now()):
        return False
    before = {"name": token.name, "hint": token.hint, "of": token.user_id}
    audit.record(by, "api_key.revoke", token, district=token.district_id, before=before)
    return True


def caller(shown: str) -> Caller | None:
    """Whose key this is, with their door open in this transaction; None unless it opens one now.

    Costs the same whether a key never existed, was revoked, or belongs to somebody who is
    no longer an Admin.
    """
    if len(shown) != LENGTH:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT token_id, user_id FROM smartpass_api_token(%s)", [digest(shown)])
        found = cursor.fetchone()
    if found is None:
        return None
    token_id, user_id = found
    user = signing_in.load(user_id)
    if user is None or not reach_of(user).administers:
        return None
    _used(token_id)
    return Caller(user, token_id)


def digest(shown: str) -> str:
    """What is kept of a key."""
    return sha256(shown.encode()).hexdigest()


def _used(token_id: int) -> None:
    """Keep when the key was used. Nobody waits for another request that keeps the same."""
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now() - KEPT_TO)
    free = ApiToken.objects.select_for_update(skip_locked=True).filter(stale, pk=token_id)
    ApiToken.objects.filter(pk__in=free.values("pk")).update(last_used_at=now())
