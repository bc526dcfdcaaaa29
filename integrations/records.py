"""The words every source is translated into.

A provider reads its source's own records and yields `Person`; nothing above this
package ever sees a source's raw payload. Plain tuples, because a district can have
300,000 people and each of them passes through here every night.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Role(NamedTuple):
    """What a person is at one place, in the source's own word (``student``, ``staff`` …).

    `place` is the source's id of a school or org; None means the whole district, "" that
    the source names no school for a role that needs one.
    `grade` and `number` are "" when the source did not say.
    """

    place: str | None
    word: str
    grade: str = ""
    number: str = ""


class Person(NamedTuple):
    """One record of a source: a person as the source knows them.

    Absent, null and empty all arrive as "": the source did not say.
    `roles` is ordered; the first place in it is the person's main school.
    `legacy_ids` are older ids the source itself still vouches for.
    `problem` is why the record could not be read; an unreadable record keeps its
    `external_id` where it had one ("" otherwise) and nothing else is trusted.
    """

    external_id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    active: bool = True
    roles: tuple[Role, ...] = ()
    legacy_ids: tuple[str, ...] = ()
    problem: str = ""


class Rule(NamedTuple):
    """Whoever is in this OU or group has this role at this place: a mapping that people made.

    `kind` is ``ou`` or ``group``, `source_id` the id that lasts at the source; it is also the word by
    which a provider says that somebody has the role. `name` is what people call it (a path, an e-mail).
    `sub_units`: it counts for what lies below it too.
    """

    place: str
    kind: str
    source_id: str
    name: str
    role: str
    sub_units: bool = True


class Place(NamedTuple):
    """Something at the source that can be linked to a school: a school or an org."""

    external_id: str
    name: str
    kind: str = "school"
    number: str = ""
    parent: str | None = None


class Tenant(NamedTuple):
    """One district our vendor key opens, as listed by the source."""

    external_id: str
    name: str


class Identity(NamedTuple):
    """Whose sign-in this is: a tenant of the source and a lasting id inside it."""

    tenant: str
    external_id: str


class Found(NamedTuple):
    """The source's answer about one id: ``in_scope``, ``out_of_scope``, ``inactive`` or ``gone``.

    `person` is the record where the source still gives one.
    """

    state: str
    person: Person | None = None


class Right(NamedTuple):
    """One line of what a source lets us do.

    `name` is the source's own (Google: ``account``, ``units``, ``users``, ``groups``,
    ``super_admin``). `ok` is None where it was not asked for. `detail` is what was seen (an
    email, how many) or, where it is not ok, what to do about it; `code` is then the catalogue's.
    """

    name: str
    ok: bool | None
    detail: str = ""
    code: str = ""


@dataclass(slots=True)
class Receipt:
    """What a complete listing proves about itself.

    `pages` and `rows` count what was read, `ignored` the rows that are nobody to us
    (guardians), `announced` the total the source gave (None where it gives none),
    `closed` whether the last page said that it was the last, and `places` the ids of
    the schools the source shares now. `as_of` is when the source itself last had fresh
    data (ISO 8601), and `notes` what else it says about itself (``paused_until``): in words for
    people, ``open`` why it is no whole listing and ``says`` what else about it they should know;
    and under ``gone``, apart by blanks, the ids of mapped parts that are not there any more.
    """

    pages: int = 0
    rows: int = 0
    ignored: int = 0
    announced: int | None = None
    closed: bool = False
    places: list[str] = field(default_factory=list)
    as_of: str = ""
    notes: dict[str, str] = field(default_factory=dict)

    def proven(self, linked: set[str]) -> bool:
        """Whether absence from this listing may be taken as a sign at all."""
        counted = self.announced is None or self.announced == self.rows
        return self.closed and counted and linked <= set(self.places)

    def as_json(self) -> dict[str, Any]:
        """The receipt as it is kept on the run."""
        return {
            "pages": self.pages,
            "rows": self.rows,
            "ignored": self.ignored,
            "announced": self.announced,
            "closed": self.closed,
            "places": self.places,
            "as_of": self.as_of,
            "notes": self.notes,
        }


class Unreadable(Exception):
    """A record that is not what its source promises. The text names the field, never its value."""


def storable(text: str) -> bool:
    """Whether a database takes this text: no NUL, no half of a surrogate pair."""
    if "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
