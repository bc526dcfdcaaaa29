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
from rostering.sources import Source, sources
from rostering.support.access import open_requests_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from accounts.models import School, User
    from rostering.models import Run, SupportRequest

logger = logging.getLogger(__name__)

CLEVER = "Takes your students and staff from Clever and keeps them right, every night."
UNKNOWN = "Can't be shown"
#: What SmartPass sets up together with a school: the kind in our addresses, name, and one line.
ON_REQUEST = {
    "gsuite": ("G Suite", "Takes your students and staff from G Suite (Google Workspace)."),
    "classlink": ("ClassLink", "Takes your students and staff from ClassLink."),
    "spreadsheet": ("Spreadsheet", "Takes accounts from a sheet that you fill in."),
}
WHO_STEERS = "A District admin's, or somebody's who is Admin of every linked school"
UNTIL_YOU_DECIDE = "Yours: nothing happens until you decide"
YOU, US, AGAIN = "Yours", "SmartPass'", "Nobody's: we check again tonight"
MUST_ASK = "SmartPass sets this up with you. Tell us, and we answer within a day."
NEEDS = "You need a Clever district admin account. Linking and the first sync take a few hours."


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


def cards(user: User, at: School | None) -> list[Card]:
    """The four sources. One that cannot be read says so itself; the others are there all the same."""
    found = _safely("Clever", partial(_clever, user, at))
    rosters = [card.source.label for card in found if card.source and card.state != "Disconnected"]
    unknown = [card for card in found if card.state == UNKNOWN]
    asked = {each.about: each for each in open_requests_of(user, at).filter(about__startswith="source:")}
    for kind, (name, _) in ON_REQUEST.items():
        found += _safely(name, partial(_on_request, kind, asked.get(f"source:{kind}"), others=rosters or unknown))
    return found


def _safely(name: str, build: Callable[[], list[Card]]) -> list[Card]:
    try:
        with transaction.atomic():
            return build()
    except (DatabaseError, LookupError):
        logger.exception("the card of %s cannot be shown", name)
        says = ["This card can't be shown right now. Accounts stay as they are, and signing in works."]
        again = Action("Try again", reverse("integrations"))
        return [Card(f"card-{name.lower().split()[0]}", name, "", UNKNOWN, "bad", says=says, primary=again)]


def _clever(user: User, at: School | None) -> list[Card]:
    found = [card_of(user, source, at) for source in sources(user, at)]
    if len(found) > 1:
        for card in found:
            card.name = f"{card.name} · {card.source.connection.tenant_name}" if card.source else card.name
    return found or [_not_set_up(user, at)]


def _not_set_up(user: User, at: School | None) -> Card:
    card = Card("card-clever", "Clever", CLEVER, "Not set up", owner=YOU, says=[NEEDS])
    card.primary = Action("Setup Clever", reverse("clever"))
    card.request = open_requests_of(user, at).filter(kind="ready", connection=None).first()
    if card.request:
        card.state, card.tone, card.owner, card.says = "Waiting for SmartPass", "busy", US, []
        card.primary = Action("Message us", reverse("help") + "#ask", quiet=True)
    return card


def _on_request(kind: str, asked: SupportRequest | None, *, others: Sequence[object]) -> list[Card]:
    name, line = ON_REQUEST[kind]
    card = Card(f"card-{kind}", name, line, "Not used" if others else "Not set up", request=asked)
    card.says = [f"Your school rosters with {others[0]}." if others and isinstance(others[0], str) else MUST_ASK]
    card.primary = Action("Ask SmartPass", reverse("ask_source", args=[kind]), quiet=True)
    if asked:
        card.state, card.tone, card.owner, card.says = "Waiting for SmartPass", "busy", US, []
        card.primary = Action("Message us", reverse("help") + "#ask", quiet=True)
    return [card]


def card_of(user: User, source: Source, at: School | None) -> Card:
    """The card of a connection."""
    state, tone = source.word
    tie, good = source.connection, source.good
    card = Card(f"card-{tie.pk}", source.label, CLEVER, state, tone, source, request=source.asked)
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


def _settings(source: Source, move: str = AGAIN) -> Move:
    return Action(f"{source.label} settings", reverse("clever")), move


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
    return Action("We're ready to sync", reverse("ready")), YOU


def _fix(source: Source) -> Move:
    return Action("Fix connection", f"{reverse('clever')}#mend-{source.connection.pk}"), YOU


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
    if primary and primary.url != reverse("clever"):
        found.append(Action(f"{source.label} settings", reverse("clever")))
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
