"""Clever: what a school does there, and what it tells us."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django import forms
from django.utils.timezone import now

from accounts import clock
from rostering.guides.guide import Guide, Ready

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import QueryDict

#: So many schools fit into one request.
MOST_SCHOOLS = 50
SCHOOLS_AT_FIRST = 1
#: What Clever says about its own syncing of a district, in words; anything else is well.
ITS_OWN = {"error": "Clever says that its own sync with your student information system has an error."}
GOES_ON = "We keep reading what Clever has."


class ReadyToSync(Ready):
    """That everything is shared in Clever. Schools are repeatable."""

    facts: ClassVar[Mapping[str, str]] = {
        "district": "Clever District Name",
        "schools": "Clever School Name(s)",
        "all_shared": "All records shared",
    }
    district_name = forms.CharField(
        label="Clever District Name", max_length=200, error_messages={"required": "Fill in the district's name."}
    )

    def __init__(self, rows: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.rows = max(1, min(rows, MOST_SCHOOLS))
        for row in range(self.rows):
            number = f" {row + 1}" if self.rows > 1 else ""
            self.fields[f"school_{row}"] = forms.CharField(
                label=f"Clever School Name{number}",
                max_length=200,
                required=row == 0,
                error_messages={"required": "Fill in the school's name."},
            )
            self.fields[f"number_{row}"] = forms.CharField(
                label=f"School ID{number} (optional)",
                max_length=100,
                required=False,
                help_text="The number your district gives the school in Clever.",
            )
        self.fields["shared"] = forms.BooleanField(
            label="All records of these schools are shared with SmartPass in Clever",
            error_messages={"required": "Share the records in Clever first, then tick this."},
        )
        self.fields["rows"] = forms.IntegerField(widget=forms.HiddenInput, required=False, initial=self.rows)

    @classmethod
    def begun(cls, school: str) -> Self:
        """One school, the one that looks."""
        return cls(SCHOOLS_AT_FIRST, initial={"school_0": school})

    @classmethod
    def sent(cls, given: QueryDict, school: str) -> Self:
        """As it was sent; with one school more, and nothing judged yet, if that was the wish."""
        del school
        rows = _number(given.get("rows", ""))
        if "more" in given:
            kept = {name: given[name] for name in given if name not in {"rows", "more"}}
            return cls(rows + 1, initial=kept)
        return cls(rows, data=given)

    def details(self) -> dict[str, Any]:
        """The district, and each school with its number."""
        given = self.cleaned_data
        named = [(given[f"school_{row}"], given[f"number_{row}"]) for row in range(self.rows)]
        schools = [f"{name} (School ID {number})" if number else name for name, number in named if name]
        return {"district": given["district_name"], "schools": schools, "all_shared": True}


def _number(words: str) -> int:
    return int(words) if str(words).isdecimal() and len(words) < 4 else SCHOOLS_AT_FIRST


def notes(said: Mapping[str, str], zone: str) -> list[str]:
    """Clever's own pause and its own trouble with the district's data, so that nobody looks for them here."""
    found = []
    until = _still(said.get("paused_until", ""), zone)
    if until:
        paused = f"Clever says its own sync with your student information system is paused until {until}."
        found.append(f"{paused} Your district set this in Clever. {GOES_ON}")
    trouble = ITS_OWN.get(said.get("state", ""))
    if trouble:
        found.append(f"{trouble} Your district can look at it in Clever. {GOES_ON}")
    return found


def _still(words: str, zone: str) -> str:
    """When a pause of the source's own ends, in words; empty for one that is over. A day is a day, not its midnight."""
    ends = clock.written(words)
    if ends is None or ends < now():
        return ""
    return f"{ends:%a %b} {ends.day}" if len(words) == len("2026-08-10") else clock.both(ends, zone)


GUIDE = Guide(
    "clever",
    needs="You need a Clever district admin account. Linking and the first sync take a few hours.",
    takes="Usually done within a few hours.",
    promise=timedelta(hours=4),
    mend="In Clever, look whether SmartPass is still among your district's applications and shares your schools. "
    "You need a Clever district admin account.",
    asks="Tell us",
    ready=ReadyToSync,
    notes=notes,
)
