"""A district of 20,000 people at Clever, and what happens there between two nights.

Everything is chosen by position, so that every test run sees the same town.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from integrations.clever.sandbox import CleverSandbox, District

PEOPLE = 20_000
SCHOOLS = 7
#: The last school is shared and not linked: its people are known and not imported.
LINKED = SCHOOLS - 1
#: More people than this gaining Admin in one night wait for a person. The first sync brings eight.
ADMIN_GAIN = 10


class Town:
    """The district's people by what they are, to be taken one after another."""

    def __init__(self, sandbox: CleverSandbox) -> None:
        """Build it in this sandbox."""
        self.clever: District = sandbox.add_district(PEOPLE, schools=SCHOOLS)
        self.schools = [str(row["id"]) for row in self.clever.schools()]
        self.world = sandbox.world(self.clever)
        everybody = [(key, row["roles"]) for key, row in self.clever.users()]
        self._students = self._in_turn(everybody, "student")
        self._teachers = self._in_turn(everybody, "teacher")
        self._staff = self._in_turn(everybody, "staff")

    @property
    def linked(self) -> list[str]:
        """The schools that SmartPass is to serve."""
        return self.schools[:LINKED]

    def evening_before(self) -> None:
        """Some leave, some emails are wrong: what the next night is to find in place."""
        self.back = [next(self._students) for _ in range(30)]
        self.wrong = [next(self._students) for _ in range(8)]
        for key in self.back:
            self.world.delete_user(key)
        for key in self.wrong:
            self.world.set_email(key, "not an address")

    def evening(self) -> None:
        """Everything that can happen to a roster, between a first sync and the night."""
        self._come()
        self._go()
        self._change_fields()
        self._change_roles()
        self._change_ids()

    def _come(self) -> None:
        for number in range(170):
            word = "teacher" if number % 10 == 0 else "student"
            self.world.add_user({word: self._role(word, number)}, f"New{number}", "Comer", f"new{number}@town.example")
        for key in self.back:
            self.world.restore_user(key)

    def _go(self) -> None:
        for who in (*[self._students] * 80, *[self._teachers] * 10):
            self.world.delete_user(next(who))
        for _ in range(15):
            self.world.unshare_user(next(self._students))
            self.world.move_user(next(self._students), self.schools[LINKED])

    def _change_fields(self) -> None:
        for number in range(120):
            self.world.rename_user(next(self._students), first=f"Renamed{number}")
        for number in range(60):
            self.world.set_email(next(self._students), f"other{number}@town.example")
        for number in range(20):
            self.world.set_email(next(self._students), f"shared{number // 2}@town.example")
        for key in self.wrong:
            self.world.set_email(key, f"right.{key}@town.example")
        for _ in range(5):
            self.world.set_email(next(self._students), "no longer an address")
            self.world.set_role(next(self._students), "student", {"grade": "Ungraded"})

    def _change_roles(self) -> None:
        for number in range(40):
            self.world.move_user(next(self._students), self.schools[number % LINKED])
        for _ in range(ADMIN_GAIN + 2):
            self.world.set_role(next(self._staff), "district_admin", {"title": "Office"})
        for number in range(10):
            key = next(self._staff)
            at = self.clever.editable(key)["roles"]["staff"]["schools"]
            self.world.set_role(key, "staff", None)
            self.world.set_role(key, "student", {**self._role("student", number), "school": at[0], "schools": at})

    def _change_ids(self) -> None:
        for number in range(3):
            self.world.change_sis_id(next(self._students), f"changed-{number}")
            self.world.change_email(next(self._teachers), f"moved{number}@town.example")

    def _role(self, word: str, number: int) -> dict[str, Any]:
        school = self.schools[number % LINKED]
        fields = {"school": school, "schools": [school], "sis_id": f"N{number}", f"{word}_number": f"N{number}"}
        return fields | ({"grade": "9"} if word == "student" else {"legacy_id": f"5b{number:022x}"})

    def _in_turn(self, everybody: list[tuple[str, dict[str, Any]]], word: str) -> Iterator[str]:
        """Those who are exactly this at linked schools only, from all over the roster."""
        unlinked = self.schools[LINKED]
        mine = [key for key, roles in everybody if set(roles) == {word} and unlinked not in roles[word]["schools"]]
        return iter(mine[::7])
