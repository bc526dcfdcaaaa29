"""The cards of the sources: one anatomy, one main button by state, and whose move is next."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from django.db import DatabaseError, transaction
from django.urls import reverse

from accounts import clock
from accounts.access import zone_of
from integrations import registry
from rostering.guides import every as guides
from rostering.sources import Source, sources
from rostering.support.access import open_requests_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from accounts.models import School, User
    from rostering.guides.guide import Guide
    from rostering.models import Run, SupportRequest

logger = logging.getLogger(__name__)

UNKNOWN = "Can't be shown"
#: What SmartPass sets up together with a school: the kind in our addresses, name, and one line.
ON_REQUEST = {
    "gsuite": ("G Suite", "Takes your students and staff from G Suite (Google Workspace)."),
    "spreadsheet": ("Spreadsheet", "Takes accounts from a sheet that you fill in."),
}
WHO_STEERS = "A District admin's, or somebody's who is Admin of every linked school"
UNTIL_YOU_DECIDE = "Yours: nothing happens until you decide"
YOU, US, AGAIN = "Yours", "SmartPass'", "Nobody's: we check again tonight"
MUST_ASK = "SmartPass sets this up with you. Tell us, and we answer within a day."


class Action(NamedTuple):
    """Something to press. A post does it at once; a quiet one is not what the page is for."""

    label: str
    url: str
    post: bool = False
    quiet: bool = False


@dataclass
class Card:
    """One source as a person sees it."""

    key: str
    name: str
    line: str
    state: str
    tone: str = ""
    source: Source | None = None
    schools: list[str] = field(default_factory=list)
    says: list[str] = field(default_factory=list)
    problem: str = ""
    good_at: datetime | None = None
    next: str = ""
    owner: str = ""
    request: SupportRequest | None = None
    primary: Action | None = None
    others: list[Action] = field(default_factory=list)
    live: bool = False


def cards(user: User, at: School | None, *, more: bool) -> list[Card]:
    """What is connected and what could be. One that cannot be read says so itself; the others are there all the same.

    `more` says that a school of theirs takes its people from no source yet.
    """
    found = {kind: _safely(registry.label(kind), partial(_connected, user, at, kind)) for kind in registry.PROVIDERS}
    every = [card for of_kind in found.values() for card in of_kind]
    rosters = [card.source.label for card in every if card.source and card.state != "Disconnected"]
    others: list[object] = [*rosters] or [card for card in every if card.state == UNKNOWN]
    asked = {each.about: each for each in open_requests_of(user, at).filter(about__startswith="source:")}
    for kind, guide in guides.BEGUN_BY_SCHOOLS.items():
        if not found[kind]:
            found[kind] = [_not_set_up(guide, asked.get(guide.about), others, more=more)]
    shown = [card for kind in _in_order(found) for card in found[kind]]
    for kind, (name, _) in ON_REQUEST.items():
        shown += _safely(name, partial(_on_request, kind, asked.get(f"source:{kind}"), others=others))
    return shown


def name_of(kind: str) -> str:
    """What a card calls a source that can be asked for; empty for one that cannot."""
    if kind in guides.BEGUN_BY_SCHOOLS:
        return registry.label(kind)
    return ON_REQUEST[kind][0] if kind in ON_REQUEST else ""


def _in_order(found: Iterable[str]) -> list[str]:
    """What a school begins itself stands first."""
    return sorted(found, key=lambda kind: kind not in guides.BEGUN_BY_SCHOOLS)


def _safely(name: str, build: Callable[[], list[Card]]) -> list[Card]:
    try:
        with transaction.atomic():
            return build()
    except (DatabaseError, LookupError):
        logger.exception("the card of %s cannot be shown", name)
        says = ["This card can't be shown right now. Accounts stay as they are, and signing in works."]
        again = Action("Try again", reverse("integrations"))
        return [Card(f"card-{name.lower().split()[0]}", name, "", UNKNOWN, "bad", says=says, primary=again)]


def _connected(user: User, at: School | None, kind: str) -> list[Card]:
    found = [card_of(user, source, at) for source in sources(user, at, kind)]
    if len(found) > 1:
        for card in found:
            card.name = f"{card.name} · {card.source.connection.tenant_name}" if card.source else card.name
    return found


def _not_set_up(guide: Guide, asked: SupportRequest | None, others: Sequence[object], *, more: bool) -> Card:
    card = Card(f"card-{guide.kind}", guide.label, guide.line, "Not set up", owner=YOU, says=[guide.needs])
    card.primary = Action(f"Setup {guide.label}", reverse("source", args=[guide.kind]))
    if others:
        card.state, card.owner, card.says = "Not used", "", [_instead(others)]
        if more:
            card.primary = Action(f"Setup {guide.label}", reverse("source", args=[guide.kind]), quiet=True)
        else:
            card.primary = Action("Ask SmartPass", reverse("ask_source", args=[guide.kind]), quiet=True)
    return _waiting(card, asked) if asked else card


def _on_request(kind: str, asked: SupportRequest | None, *, others: Sequence[object]) -> list[Card]:
    name, line = ON_REQUEST[kind]
    card = Card(f"card-{kind}", name, line, "Not used" if others else "Not set up")
    card.says = [_instead(others) if others else MUST_ASK]
    card.primary = Action("Ask SmartPass", reverse("ask_source", args=[kind]), quiet=True)
    return [_waiting(card, asked) if asked else card]


def _waiting(card: Card, asked: SupportRequest) -> Card:
    card.request, card.state, card.tone, card.owner, card.says = asked, "Waiting for SmartPass", "busy", US, []
    card.primary = Action("Message us", reverse("help") + "#ask", quiet=True)
    return card


def _instead(others: Sequence[object]) -> str:
    """What a school rosters with, as far as that can be told."""
    return f"Your school rosters with {others[0]}." if isinstance(others[0], str) else MUST_ASK


def card_of(user: User, source: Source, at: School | None) -> Card:
    """The card of a connection."""
    state, tone = source.word
    tie, good = source.connection, source.good
    line = guides.to(tie.kind).line
    card = Card(f"card-{tie.pk}", source.label, line, state, tone, source, request=source.asked)
    card.schools = [] if at else [link.school.name for link in source.links]
    card.good_at = good.finished_at if good else None
    card.next = _next(user, source)
    card.problem = tie.problem_text
    card.live = state == "Sync in progress"
    card.primary, card.owner = MOVES.get(state, _settings)(source)
    card.others = _others(source, state, card.primary)
    card.says = _says(user, source, state)
    return card


def _next(user: User, source: Source) -> str:
    tie = source.connection
    if tie.state == "paused" and tie.paused_until and not source.stopped:
        return clock.both(clock.next_night(tie.paused_until), zone_of(user))
    if source.stopped or tie.state in {"paused", "disconnected"}:
        return "None while this is disconnected" if tie.state == "disconnected" else "None until syncs are resumed"
    return "Not before this is set up" if tie.state == "setting_up" else clock.tonight(zone_of(user))


Move = tuple[Action, str]


def _page(source: Source) -> str:
    return reverse("source", args=[source.connection.kind])


def _settings(source: Source, move: str = AGAIN) -> Move:
    return Action(f"{source.label} settings", _page(source)), move


def _message(_: Source) -> Move:
    return Action("Message us", reverse("help") + "#ask"), US


def _paused(source: Source) -> Move:
    if source.stopped:
        return _message(source)
    if not source.steers:
        return _settings(source, WHO_STEERS)
    return Action("Resume", reverse("resume", args=[source.connection.pk])), YOU


def _disconnected(source: Source) -> Move:
    if source.asked:
        return _message(source)
    return Action("Reconnect", reverse("reconnect", args=[source.connection.pk])), YOU


def _watch(source: Source) -> Move:
    wait = "Nobody's: a sync usually takes a few hours"
    return (_to_run("Watch", source.last), wait) if source.last else _settings(source)


def _begin(source: Source) -> Move:
    if source.links:
        return Action("Ask for the first sync", reverse("ask_sync", args=[source.connection.pk]), post=True), YOU
    if guides.to(source.connection.kind).ready is None:
        return _message(source)
    return Action("We're ready to sync", reverse("ready", args=[source.connection.kind])), YOU


def _fix(source: Source) -> Move:
    return Action("Fix connection", f"{_page(source)}#mend-{source.connection.pk}"), YOU


def _decide(source: Source) -> Move:
    holds = source.holds
    where = reverse("hold", args=[holds[0].pk]) if len(holds) == 1 else reverse("holds")
    return Action("Review hold", where), UNTIL_YOU_DECIDE


def _review(source: Source) -> Move:
    if source.good is None:
        return _settings(source)
    if not source.attention:
        return _to_run("View last sync", source.good), AGAIN
    people = "1 person" if source.attention == 1 else f"{source.attention:,} people"
    return _to_run(f"Review {people}", source.good, "?tab=attention"), YOU


def _to_run(label: str, run: Run, part: str = "") -> Action:
    return Action(label, reverse("sync", args=[run.pk]) + part)


#: By state: the one main button, and whose move is next.
MOVES: dict[str, Callable[[Source], Move]] = {
    "Paused": _paused,
    "Disconnected": _disconnected,
    "Waiting for SmartPass": _message,
    "Sync in progress": _watch,
    "Setting up": _begin,
    "Needs attention": _fix,
    "On hold": _decide,
    "Completed with warnings": _review,
}


def _others(source: Source, state: str, primary: Action | None) -> list[Action]:
    found = []
    if _can_ask(source):
        label = "Sync now" if source.connection.schools_may_sync else "Ask for a sync now"
        found.append(Action(label, reverse("ask_sync", args=[source.connection.pk]), post=True))
    if source.last and state != "Sync in progress":
        found.append(Action("View last sync", reverse("sync", args=[source.last.pk])))
    found.append(Action("Sync history", reverse("syncs")))
    if primary and primary.url != _page(source):
        found.append(Action(f"{source.label} settings", _page(source)))
    return found


def _can_ask(source: Source) -> bool:
    """Whether a sync during the day can be asked for, or started."""
    rests = source.stopped or source.connection.state in {"paused", "disconnected", "setting_up"}
    return source.good is not None and not rests and not source.going and source.asked is None


def _says(user: User, source: Source, state: str) -> list[str]:
    tie, says = source.connection, []
    if source.stopped:
        says.append("SmartPass support has stopped syncs. Accounts stay as they are, and signing in works.")
    elif tie.state == "paused":
        # Who may pause may be nobody this reader may know.
        by = f" by {tie.paused_by.get_full_name()}" if tie.paused_by and source.steers else " by your district"
        until = (
            f" until {clock.both(tie.paused_until, zone_of(user))}" if tie.paused_until else " until somebody resumes"
        )
        says.append(f"Paused{by}{until}. Accounts stay as they are, and signing in works.")
    elif tie.state == "disconnected":
        says.append("Every account was kept. Nobody is added, changed or suspended from here.")
    if source.good and source.good.removals and state != "Disconnected":
        says.append("Nobody was suspended in the last sync: the list was not complete.")
    if source.holds:
        people = sum(hold.people for hold in source.holds)
        waits = "1 change waits" if people == 1 else f"{people:,} changes wait"
        says.append(f"{waits} for approval. Nothing of it has happened.")
    return says
