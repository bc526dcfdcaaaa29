"""A school's Admin lets us into a source themselves: to its pages and back, and what is kept of it.

The state of each trip lies in the server-side session: it is worth one return, for a quarter
of an hour, to the person and the school it was made for. Everything a return brings is saved
in one transaction or not at all. What is refused is refused in words (NotPossible).
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from functools import partial
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection as database, transaction
from django.utils.timezone import now

from accounts import audit, tenancy
from accounts.access import school_for
from accounts.people import NotPossible
from integrations import linking, registry
from integrations.access import may_steer
from integrations.models import Connection, ConnectionState, SchoolLink
from integrations.provider import Refused, SourceError
from integrations.records import Place

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from accounts.models import School, User
    from integrations.consent import Consent, Given

logger = logging.getLogger(__name__)

#: Where trips wait in the session, how many at a time (tabs), and for how many seconds.
PENDING, TABS, SECONDS = "connecting", 5, 900
REFRESH_TOKEN = "refresh_token"  # noqa: S105  a name
A_CODE = re.compile(r"[a-z_]{1,40}")

CLOSED = "You closed Google's permission page. Nothing was linked."
USED = "That sign-in link was already used or is too old. Nothing was linked. Start again from Integrations."
NOT_YOURS = "This answer of {label} belongs to somebody else's sign-in. Nothing was linked. Start again."
NOT_LASTING = "{label} gave SmartPass no lasting access. Nothing was linked. Try again, and allow everything it asks."
ELSEWHERE = "This {label} organization already belongs to another SmartPass district. Nothing was linked. Message us."
OTHER_TENANT = (
    "{school} is linked to {linked}. You signed in at {domain}, which is another {label} organization."
    " Nothing was changed. Use an account of {linked}."
)
OTHERS_TOO = "This {label} link serves other schools too. A District admin has to change its account."
ITS_OWN = "That account is linked for other schools of this district. Disconnect {label} at this school first."


def back_to(kind: str) -> str:
    """Where a source sends people back to: registered there byte for byte, so never taken from a request."""
    return f"{settings.PUBLIC_URL}/accounts/integrations/{kind}/callback/"


def start(session: MutableMapping[str, Any], by: User, school: School, kind: str, *, groups: bool = False) -> str:
    """The address of the source's permission page, for this person and this school.

    Groups are asked for where they are wanted, or were granted to the district before. Raises
    NotPossible where the school takes its people from another source.
    """
    consent = registry.consent(kind)
    _must_be_free(school, kind)
    groups = groups or _had_groups(consent, school, kind)
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    trip = {"verifier": verifier, "kind": kind, "user": by.pk, "school": school.pk, "groups": groups, "at": _seconds()}
    waiting = _waiting(session)
    kept = sorted(waiting, key=lambda each: int(waiting[each]["at"]))[-(TABS - 1) :]
    session[PENDING] = {**{each: waiting[each] for each in kept}, state: trip}
    return consent.address(back_to(kind), state, verifier, list(_asked(consent, groups=groups)))


def finish(session: MutableMapping[str, Any], by: User, kind: str, told: Mapping[str, str]) -> Connection:
    """Read what somebody came back with, and link their school; the connection that serves it.

    Raises NotPossible in words where nothing was linked, whatever the reason.
    """
    trip = _take(session, by, kind, told.get("state", ""))
    school = school_for(by, trip["school"])
    consent = registry.consent(kind)
    if "code" not in told or "error" in told:
        raise NotPossible(_sorry(consent, told.get("error", "")))
    try:
        given = consent.exchange(told["code"], back_to(kind), trip["verifier"])
        _must_be_a_schools(given)
        _must_cover(given, _asked(consent, groups=trip["groups"]))
        tenant = consent.tenant(given)
    except SourceError as problem:
        raise NotPossible(f"{problem} Nothing was linked. ({problem.code})") from None
    return _save(by, school, kind, given, tenant)


def let_go(connection: Connection) -> None:
    """Of a connection that is given up, keep no token; end its permission unless another one lives by it.

    Part of the transaction that gives it up; the source is told once that is certain.
    """
    if registry.PROVIDERS[connection.kind].consent is None:
        return
    try:
        held = registry.secrets_of(connection)
    except Refused:
        return
    token = held.pop(REFRESH_TOKEN, "")
    if not token:
        return
    registry.seal(connection, held)
    connection.save(update_fields=["secrets"])
    # The account may have let other districts in too. Only whether it did is looked at.
    with tenancy.support():
        others = Connection.objects.filter(kind=connection.kind, account=connection.account)
        used = others.exclude(pk=connection.pk).exclude(state=ConnectionState.DISCONNECTED).exists()
    if not used:
        transaction.on_commit(partial(_revoke, connection.kind, token))


def _revoke(kind: str, token: str) -> None:
    try:
        registry.consent(kind).revoke(token)
    except SourceError as problem:
        logger.warning("a permission at %s was not ended: %s", kind, problem.code)


def _take(session: MutableMapping[str, Any], by: User, kind: str, state: str) -> dict[str, Any]:
    """The trip that this state was made for, which is over with that."""
    waiting = _waiting(session)
    trip: dict[str, Any] | None = waiting.pop(state, None)
    session[PENDING] = waiting
    # Of two returns at the same moment, which read the same session, one is the first.
    key = f"connecting:{hashlib.sha256(state.encode()).hexdigest()}"
    if trip is None or _seconds() - trip["at"] > SECONDS or not cache.add(key, 1, 2 * SECONDS):
        raise NotPossible(USED)
    if (trip["user"], trip["kind"]) != (by.pk, kind):
        raise NotPossible(NOT_YOURS.format(label=registry.label(kind)))
    return trip


def _waiting(session: MutableMapping[str, Any]) -> dict[str, dict[str, Any]]:
    return dict(session.get(PENDING) or {})


def _seconds() -> int:
    return int(now().timestamp())


def _asked(consent: Consent, *, groups: bool) -> dict[str, str]:
    return {**consent.needed, **(consent.for_groups if groups else {})}


def _had_groups(consent: Consent, school: School, kind: str) -> bool:
    """Whether groups were granted in this district: a new permission without them would end what lives by them."""
    standing = Connection.objects.filter(district=school.district_id, kind=kind)
    granted = standing.exclude(state=ConnectionState.DISCONNECTED).values_list("settings__granted", flat=True)
    return any(consent.for_groups.keys() & set((each or "").split()) for each in granted)


def _sorry(consent: Consent, error: str) -> str:
    """What an error means that the source came back with: its cause, the way out, and the code for us."""
    if error == "access_denied":
        return CLOSED
    known = consent.errors.get(error)
    code = error if A_CODE.fullmatch(error) else "no code"
    if known:
        return f"{known.cause} {known.fix} Nothing was linked. ({code})"
    return f"Google came back with an error. Nothing was linked. Try again, or message us with the code. ({code})"


def _must_be_a_schools(given: Given) -> None:
    if not given.domain:
        at = given.email.rpartition("@")[2]
        raise NotPossible(f"You signed in at {at}. Use your school's Google account.")


def _must_cover(given: Given, asked: Mapping[str, str]) -> None:
    missing = [words for scope, words in asked.items() if scope not in given.granted]
    if missing:
        boxes = ", ".join(f"“{each}”" for each in missing)
        raise NotPossible(f"These boxes were not ticked: {boxes}. Nothing was linked. Try again, and tick every box.")


def _must_be_free(school: School, kind: str) -> SchoolLink | None:
    """The link that the school has at this kind of source, if any."""
    standing = SchoolLink.objects.filter(school=school, active=True).select_related("connection")
    link = standing.exclude(connection__state=ConnectionState.DISCONNECTED).first()
    if link and link.connection.kind != kind:
        label = registry.label(link.connection.kind)
        raise NotPossible(f"{school.name} already takes its people from {label}. Disconnect that first.")
    return link


@transaction.atomic
def _save(by: User, school: School, kind: str, given: Given, tenant: str) -> Connection:
    _must_be_this_districts(school, kind, tenant)
    link = _must_be_free(school, kind)
    if link:
        _must_be_the_same(link, school, given, tenant)
        connection = link.connection
    else:
        found = _former(school, kind, given, tenant)
        if found and found.state == ConnectionState.DISCONNECTED and not may_steer(by, found):
            raise NotPossible(OTHERS_TOO.format(label=registry.label(kind)))
        account = found.account if found else given.account
        connection = linking.link_district(by, school.district, kind, tenant, given.domain, account=account)
    _keep(by, connection, given)
    linking.link_school(by, connection, Place(f"school:{school.pk}", school.name), school)
    return connection


def _former(school: School, kind: str, given: Given, tenant: str) -> Connection | None:
    """The account's own connection, or the one that this school gave up: whoever was known by it still is."""
    ties = Connection.objects.filter(district=school.district_id, kind=kind, tenant=tenant).order_by("-pk")
    given_up = ties.filter(state=ConnectionState.DISCONNECTED, school_links__school=school)
    return ties.filter(account=given.account).first() or given_up.first()


def _must_be_this_districts(school: School, kind: str, tenant: str) -> None:
    """One organization is one district's. Only whether another one has it is looked at, behind the wall."""
    with database.cursor() as cursor:
        # Two districts that link the same organization in the same moment come one after the other.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"connecting:{kind}:{tenant}"])
    with tenancy.support():
        taken = Connection.objects.filter(kind=kind, tenant=tenant).exclude(state=ConnectionState.DISCONNECTED)
        if taken.exclude(district=school.district_id).exists():
            raise NotPossible(ELSEWHERE.format(label=registry.label(kind)))


def _must_be_the_same(link: SchoolLink, school: School, given: Given, tenant: str) -> None:
    if link.connection.tenant != tenant:
        said = {"school": school.name, "linked": link.connection.tenant_name, "domain": given.domain}
        raise NotPossible(OTHER_TENANT.format(label=registry.label(link.connection.kind), **said))


def _keep(by: User, connection: Connection, given: Given) -> None:
    """Put the account and its token on the connection. A token is never replaced by none."""
    held = Connection.objects.select_for_update().get(pk=connection.pk)
    label = registry.label(held.kind)
    another = held.account != given.account
    if another:
        _must_be_free_to_change(by, held, given)
    had = _secrets_of(held)
    if another:
        had.pop(REFRESH_TOKEN, None)
    if not given.refresh_token and not had.get(REFRESH_TOKEN):
        raise NotPossible(NOT_LASTING.format(label=label))
    before = {"account": held.settings.get("account", ""), "granted": held.settings.get("granted", "")}
    after = {"account": given.email, "granted": " ".join(sorted(given.granted))}
    held.account, held.settings = given.account, {**held.settings, **after}
    registry.seal(held, {**had, **({REFRESH_TOKEN: given.refresh_token} if given.refresh_token else {})})
    held.save(update_fields=["account", "settings", "secrets"])
    if another:
        linking.plan_anew(held)
    linking.ask_places_again(held)
    audit.record(by, "connection.consent", held, district=held.district_id, before=before, after=after)
    connection.account, connection.settings, connection.secrets = held.account, held.settings, held.secrets


def _must_be_free_to_change(by: User, held: Connection, given: Given) -> None:
    """Another account of the same organization takes over, and everybody stays who they are."""
    label = registry.label(held.kind)
    if not may_steer(by, held):
        raise NotPossible(OTHERS_TOO.format(label=label))
    same = Connection.objects.filter(
        district=held.district_id, kind=held.kind, tenant=held.tenant, account=given.account
    )
    if same.exists():
        raise NotPossible(ITS_OWN.format(label=label))


def _secrets_of(held: Connection) -> dict[str, str]:
    """What the vault opens; a new permission heals one that it does not open."""
    try:
        return registry.secrets_of(held)
    except Refused:
        return {}
