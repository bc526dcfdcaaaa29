"""All states there are, and the pages that have none."""

from __future__ import annotations

from tests.journeys.states import State, account, door, runs

STATES: list[State] = [*door.STATES, *account.STATES, *runs.STATES]

#: Addresses that answer with no page of their own, each with what they are.
NO_PAGE = {
    **account.NO_PAGE,
    "home": "leads on, or is shown as home-teacher",
    "choose_school": "the switcher's button",
    "account_logout": "a button of the menu",
}
