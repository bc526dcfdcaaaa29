"""What runs, changes and issues are called on every page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from integrations.models import Connection, ConnectionState
from rostering.models import Change, Hold, Run, RunState

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What a run is doing, step by step.
STEPS = {
    "fetch": "Read people",
    "match": "Find out who is who",
    "plan": "Compare",
    "confirm": "Ask about those who are missing",
    "guard": "Check limits",
    "apply": "Apply",
    "report": "Report",
}

#: Reason code -> what it says, and what helps. `{source}` is the source's name.
ISSUES: dict[str, tuple[str, str]] = {
    "E-NO-EMAIL": ("No email in {source}, so they can't sign in by email.", "Add an email in {source}."),
    "E-BAD-EMAIL": ("The email isn't complete.", "Correct it in {source}."),
    "E-DUP-IN-SOURCE": ("Two people in {source} share an email.", "Give one a different email in {source}."),
    "E-EMAIL-IN-USE-HERE": ("Somebody else here already has this email.", "Give one a different email."),
    "E-EMAIL-IN-USE-ELSEWHERE": ("This email is already used in SmartPass.", "Ask SmartPass to give access."),
    "E-UNREADABLE": ("The record in {source} can't be read.", "Correct it in {source}."),
    "E-ROLE-UNKNOWN": ("{source} gives a role that we don't sync.", "Ask SmartPass."),
    "E-NO-ROLE": ("{source} gives no role.", "Add a role in {source}."),
    "E-ROLE-CONFLICT": ("Student and staff at one school.", "Keep one of the two in {source}."),
    "E-SCHOOL-NOT-LINKED": ("Shared, but at no school that is synced.", "We're ready to sync: tell SmartPass."),
    "E-SAME-PERSON": ("May be an account with Admin that is already here.", "A person must say so."),
    "E-ID-CHANGED": ("May be somebody who got a new id in {source}.", "We check again tonight."),
    "E-STILL-THERE": ("Missing from the list, but {source} still has them. We kept them.", "Nothing to do."),
    "E-NOT-CONFIRMED": ("Missing, and {source} didn't say why. We kept them.", "We look again tonight."),
    "E-HELD": ("Waiting for approval in a hold.", "Review the hold."),
}

#: Why somebody leaves, as the plan says it.
WHYS = {
    "absent": "no longer in {source}",
    "gone": "no longer in {source}",
    "inactive": "switched off in {source}",
    "left_school": "no longer at this school in {source}",
    "out_of_scope": "no longer at a school that is synced",
}

FIELDS = {
    "first_name": "First name",
    "last_name": "Last name",
    "email": "Email",
    "login_email": "Sign-in email",
    "username": "Username",
    "roles": "Roles",
    "status": "Status",
    "grade": "Grade",
    "number": "Number",
}


FATES: dict[str, str] = {
    Hold.State.OPEN: "Waiting for approval",
    Hold.State.PREVIEW: "Would wait for approval",
    Hold.State.RELEASED: "",
    Hold.State.REJECTED: "Rejected, not done",
    Hold.State.SUPERSEDED: "Not done",
}

#: Stands where a field has no value.
NOTHING = "(none)"


class Difference(NamedTuple):
    """One field before and after, in words."""

    field: str
    before: str
    after: str


def state_of(run: Run, *, undone: bool, on_hold: bool, warnings: bool) -> str:
    """The main word for somebody's part of a run; `summary.words` has the one for all of it."""
    if run.state != RunState.DONE:
        return str(RunState(run.state).label)
    if undone:
        return "Undone"
    if on_hold:
        return "On hold"
    return "Completed with warnings" if warnings else "Completed"


def connection_state(
    connection: Connection, *, stopped: bool, going: bool, asked: bool = False, held: bool = False, warned: bool = False
) -> tuple[str, str]:
    """The main word for a connection, and its tone. What a person must see first comes first.

    `stopped` by SmartPass, `going` or in line, `asked` of SmartPass and not answered; something
    `held` or `warned` of where the reader looks.
    """
    state = ConnectionState(connection.state)
    words = (
        (state == ConnectionState.DISCONNECTED, "Disconnected", "warn"),
        (stopped or state == ConnectionState.PAUSED, "Paused", "warn"),
        (going, "Sync in progress", "busy"),
        (state == ConnectionState.SETTING_UP and asked, "Waiting for SmartPass", "busy"),
        (state == ConnectionState.SETTING_UP, "Setting up", "warn"),
        (state == ConnectionState.NEEDS_ATTENTION or bool(connection.problem), "Needs attention", "bad"),
        (held, "On hold", "warn"),
        (asked, "Waiting for SmartPass", "busy"),
        (warned, "Completed with warnings", "warn"),
    )
    return next(((word, tone) for true, word, tone in words if true), ("Connected", "good"))


def tone_of(word: str) -> str:
    """The look of a word; the word itself says it too."""
    if word in {"Completed", "Preview ready"}:
        return "good"
    if word in {"Waiting", "Running"}:
        return "busy"
    return "bad" if word == "Failed" else "warn"


def issue(code: str, source: str) -> tuple[str, str]:
    """What a reason code says, and what helps."""
    says, helps = ISSUES.get(code, ("Needs a look.", "Ask SmartPass."))
    return says.format(source=source), helps.format(source=source)


def why(change: Change, source: str) -> str:
    """Why a row suspends, in words; empty for the others."""
    return WHYS.get(change.why, change.why).format(source=source)


def differences(change: Change) -> list[Difference]:
    """What a row changes, field by field, without what only the machinery needs.

    A newcomer's names stand beside the row already.
    """
    names = [name for name in FIELDS if name in change.before or name in change.after]
    if change.kind == Change.Kind.CREATE:
        names = [name for name in names if name not in {"first_name", "last_name"}]
    return [
        Difference(FIELDS[name], _said(change.before, name), _said(change.after, name))
        for name in names
        if not (name == "login_email" and "email" in names)
    ]


def fate(change: Change, run: Run) -> str:
    """What became of a row that did not simply happen; empty for one that did, or would."""
    if change.hold is None:
        return "" if run.applied_at or run.preview else "Not done"
    return FATES[change.hold.state]


def _said(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if value in (None, ""):
        return NOTHING
    if name == "roles":
        return ", ".join(word.replace("_", " ").capitalize() for word in str(value).split())
    return str(value).capitalize() if name == "status" else str(value)
