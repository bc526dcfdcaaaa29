"""All states there are, and the pages that have none."""

from __future__ import annotations

from tests.journeys.states import State, account, adding, door, finding, holds, lists, notices, runs, sources

STATES: list[State] = [
    *door.STATES,
    *account.STATES,
    *adding.STATES,
    *finding.STATES,
    *lists.STATES,
    *notices.STATES,
    *runs.STATES,
    *holds.STATES,
    *sources.STATES,
]

#: Addresses that answer with no page of their own, each with what they are.
NO_PAGE = {
    **account.NO_PAGE,
    **holds.NO_PAGE,
    **lists.NO_PAGE,
    **runs.NO_PAGE,
    "home": "leads on, or is shown as home-teacher",
    "choose_school": "the switcher's button",
    "overview_csv": "a file",
    "notices_seen": "marks notices as read and leads back, or gives the bell anew",
    "mail_wish": "saves and leads back, as notices-wish-saved; a wish that is none cannot be pressed",
    "ahead": "a part of resume that is asked for again",
}
