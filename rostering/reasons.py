"""Why somebody is missing or differs: what each reason says, who can mend it, and how to ask them.

The codes are those of `wording.ISSUES` and a few that only an explanation has. The texts
take these words: {source}, {name}, {known_as} (name, e-mail and id, for a message),
{school}, {role}, {value}, {who}, {when}, {until}, {problem}, {tonight}.
"""

from __future__ import annotations

from typing import NamedTuple

#: Who can mend it.
AT_THE_SOURCE = "your {source} admin"
SCHOOL = "a school Admin"
SMARTPASS = "SmartPass"
NOBODY = "nobody: it mends itself tonight"
NO_NEED = ""


class Reason(NamedTuple):
    """What happened, what to do, who can do it, and what to write to them (empty: no need to)."""

    says: str
    helps: str = ""
    owner: str = NO_NEED
    message: str = ""


REASONS: dict[str, Reason] = {
    "": Reason("Everything is as it should be."),
    # The connection
    "E-SETTING-UP": Reason(
        "{source} is still being set up for your district.", "Accounts appear after the first sync.", SMARTPASS
    ),
    "E-FIRST-SYNC-PENDING": Reason(
        "Your school's first sync hasn't finished.", "Accounts appear when it has.", SMARTPASS
    ),
    "E-SOURCE-PAUSED": Reason(
        "Syncing with {source} is paused.", "Accounts stay as they are until it is resumed.", SCHOOL
    ),
    "E-STOPPED": Reason("SmartPass has stopped syncing with {source}.", "Accounts stay as they are.", SMARTPASS),
    "E-DISCONNECTED": Reason("{source} is disconnected.", "Accounts stay as they are. Reconnect it to go on.", SCHOOL),
    "E-GRANT-REVOKED": Reason(
        "{source} no longer accepts our access.",
        "Share your data with SmartPass in {source} again. Accounts stay as they are.",
        AT_THE_SOURCE,
        "Hi, {source} no longer lets SmartPass read our roster. Could you check in {source} that SmartPass is still"
        " connected and share our schools with it again?",
    ),
    # The record
    "E-NOT-SHARED": Reason(
        "{source} doesn't share {name} with SmartPass.",
        "Adjust the sharing in {source}; we look again {tonight}.",
        AT_THE_SOURCE,
        "Hi, could you share {known_as} with SmartPass in {source}? SmartPass only sees the people and schools that"
        " {source} shares with it.",
    ),
    "E-NOT-SHARED-HERE": Reason(
        "{source} doesn't list {name} at your school.",
        "Put them at your school in {source}; we look again {tonight}.",
        AT_THE_SOURCE,
        "Hi, could you check at which school {known_as} is in {source}, and share that school with SmartPass?"
        " SmartPass adds people to the schools at which {source} lists them.",
    ),
    "E-UNREADABLE": Reason(
        "The record in {source} can't be read: {problem}",
        "Correct it in {source}; we look again {tonight}.",
        AT_THE_SOURCE,
        "Hi, SmartPass can't read the record of {known_as} in {source}: {problem} Could you correct it?",
    ),
    "E-SUSPENDED-IN-SOURCE": Reason(
        "{source} has switched off this account, so it isn't in SmartPass.",
        "Reactivate it in {source}.",
        AT_THE_SOURCE,
        "Hi, {known_as} is switched off in {source}. Could you reactivate them if they should be in SmartPass?",
    ),
    "E-SCHOOL-NOT-LINKED": Reason(
        "{school} is shared but not linked yet.",
        "Tell SmartPass: “We're ready to sync”.",
        SMARTPASS,
        "We're ready to sync. Source: {source}. School: {school}. Please link it to SmartPass.",
    ),
    "E-SCHOOL-NOT-BOUGHT": Reason(
        "{school} is shared, but hasn't bought SmartPass.",
        "Ask SmartPass to add this school.",
        SMARTPASS,
        "Please add {school} to our SmartPass schools. It is shared with you by {source}.",
    ),
    "E-ROLE-UNKNOWN": Reason(
        "{source} calls this person “{role}”, which we don't sync.",
        "Ask SmartPass which role that should give.",
        SMARTPASS,
        "{source} gives {known_as} the role “{role}”. Which SmartPass role should that be for our district?",
    ),
    "E-ROLE-NOBODY": Reason(
        "{source} calls this person “{role}”, which gets no account here.",
        "Ask SmartPass if that should be different in your district.",
        SMARTPASS,
        "{source} gives {known_as} the role “{role}”, which gets no account. Should that be different here?",
    ),
    "E-NO-ROLE": Reason(
        "{source} gives {name} no role, so they get no account.",
        "Add a role in {source}.",
        AT_THE_SOURCE,
        "Hi, could you give {known_as} a role (student, teacher or staff) in {source}?",
    ),
    "E-ROLE-CONFLICT": Reason(
        "{source} lists {name} as Student and as staff at one school.",
        "Keep one of the two in {source}. Until then nothing changes there.",
        AT_THE_SOURCE,
        "Hi, {known_as} is Student and staff at the same school in {source}. Could you keep one of the two?",
    ),
    # The e-mail
    "E-NO-EMAIL": Reason(
        "{name} has no email in {source}, so they can't sign in by email.",
        "Add an email there; we pick it up {tonight}.",
        AT_THE_SOURCE,
        "Hi, {known_as} has no email in {source}. Could you add one?",
    ),
    "E-BAD-EMAIL": Reason(
        "The email “{value}” isn't complete, so they can't sign in by it.",
        "Correct it in {source}.",
        AT_THE_SOURCE,
        "Hi, the email “{value}” of {known_as} in {source} isn't complete. Could you correct it?",
    ),
    "E-DUP-IN-SOURCE": Reason(
        "Two people in {source} share {value}. Only one of them can sign in by it.",
        "Give one a different email in {source}.",
        AT_THE_SOURCE,
        "Hi, two people in {source} have the email {value}. Could you give one of them a different one?",
    ),
    "E-EMAIL-IN-USE-HERE": Reason(
        "{who} already has this email here, so {name} can't sign in by it.", "Give one a different email.", SCHOOL
    ),
    "E-EMAIL-IN-USE-ELSEWHERE": Reason(
        "This email is already used in SmartPass.",
        "Ask SmartPass to give access.",
        SMARTPASS,
        "The email of {known_as} is already used in SmartPass. Please give us access to that account.",
    ),
    # Who is who
    "E-SAME-PERSON": Reason(
        "May be an account with Admin that is already here.",
        "SmartPass asks you whether they are the same person.",
        SMARTPASS,
        "Is {known_as} in {source} the same person as an Admin account we have? Please help us decide.",
    ),
    "E-ID-CHANGED": Reason("May be somebody who got a new id in {source}.", "We check again {tonight}.", NOBODY),
    "E-STILL-THERE": Reason("Missing from {source}'s list, but {source} still has them. We kept them."),
    "E-NOT-CONFIRMED": Reason(
        "Missing, and {source} didn't say why. We kept them.", "We look again {tonight}.", NOBODY
    ),
    "E-MISSED": Reason(
        "Missing from {source}'s list, and it can't be asked about one person. We kept them.",
        "They leave when its next lists don't name them either.",
    ),
    # What people decided
    "E-REJECTED": Reason(
        "{who} rejected this on {when}.",
        "It is not planned again until {source} says something else about them, or somebody lets the sync try again.",
        SCHOOL,
    ),
    "E-REJECTED-ELSEWHERE": Reason(
        "Somebody of your district decided against adding this person.",
        "A District admin or SmartPass can let the sync try again.",
        SMARTPASS,
        "Please let the sync try again for {known_as}: adding them was rejected.",
    ),
    "E-HELD": Reason("Waiting for approval in a hold.", "Review the hold.", SCHOOL),
    "E-PROTECTED": Reason("Protected from sync by {who}{until}.", "Remove the protection.", SCHOOL),
    # The account
    "E-NOT-YET": Reason("Not in SmartPass yet.", "The sync adds them {tonight}.", NOBODY),
    "E-NOT-HERE-YET": Reason("Not at your school in SmartPass yet.", "The sync adds them {tonight}.", NOBODY),
    "E-BACK-TONIGHT": Reason("Suspended here by the sync.", "They come back {tonight}.", NOBODY),
    "E-SUSPENDED-BY-SYNC": Reason(
        "Suspended by the sync, because {source} no longer lists them at a school that is synced.",
        "They come back by themselves when {source} lists them again.",
        AT_THE_SOURCE,
        "Hi, could you check {known_as} in {source}? SmartPass suspended them because {source} no longer lists them.",
    ),
    "E-SUSPENDED": Reason("Suspended here by a person. The sync doesn't lift it.", "Reactivate the account.", SCHOOL),
    "E-DISABLED": Reason("Disabled here by a person. The sync doesn't change it.", "Reactivate the account.", SCHOOL),
    "E-DELETED": Reason(
        "A person deleted this account. No sync brings it back.",
        "Ask SmartPass if this was a mistake.",
        SMARTPASS,
        "An account was deleted by mistake. {source} id: {value}. Please let it be made again.",
    ),
    "E-BY-HAND": Reason("Made by hand; no sync touches it."),
    "E-LEAVES-TONIGHT": Reason(
        "The sync will suspend them {tonight}.", "Put them back in {source} to keep them.", AT_THE_SOURCE
    ),
}


def reason(code: str, **words: str) -> Reason:
    """A reason with its words put in; one that is not known says so with its reference."""
    found = REASONS.get(code) or Reason("Needs a look. Reference {code}.", "Ask SmartPass.", SMARTPASS)
    given = _Words(words, code=code)
    return Reason(*(text.format_map(given) for text in found))


class _Words(dict[str, str]):
    """What is not known stands as a dash, so that a text can never fail."""

    def __missing__(self, key: str) -> str:
        del key
        return "\N{EN DASH}"
