"""The sentences of notices: what happened, what it means for people, what to do. Never a student's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts import clock
from accounts.models import User
from integrations import registry

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from integrations.models import Connection
    from rostering.models import Hold, Run

STAY = "Accounts stay as they are and sign-in still works."
NIGHTLY = "We check every night at 11:00 PM Eastern."
#: Why a source's answer was no use, by reason code.
SOURCE = {
    "E-SOURCE-DOWN": "{source} isn't answering.",
    "E-RATE": "{source} asked us to wait too long.",
    "E-SOURCE-MALFORMED": "{source} sent something we can't read.",
    "E-CLIENT-REFUSED": "{source} didn't accept SmartPass' own key.",
    "E-ADDRESS-REFUSED": "{source} is at an address to which SmartPass doesn't go.",
}
#: One and several, as a sentence counts them.
ROLES = {
    "student": ("student", "students"),
    "teacher": ("teacher", "teachers"),
    "admin": ("Admin", "Admins"),
    "assistant": ("assistant", "assistants"),
}


class Words:
    """What is said about one connection, in its district's time zone; `name` is the school's, or the district's."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.source = registry.label(connection.kind)

    def failed(self, run: Run, code: str) -> Callable[[str], str]:
        """A sync that could not be carried out."""
        why = SOURCE.get(code, "It could not be finished, and SmartPass has been told.").format(source=self.source)
        begun = self._when(run.started_at or run.created_at)
        return lambda name: (
            f"The sync for {name} of {begun} failed. {why} Nothing was changed. {STAY} "
            f"The next one is {self._when(clock.next_night())}."
        )

    def refused(self, since: dt.datetime | None) -> Callable[[str], str]:
        """Our access is gone."""
        begun = f"Since {self._when(since)} " if since else ""
        return lambda name: (
            f"{begun}{self.source} no longer accepts SmartPass' access for {name}. {STAY} "
            "It takes about 2 minutes to reconnect."
        )

    def resumed(self, name: str) -> str:
        """A pause ended by itself."""
        night = self._when(clock.next_night())
        return f"The pause of {self.source} for {name} is over. The next sync is {night}. {STAY}"

    def late(self, since: dt.datetime) -> Callable[[str], str]:
        """No good sync for 26 hours."""
        return lambda name: (
            f"There has been no good sync for {name} for 26 hours. The last one began {self._when(since)}. "
            f"{STAY} SmartPass has been told."
        )

    def fixed(self, name: str) -> str:
        """Whatever was wrong is over."""
        return f"{self.source} and SmartPass are in step again for {name}. {NIGHTLY}"

    def held(self, hold: Hold) -> str:
        """Changes that wait for a person, or for a second one."""
        if hold.first_yes_by_id and hold.first_yes_for.startswith(hold.fingerprint):
            return self._one_yes(hold)
        which = "tonight's sync" if hold.run.night else "the sync"
        second = " Because so many people are concerned, two people must agree." if hold.needs_second else ""
        return (
            f"We paused part of {which} for {self._place(hold)}: {hold.text} Nothing has changed for them."
            f"{second} Review it when you can."
        )

    def left(self, hold: Hold) -> str:
        """What still waits of a hold after a part of it was decided."""
        wait = f"{_people(hold.people)} {'waits' if hold.people == 1 else 'wait'}"
        return (
            f"A part of what waited for {self._place(hold)} was decided. {wait} still, and nothing has changed for "
            "them. Review it when you can."
        )

    def _one_yes(self, hold: Hold) -> str:
        by = User.objects.filter(pk=hold.first_yes_by_id or 0).first()
        return (
            f"{self._name(by)} agreed to what waits for {self._place(hold)}: {hold.text} "
            "Because so many people are concerned, a second person must agree. Nothing has changed yet."
        )

    def all_set(self, name: str, people: Mapping[str, int], attention: int) -> str:
        """The first sync of a school: its people by role."""
        counted = [f"{people[role]:,} {words[people[role] != 1]}" for role, words in ROLES.items() if people.get(role)]
        counts = ", ".join(counted) or "nobody yet"
        eye = f" {_people(attention)} {'needs' if attention == 1 else 'need'} attention." if attention else ""
        return f"{name} is rostered: {counts}.{eye} From now on we check every night at 11:00 PM Eastern. {UNTOLD}"

    def district_all_set(self, name: str) -> str:
        """The first sync of a district."""
        return f"{name} is rostered. From now on we check every night at 11:00 PM Eastern. {UNTOLD}"

    def undone(self, run: Run, by: User | None, school: str | None, people: int) -> str:
        """Somebody undid a sync, or a school's part of one."""
        place = school or self.connection.district.name
        return (
            f"{self._name(by)} undid sync #{run.undoes_id} for {place}: {_people(people)} "
            f"{'is' if people == 1 else 'are'} as before. What people changed since stays. The same changes are not "
            f"made again until {self.source} says something new about the person."
        )

    def _place(self, hold: Hold) -> str:
        return hold.school.name if hold.school else self.connection.district.name

    def _name(self, by: User | None) -> str:
        # Somebody of SmartPass is not seen from inside a district.
        return "SmartPass" if by is None or by.is_staff else by.get_full_name()

    def _when(self, moment: dt.datetime) -> str:
        return clock.both(moment, self.connection.district.timezone)


UNTOLD = "Users are not notified by us."


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"
