"""Who is who: section 1 of the rules, with loops."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.simulation.reference_wants import family, wanted
from tests.simulation.world import ADMINS, OURS, Link, Staged, User, World, key, login_form

#: How strong a tie is: a person's answer beats legacy ids, these beat e-mail.
ANSWER, LEGACY, EMAIL = 2, 3, 4


@dataclass
class Claim:
    """A record that would be tied to a user; `how` is relink, adopt or an issue's code."""

    rule: int
    external_id: str
    user: int
    how: str


@dataclass
class Match:
    """Whose each record is, how they came together, and who stays unplanned.

    `user` holds tied records, `how` is "link", "relink" or "adopt" for each of them;
    `blocked` gives the issue of a record for which nothing is planned.
    """

    user: dict[str, int] = field(default_factory=dict)
    how: dict[str, str] = field(default_factory=dict)
    blocked: dict[str, str] = field(default_factory=dict)


def listed(world: World) -> dict[str, Staged]:
    """Tonight's records that have an id and are of nobody who was deleted, by id, in byte order."""
    deleted = {link.external_id for link in world.links if link.connection == OURS and world.users[link.user].deleted}
    named = [person for person in world.listing if person.external_id and person.external_id not in deleted]
    return {person.external_id: person for person in sorted(named, key=lambda each: key(each.external_id))}


def removals_possible(world: World) -> bool:
    """Whether anybody can be removed tonight: section 4."""
    active = {link.external_id for link in world.places if link.active and world.schools[link.school]}
    proven = world.proof.announced_right and world.proof.closed and active <= set(world.proof.places)
    return proven and all(person.external_id for person in world.listing)


def match(world: World) -> Match:
    """Tie tonight's records to users."""
    found = Match()
    claims: list[Claim] = []
    linked = {link.external_id: link.user for link in world.links if link.connection == OURS}
    for external_id, person in listed(world).items():
        if external_id in linked:
            found.user[external_id], found.how[external_id] = linked[external_id], "link"
        elif not person.problem:
            claims += _claims(world, person, linked)
    _settle(claims, found)
    return found


def _settle(claims: list[Claim], found: Match) -> None:
    """Of several records that claim one user, the strongest rule and the smallest id wins."""
    taken: set[int] = set()
    for claim in sorted(claims, key=lambda each: (each.rule, key(each.external_id))):
        if claim.user in taken:
            continue
        taken.add(claim.user)
        if claim.how.startswith("E-"):
            found.blocked[claim.external_id] = claim.how
        else:
            found.user[claim.external_id], found.how[claim.external_id] = claim.user, claim.how


def _claims(world: World, person: Staged, linked: dict[str, int]) -> list[Claim]:
    """The one user this record would be tied to by rules 2 to 4 (or waits for), if any."""
    for answer in world.answers:
        if answer.external_id == person.external_id and answer.same:
            return [Claim(ANSWER, person.external_id, answer.user, "adopt")]
    for older in person.legacy_ids:
        if older in linked and not _named(world, linked[older]):
            return [Claim(LEGACY, person.external_id, linked[older], "relink")]
    user = _only_user(world, person)
    how = "" if user is None else _by_email(world, person, user)
    return [Claim(EMAIL, person.external_id, user, how)] if user is not None and how else []


def _by_email(world: World, person: Staged, user: int) -> str:
    """What an e-mail that two share comes to: adopt, relink, an issue, or "" for strangers."""
    ids = [link.external_id for link in world.links if roster(link) and link.user == user]
    linked = {link.external_id for link in world.links if link.connection == OURS and link.user == user}
    if _forbidden(world, person, user) or linked & set(listed(world)):
        return ""
    if ADMINS & set(roles_of(world.users[user])):
        return "E-SAME-PERSON"
    if not same_family(world, person, user):
        return ""
    if ids and not removals_possible(world):
        return "E-ID-CHANGED"
    return "relink" if ids else "adopt"


def _named(world: World, user: int) -> bool:
    """Whether tonight's listing names this user by a roster link of theirs."""
    return any(roster(link) and link.user == user and link.external_id in listed(world) for link in world.links)


def roster(link: Link) -> bool:
    """Whether this is a lasting id of tonight's source that can be absent from a listing."""
    return link.connection == OURS and link.kind == "roster"


def _forbidden(world: World, person: Staged, user: int) -> bool:
    """Whether somebody said that these two are not the same."""
    return any(
        answer.external_id == person.external_id and answer.user == user and not answer.same for answer in world.answers
    )


def _only_user(world: World, person: Staged) -> int | None:
    """The one undeleted user with this record's e-mail, if nobody else listed claims it."""
    email = login_form(person.email)
    if email is None or person.problem:
        return None
    if sum(login_form(other.email) == email and not other.problem for other in listed(world).values()) != 1:
        return None
    owners = [number for number, user in world.users.items() if not user.deleted and folded(user) == email]
    return owners[0] if len(owners) == 1 else None


def folded(user: User) -> str | None:
    """The folded e-mail of a user."""
    return user.login_email or login_form(user.email)


def roles_of(user: User) -> list[str]:
    """Every role of somebody, over the memberships that are not deleted."""
    return [role for member in user.members.values() if member.status != "deleted" for role in member.roles]


def same_family(world: World, person: Staged, user: int) -> bool:
    """Whether a record and a user are both students, or both staff."""
    theirs = wanted(world, [person]).family
    return theirs is not None and theirs == family(roles_of(world.users[user]))
