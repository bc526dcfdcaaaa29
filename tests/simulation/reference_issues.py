"""What needs an eye: section 6 of the rules, with loops."""

from __future__ import annotations

from collections.abc import Iterator

from tests.simulation.reference import Somebody, people, wanted_login
from tests.simulation.reference_match import Match, listed, match
from tests.simulation.reference_wants import mapped, school_of
from tests.simulation.world import DISTRICT_ADMIN, Staged, User, World, login_form

#: (external id, school, code)
Found = tuple[str, int | None, str]


def issues(world: World) -> set[Found]:
    """Every issue of tonight's records, before questions and holds."""
    who = match(world)
    found = {issue for record in _visible(world, who) for issue in _of_record(world, who, record)}
    for somebody in people(world, who):
        found |= set(_of_person(world, who, somebody))
    return found


def _visible(world: World, who: Match) -> Iterator[Staged]:
    """The records somebody should hear about: those with an id, and not of deleted people."""
    for external_id, record in listed(world).items():
        user = who.user.get(external_id)
        if user is None or not world.users[user].deleted:
            yield record


def _of_record(world: World, who: Match, record: Staged) -> Iterator[Found]:
    """What is wrong with one record by itself."""
    name = record.external_id
    if record.problem:
        yield name, None, "E-UNREADABLE"
    if name in who.blocked:
        yield name, None, who.blocked[name]
    if not record.speaks:
        return
    words = [mapped(world, entry.word) for entry in record.roles]
    if any(roles is None for roles in words):
        yield name, None, "E-ROLE-UNKNOWN"
    if not record.roles:
        yield name, None, "E-NO-ROLE"
    if any(words) and not any(_in_scope(world, record)):
        yield name, None, "E-SCHOOL-NOT-LINKED"


def _in_scope(world: World, record: Staged) -> Iterator[bool]:
    for entry in record.roles:
        roles = mapped(world, entry.word)
        if roles:
            yield DISTRICT_ADMIN in roles or school_of(world, entry.place) is not None


def _of_person(world: World, who: Match, somebody: Somebody) -> Iterator[Found]:
    """What is wrong with what one person is wanted for, and with their e-mail."""
    speaker = somebody.speaker
    if speaker is None or not somebody.wanted.at:
        return
    name = speaker.external_id
    for school, want in somebody.wanted.at.items():
        if want.conflict:
            yield name, school, "E-ROLE-CONFLICT"
    user = world.users[somebody.user] if somebody.user is not None else User()
    if not speaker.email and not user.email:
        yield name, None, "E-NO-EMAIL"
    if speaker.email and login_form(speaker.email) is None:
        yield name, None, "E-BAD-EMAIL"
    others = [other for other in people(world, who, deleted=True) if other.wanted.at and other.speaker != speaker]
    if any(_same_login(speaker, other) for other in others):
        yield name, None, "E-DUP-IN-SOURCE"
    holder = _holder(world, who, somebody)
    if holder is not None:
        theirs = {school for school, member in holder.members.items() if member.status != "deleted"}
        shared = theirs & set(somebody.wanted.at)
        yield name, None, "E-EMAIL-IN-USE-HERE" if shared else "E-EMAIL-IN-USE-ELSEWHERE"


def _same_login(speaker: Staged, other: Somebody) -> bool:
    login = login_form(speaker.email)
    return login is not None and other.speaker is not None and login_form(other.speaker.email) == login


def _holder(world: World, who: Match, somebody: Somebody) -> User | None:
    """Somebody who is not in tonight's listing and has the sign-in e-mail this person should get."""
    user = world.users[somebody.user] if somebody.user is not None else User()
    login = wanted_login(world, somebody)
    if login is None or login == user.login_email:
        return None
    others = [other for number, other in world.users.items() if number not in {somebody.user, *who.user.values()}]
    return next((other for other in others if other.login_email == login and not other.deleted), None)
