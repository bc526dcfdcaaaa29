"""The steps by which an explanation is told: where we looked, and what is as it should be.

Built from what the reader may see and from nothing else (see `narrowing`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from accounts.models import Status
from accounts.templatetags.smartpass import spaced
from integrations import linking, registry
from integrations.models import ConnectionState, Link
from rostering.models import Change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from accounts.models import Membership, School
    from rostering.models import Record
    from rostering.narrowing import Seen

EMAIL_CODES = ("E-NO-EMAIL", "E-BAD-EMAIL", "E-DUP-IN-SOURCE", "E-EMAIL-IN-USE-HERE", "E-EMAIL-IN-USE-ELSEWHERE")
#: A connection in one of these states brings nobody in.
STANDS = {
    ConnectionState.PAUSED: ("Paused", "E-SOURCE-PAUSED"),
    ConnectionState.DISCONNECTED: ("Disconnected", "E-DISCONNECTED"),
    ConnectionState.NEEDS_ATTENTION: ("Needs attention", "E-GRANT-REVOKED"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at, the word for what was found, and the reason code if it is not right.

    `tone` is good, bad (this is why), warn (it matters) or empty (neither). `words` are
    put into the reason's text; `waits` is the change that waits in a hold.
    """

    title: str
    word: str
    tone: str = ""
    code: str = ""
    words: dict[str, str] = field(default_factory=dict)
    waits: Change | None = None


def steps(seen: Seen) -> list[Step]:
    """What was looked at, in the order in which somebody comes into SmartPass."""
    source = registry.label(seen.told.connection.kind)
    if seen.deleted:
        known = seen.told.records[0].external_id if seen.told.records else ""
        return [
            _yes(f"Found in {source}") if seen.told.records else Step(f"Found in {source}", "No"),
            Step("Account", "Deleted", "bad", "E-DELETED", {"value": known}),
        ]
    if is_by_hand(seen):
        return [Step("Where the account comes from", "By hand", "", "E-BY-HAND"), *_accounts(seen), *_protection(seen)]
    return [
        _connected(seen, source),
        _first_sync(seen),
        *_in_a_row(seen, source),
        *_asked(seen, source),
        *_matched(seen, source),
        *_refused(seen),
        *_held(seen),
        *_protection(seen),
        *_accounts(seen),
    ]


def headline(found: list[Step]) -> Step:
    """The first thing that is wrong, or else the first that matters, or that all is well."""
    for tone in ("bad", "warn"):
        first = next((step for step in found if step.tone == tone and step.code), None)
        if first:
            return first
    return next((step for step in found if step.code), Step("", "", "good"))


def is_by_hand(seen: Seen) -> bool:
    """Whether this is an account that no sync has to do with, tonight included."""
    known = seen.told.links or seen.told.records or seen.told.tonight
    return seen.told.user is not None and not known and all(each.source_id is None for each in seen.memberships)


def _yes(title: str) -> Step:
    return Step(title, "Yes", "good")


def _connected(seen: Seen, source: str) -> Step:
    connection, title = seen.told.connection, f"{source} is connected"
    if connection.stopped:
        return Step(title, "Stopped", "bad", "E-STOPPED")
    state = ConnectionState(connection.state)
    if state == ConnectionState.SETTING_UP and seen.told.last is None:
        return Step(title, "Setting up", "bad", "E-SETTING-UP")
    if state in STANDS:
        word, code = STANDS[state]
        return Step(title, word, "bad", code)
    return _yes(title)


def _first_sync(seen: Seen) -> Step:
    title = "First sync finished"
    return _yes(title) if seen.told.last else Step(title, "No", "bad", "E-FIRST-SYNC-PENDING")


def _in_a_row(seen: Seen, source: str) -> Iterator[Step]:
    """Steps of which each makes sense only if the one before was right."""
    looks: list[Callable[[Seen, str], Step]] = [_shared, _readable, _active, _role, _school, _email]
    failed = False
    for look in looks:
        step = look(seen, source)
        yield Step(step.title, "Not checked") if failed else step
        failed = failed or step.tone == "bad"


def _shared(seen: Seen, source: str) -> Step:
    title = f"Found in {source}"
    if seen.told.records:
        return _yes(title)
    return Step(title, "No", "bad", "E-NOT-SHARED" if seen.wide else "E-NOT-SHARED-HERE")


def _readable(seen: Seen, source: str) -> Step:
    del source
    problem = next((record.problem for record in seen.told.records if record.problem), "")
    title = "Its record can be read"
    return Step(title, "No", "bad", "E-UNREADABLE", {"problem": problem}) if problem else _yes(title)


def _active(seen: Seen, source: str) -> Step:
    title = f"Active in {source}"
    if any(record.active for record in seen.told.records):
        return _yes(title)
    return Step(title, "Switched off", "bad", "E-SUSPENDED-IN-SOURCE")


def _role(seen: Seen, source: str) -> Step:
    title = f"Has a role in {source} that is synced"
    given = [role for record in _speaking(seen) for role in record.roles]
    if not given:
        return Step(title, "No", "bad", "E-NO-ROLE")
    if any(row["code"] == "E-ROLE-CONFLICT" for row in seen.told.wrong):
        return Step(title, "Two that exclude each other", "bad", "E-ROLE-CONFLICT")
    if any(seen.told.words.get(role[1]) for role in given):
        return _yes(title)
    word = given[0][1]
    code = "E-ROLE-NOBODY" if word in seen.told.words else "E-ROLE-UNKNOWN"
    return Step(title, "No", "bad", code, {"role": spaced(word)})


def _school(seen: Seen, source: str) -> Step:
    title = "At a school that is synced"
    given = [role for record in _speaking(seen) for role in record.roles]
    at = [seen.places[role[0]] for role in given if role[0] in seen.places]
    if any(school.purchased for school in at) or any(_at_the_district(seen, role) for role in given):
        return _yes(title)
    if at:
        return Step(title, "Not bought", "bad", "E-SCHOOL-NOT-BOUGHT", {"school": _named(at)})
    names = linking.place_names(seen.told.connection)
    places = sorted({names.get(role[0], "") for role in given if role[0]} - {""})
    there = ", ".join(places) or f"The school {source} lists them at"
    return Step(title, "Not linked", "bad", "E-SCHOOL-NOT-LINKED", {"school": there})


def _email(seen: Seen, source: str) -> Step:
    title = "Has an email to sign in by"
    found = next((row for row in seen.told.wrong if row["code"] in EMAIL_CODES), None)
    if found is None:
        return _yes(title)
    about = found["after"]
    code, who = found["code"], seen.names.get(about.get("user", 0), "")
    if code in {"E-EMAIL-IN-USE-HERE", "E-EMAIL-IN-USE-ELSEWHERE"}:
        # Whose it is, is said to those who may know them.
        code = "E-EMAIL-IN-USE-HERE" if who else "E-EMAIL-IN-USE-ELSEWHERE"
    value = str(about.get("value") or about.get("email") or "")
    return Step(title, f"Not in {source}" if code == "E-NO-EMAIL" else "No", "warn", code, {"value": value, "who": who})


def _asked(seen: Seen, source: str) -> Iterator[Step]:
    """What the last night found about somebody its list did not name."""
    answers = {"E-STILL-THERE": "Still there", "E-NOT-CONFIRMED": "No answer"}
    for issue in seen.told.issues:
        if issue.code not in answers or seen.told.records:
            continue
        if registry.can_be_asked(seen.told.connection.kind):
            yield Step(f"{source} was asked about them", answers[issue.code], "warn", issue.code)
        else:
            yield Step(f"{source} was asked about them", "It can't be asked", "warn", "E-MISSED")


def _matched(seen: Seen, source: str) -> Iterator[Step]:
    if not seen.told.records:
        return
    title = "Who that is in SmartPass"
    unsure = next((row["code"] for row in seen.told.wrong if row["code"] in {"E-SAME-PERSON", "E-ID-CHANGED"}), "")
    kinds = {row["code"] for row in seen.told.tonight}
    if unsure:
        yield Step(title, "Not sure", "bad" if unsure == "E-SAME-PERSON" else "warn", unsure)
    elif any(link.kind == Link.Kind.ROSTER for link in seen.told.links):
        yield Step(title, f"This account, by the id {source} gave", "good")
    elif kinds & {Change.Kind.ADOPT, Change.Kind.RELINK}:
        yield Step(title, "This account, by email or an older id", "good")
    elif seen.told.user is None:
        yield Step(title, "Nobody yet")


def _refused(seen: Seen) -> Iterator[Step]:
    title = "Not rejected by a person"
    for refusal in seen.told.rejections[:1]:
        yield Step(title, "Rejected", "bad", "E-REJECTED", {"who": _who(seen, refusal.by_id)})
    if seen.refused_elsewhere and not seen.told.rejections:
        yield Step(title, "Rejected", "bad", "E-REJECTED-ELSEWHERE")


def _held(seen: Seen) -> Iterator[Step]:
    title = "Nothing waits for approval"
    if seen.told.waiting:
        yield Step(title, "Waiting", "bad", "E-HELD", waits=seen.told.waiting[0])
    else:
        yield _yes(title)


def _protection(seen: Seen) -> Iterator[Step]:
    for pin in seen.told.pins:
        if pin.field == "*":
            where = f" at {seen.schools[pin.school_id].name}" if pin.school_id else ""
            yield Step(
                f"Not protected from sync{where}", "Protected", "warn", "E-PROTECTED", {"who": _who(seen, pin.by_id)}
            )


def _accounts(seen: Seen) -> Iterator[Step]:
    if not seen.memberships:
        coming = any(row["school_id"] is not None or seen.wide for row in seen.told.tonight)
        code = ("E-NOT-HERE-YET" if not seen.wide else "E-NOT-YET") if coming else ""
        yield Step("Has an account", "Not yet" if coming else "No", "warn" if coming else "bad", code)
    for member in seen.memberships:
        yield _account(seen, member)


def _account(seen: Seen, member: Membership) -> Step:
    title = f"Account at {member.school.name}" if member.school else "Account at the district"
    tonight = {row["code"]: row for row in seen.told.tonight if row["school_id"] == member.school_id}
    word = str(Status(member.status).label)
    if member.status == Status.ACTIVE:
        leaves = Change.Kind.SUSPEND in tonight
        return Step(title, word, "warn", "E-LEAVES-TONIGHT") if leaves else Step(title, word, "good")
    if member.status == Status.DISABLED:
        return Step(title, word, "bad", "E-DISABLED")
    if member.suspended_by == "person":
        return Step(title, word, "bad", "E-SUSPENDED")
    back = any(row["after"].get("status") == Status.ACTIVE for row in tonight.values())
    return Step(title, word, "warn", "E-BACK-TONIGHT") if back else Step(title, word, "bad", "E-SUSPENDED-BY-SYNC")


def _speaking(seen: Seen) -> list[Record]:
    return [record for record in seen.told.records if record.active and not record.problem]


def _at_the_district(seen: Seen, role: list[str]) -> bool:
    return "district_admin" in seen.told.words.get(role[1], [])


def _who(seen: Seen, person: int | None) -> str:
    if person == seen.reader.pk:
        return "You"
    return seen.names.get(person or 0, "") or "Another person"


def _named(schools: list[School]) -> str:
    return ", ".join(sorted({school.name for school in schools}))
