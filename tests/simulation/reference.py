"""The reference planner: what tonight's sync would change, by the rules, slowly.

Written from `docs/how-a-sync-decides.md` alone. It knows dicts and loops, and neither
the product nor a database; the tests compare the engine with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.simulation.reference_match import Match, listed, match, removals_possible, roster
from tests.simulation.reference_wants import Want, Wanted, synced, wanted
from tests.simulation.world import OURS, Member, Refusal, Staged, User, World, key, login_form

NAMES = ("first_name", "last_name", "email")
Fields = dict[str, object]


@dataclass
class Row:
    """One planned change: of a user (None: somebody new, named by the external id) at a school."""

    user: int | None
    external_id: str
    school: int | None
    kind: str
    before: Fields
    after: Fields
    why: str = ""


@dataclass
class Somebody:
    """A user with tonight's records of theirs, or a newcomer with one record."""

    user: int | None
    records: list[Staged] = field(default_factory=list)
    wanted: Wanted = field(default_factory=Wanted)
    how: str = "link"

    @property
    def speaker(self) -> Staged | None:
        """The record that gives name and e-mail."""
        return next((record for record in self.records if record.speaks), None)


def plan(world: World) -> list[Row]:
    """Every row of tonight's plan, before anybody is asked about and before limits."""
    who = match(world)
    rows = [row for somebody in people(world, who) for row in _rows(world, somebody, who)]
    return [row for row in rows if not any(_refused(world, row, refusal) for refusal in world.refusals)]


def people(world: World, who: Match, *, deleted: bool = False) -> list[Somebody]:
    """Everybody a plan could speak of: users that are not deleted (unless told), then newcomers."""
    records = listed(world)
    found = []
    for number, user in world.users.items():
        theirs = [records[each] for each in records if who.user.get(each) == number]
        if deleted or not user.deleted:
            hows = {who.how[record.external_id] for record in theirs if record.speaks}
            how = "adopt" if "adopt" in hows else "relink" if "relink" in hows else "link"
            found.append(Somebody(number, theirs, wanted(world, theirs), how))
    for external_id, record in records.items():
        if external_id not in who.user and external_id not in who.blocked:
            found.append(Somebody(None, [record], wanted(world, [record]), "create"))
    return found


def pinned(world: World, user: int | None, school: int | None, field_name: str) -> bool:
    """Whether a pin that counts holds this field at this school (None: of the person)."""
    return any(
        pin.user == user and pin.school in (None, school) and pin.field in (field_name, "*") and not pin.expired
        for pin in world.pins
    )


def _rows(world: World, somebody: Somebody, who: Match) -> Iterator[Row]:
    """The rows of one person: each school's, the main one with what belongs to the person."""
    parts = {school: (kind, before, after, why) for school, kind, before, after, why in _memberships(world, somebody)}
    if somebody.wanted.at and (somebody.user is not None or parts):
        before, after = _person(world, somebody, who)
        kind, old, new, why = parts.get(somebody.wanted.main, ("update", {}, {}, ""))
        if somebody.how in ("create", "adopt") or "links" in after:
            kind = somebody.how
        if after or new:
            parts[somebody.wanted.main] = (kind, {**old, **before}, {**new, **after}, why)
    for school, (kind, before, after, why) in parts.items():
        yield Row(somebody.user, named(world, somebody), school, kind, before, after, why)


def named(world: World, somebody: Somebody) -> str:
    """The external id that stands for a person: the speaker's, else the smallest of tonight, else a link."""
    if somebody.records:
        return (somebody.speaker or somebody.records[0]).external_id
    links = [link for link in world.links if link.user == somebody.user and roster(link)]
    return min((link.external_id for link in links), key=key, default="")


# Memberships


def _memberships(world: World, somebody: Somebody) -> Iterator[tuple[int | None, str, Fields, Fields, str]]:
    """What changes school by school."""
    members = world.users[somebody.user].members if somebody.user is not None else {}
    for school, want in somebody.wanted.at.items():
        if not want.conflict:
            change = _wanted(world, somebody, school, want, members.get(school))
            if change:
                yield (school, *change)
    for school, member in members.items():
        if school not in somebody.wanted.at and _leaves(world, somebody, school, member):
            yield school, "suspend", {"status": "active"}, {"status": "suspended"}, _why(somebody)


def _wanted(
    world: World, somebody: Somebody, school: int | None, want: Want, member: Member | None
) -> tuple[str, Fields, Fields, str] | None:
    protected = pinned(world, somebody.user, None, "*")
    if member is None:
        if protected:
            return None
        return "join", {}, {"roles": _text(want.roles), "status": "active", **_said(want)}, ""
    taken = somebody.how == "adopt" and member.source is None and not protected
    if member.status == "deleted" or not (member.source == OURS or taken):
        return None
    before, after = _compared(world, somebody.user, school, want, member)
    if taken:
        before, after = {**before, "source": None}, {**after, "source": OURS}
    kind = "reactivate" if "status" in after else "roles" if "roles" in after else "update"
    return (kind, before, after, "") if after else None


def _compared(world: World, user: int | None, school: int | None, want: Want, member: Member) -> tuple[Fields, Fields]:
    """What differs between a membership and what is wanted of it, pins left out."""
    new = {"roles": _text(want.roles), **_said(want)}
    old = {"roles": _text(member.roles), "grade": member.grade, "number": member.number}
    if (member.status, member.suspended_by) == ("suspended", "sync"):
        old["status"], new["status"] = "suspended", "active"
    changed = [name for name in new if new[name] != old[name] and not pinned(world, user, school, name)]
    return {name: old[name] for name in changed}, {name: new[name] for name in changed}


def _leaves(world: World, somebody: Somebody, school: int | None, member: Member) -> bool:
    return (
        (member.source, member.status) == (OURS, "active")
        and removals_possible(world)
        and (school is None or school in synced(world))
        and not pinned(world, somebody.user, school, "status")
        and not any(record.problem for record in somebody.records)
        # Somebody the source has no id for is not missing from its listing.
        and named(world, somebody) != ""
    )


def _why(somebody: Somebody) -> str:
    if not somebody.records:
        return "absent"
    if not any(record.active for record in somebody.records):
        return "inactive"
    return "left_school" if somebody.wanted.at else "out_of_scope"


def _text(roles: set[str] | frozenset[str]) -> str:
    return " ".join(sorted(roles))


def _said(want: Want) -> dict[str, str]:
    return {name: value for name, value in (("grade", want.grade), ("number", want.number)) if value}


# The person


def _person(world: World, somebody: Somebody, who: Match) -> tuple[Fields, Fields]:
    """Names, e-mail, sign-in e-mail, profile source and links: before and after."""
    user = world.users[somebody.user] if somebody.user is not None else User()
    new: Fields = {}
    if ours(world, somebody):
        new = {**source_says(world, somebody), "login_email": next_login(world, somebody)}
        if not pinned(world, somebody.user, None, "*"):
            new["profile_source"] = OURS
    changed = [name for name in new if new[name] != getattr(user, name)]
    before: Fields = {name: getattr(user, name) for name in changed if somebody.user is not None}
    return before, {**{name: new[name] for name in changed}, **_links(world, somebody, who)}


def ours(world: World, somebody: Somebody) -> bool:
    """Whether this person's name and e-mail are ours to set, after tonight."""
    if somebody.user is None:
        return True
    source = world.users[somebody.user].profile_source
    return source == OURS or (source is None and somebody.how == "adopt")


def source_says(world: World, somebody: Somebody) -> dict[str, str]:
    """The names and e-mail the source gives and no pin holds."""
    said = {name: getattr(somebody.speaker, name) for name in NAMES}
    return {name: value for name, value in said.items() if value and not pinned(world, somebody.user, None, name)}


def wanted_login(world: World, somebody: Somebody) -> str | None:
    """The sign-in e-mail the source would have for somebody; what they have where it has no say."""
    user = world.users[somebody.user] if somebody.user is not None else User()
    if not ours(world, somebody) or pinned(world, somebody.user, None, "email"):
        return user.login_email
    return login_form(source_says(world, somebody).get("email", user.email))


def next_login(world: World, somebody: Somebody) -> str | None:
    """The sign-in e-mail after tonight."""
    user = world.users[somebody.user] if somebody.user is not None else User()
    login = wanted_login(world, somebody)
    if login is None or login == user.login_email:
        return login
    return login if _granted(world, somebody, login) else None


def _granted(world: World, somebody: Somebody, login: str) -> bool:
    """Whether nobody else has this e-mail and nobody else of tonight claims it."""
    for number, other in world.users.items():
        if number != somebody.user and not other.deleted and other.login_email == login:
            return False
    own = [record.external_id for record in somebody.records]
    return not any(
        login_form(record.email) == login and not record.problem and record.external_id not in own
        for record in listed(world).values()
    )


def _links(world: World, somebody: Somebody, who: Match) -> Fields:
    """The roster links to make, and the older ids the source vouches for."""
    linked = {link.external_id for link in world.links if link.connection == OURS}
    speaking = [record for record in somebody.records if record.speaks]
    links = [record.external_id for record in speaking if record.external_id not in linked]
    older = {each for record in speaking for each in record.legacy_ids if _heir(world, who, each) in somebody.records}
    legacy = sorted(older - linked - set(listed(world)), key=key)
    return {**({"links": links} if links else {}), **({"legacy": legacy} if legacy else {})}


def _heir(world: World, who: Match, legacy_id: str) -> Staged | None:
    """Whose an older id is when several records name it: the smallest of those that count."""
    named = (record for record in listed(world).values() if legacy_id in record.legacy_ids)
    return next((record for record in named if record.speaks and record.external_id not in who.blocked), None)


def _refused(world: World, row: Row, refusal: Refusal) -> bool:
    """Whether a person said no to this; somebody new who is refused at one school is not made at all."""
    same_place = row.user is None or refusal.school == row.school
    stands = refusal.same_settings and not refusal.lifted and refusal.record == listed(world).get(row.external_id)
    return refusal.external_id == row.external_id and same_place and stands
