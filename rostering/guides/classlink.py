"""ClassLink: what a school does in Roster Server, and the identifiers it sends us."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django import forms

from rostering.guides.guide import Guide, Ready

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from django.forms import BoundField
    from django.http import QueryDict

#: So many schools fit into one request.
MOST_ORGS = 300
#: What a school pastes is a few dozen letters a line.
LONGEST_TABLE = 60_000
COLUMNS = 3
#: What is asked about a school, in the order of `Org`.
FIELDS = ("sourced_id", "name", "identifier", "unknown")
LOOK_AGAIN = "Look once more in Roster Server, bottom left, and message us if it is another one."
LINE = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Org:
    """A school as ClassLink knows it. `unknown`: the sender cannot find its Identifier."""

    sourced_id: str = ""
    name: str = ""
    identifier: str = ""
    unknown: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing identifies it yet."""
        return not (self.sourced_id.strip() or self.identifier.strip())


@dataclass(frozen=True)
class Line:
    """The fields of one school."""

    number: int
    sourced_id: BoundField
    name: BoundField
    identifier: BoundField
    unknown: BoundField

    @property
    def texts(self) -> tuple[BoundField, ...]:
        """Those that are written."""
        return self.sourced_id, self.name, self.identifier

    @property
    def spaced(self) -> bool:
        """Whether its Sourced ID contains a space."""
        return any(map(str.isspace, str(self.sourced_id.value() or "")))


class Identifiers(Ready):
    """The tenant, and for each school the Org's Sourced ID, Name and Identifier. Schools are repeatable.

    A Sourced ID is kept letter by letter: leading zeros and spaces are part of it.
    """

    facts: ClassVar[Mapping[str, str]] = {"tenant_name": "Tenant Name", "tenant_id": "Tenant ID"}
    #: How many schools came from a table just now.
    pasted = 0
    tenant_name = forms.CharField(
        label="Tenant Name", max_length=200, error_messages={"required": "Fill in the Tenant Name."}
    )
    tenant_id = forms.CharField(
        label="Tenant ID",
        max_length=100,
        error_messages={"required": "Fill in the Tenant ID."},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "data-doubt": "number", "autocomplete": "off"}),
        help_text="Where? In Roster Server, bottom left.",
    )
    table = forms.CharField(
        label="Schools, one a line",
        required=False,
        max_length=LONGEST_TABLE,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Three columns: Sourced ID, Name, Identifier, copied from a sheet or separated by commas.",
    )

    def __init__(self, orgs: Sequence[Org], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.count = min(max(1, len(orgs)), MOST_ORGS)
        for row in range(self.count):
            self.fields.update(_fields(row))
        self.fields["rows"] = forms.IntegerField(widget=forms.HiddenInput, required=False)
        self.initial.update(_initial(orgs), rows=self.count)

    @classmethod
    def begun(cls, school: str) -> Self:
        """One school, the one that looks."""
        return cls([Org(name=school)])

    @classmethod
    def sent(cls, given: QueryDict, school: str) -> Self:
        """As it was sent; or with other lines and nothing judged, if a button or a pasted table asks for that."""
        orgs = _orgs(given)
        again = {"tenant_name": given.get("tenant_name", ""), "tenant_id": given.get("tenant_id", "")}
        remove = given.get("remove", "")
        pasted, problem = _pasted(given.get("table", ""))
        if remove:
            return cls([org for row, org in enumerate(orgs) if str(row) != remove] or [Org()], initial=again)
        if pasted:
            kept = [org for org in orgs if not (org.empty and org.name.strip() in {"", school})]
            orgs = [*kept, *(org for org in pasted if org not in kept)]
        if problem or len(orgs) > MOST_ORGS:
            return cls._cannot_read(_orgs(given), given, problem or f"{MOST_ORGS} schools fit into one request.")
        if pasted:
            form = cls(orgs, initial=again)
            form.pasted = len(pasted)
            return form
        if "more" in given:
            return cls([*orgs, Org()], initial=again)
        return cls(orgs, data=given)

    @classmethod
    def _cannot_read(cls, orgs: Sequence[Org], given: QueryDict, problem: str) -> Self:
        """What is wrong with the table, before anything else is judged."""
        form = cls(orgs, data=given)
        form.errors.clear()
        form.add_error("table", problem)
        return form

    @property
    def of_the_tenant(self) -> tuple[BoundField, ...]:
        """The fields that are there once."""
        return self["tenant_name"], self["tenant_id"]

    @property
    def no_number(self) -> bool:
        """Whether the Tenant ID is none of the kind that ClassLink gives."""
        words = str(self["tenant_id"].value() or "").strip()
        return bool(words) and not words.isdecimal()

    @property
    def lines(self) -> list[Line]:
        """The fields, school by school."""
        return [Line(row + 1, *(self[f"{name}_{row}"] for name in FIELDS)) for row in range(self.count)]

    def clean(self) -> dict[str, Any]:
        """Each school once, and with its Identifier or the word that nobody knows it."""
        cleaned = super().clean() or self.cleaned_data
        seen: dict[str, int] = {}
        for row in range(self.count):
            sourced_id = cleaned.get(f"sourced_id_{row}", "")
            first = seen.setdefault(sourced_id, row)
            if sourced_id and first != row:
                self.add_error(f"sourced_id_{row}", f"School {first + 1} has the same Sourced ID.")
            identifier = f"identifier_{row}"
            if identifier in cleaned and not cleaned[identifier] and not cleaned.get(f"unknown_{row}"):
                self.add_error(identifier, "Fill this in, or tick that you don't know it.")
        return cleaned

    def details(self) -> dict[str, Any]:
        """The tenant, and each school's three identifiers ("" for an Identifier that nobody knows)."""
        given = self.cleaned_data
        named = ("sourced_id", "name", "identifier")
        orgs = [{name: given[f"{name}_{row}"] for name in named} for row in range(self.count)]
        return {"tenant_name": given["tenant_name"], "tenant_id": given["tenant_id"], "orgs": orgs}

    def doubts(self) -> list[str]:
        """A Tenant ID that is no number."""
        doubt = f"The Tenant ID {self.cleaned_data['tenant_id']} is not a number. {LOOK_AGAIN}"
        return [doubt] if self.no_number else []


def _fields(row: int) -> dict[str, forms.Field]:
    of = f"of school {row + 1}"
    as_typed = forms.TextInput(attrs={"data-doubt": "space", "autocomplete": "off", "spellcheck": "false"})
    return {
        f"sourced_id_{row}": forms.CharField(
            label="Sourced ID",
            max_length=255,
            strip=False,
            widget=as_typed,
            validators=[_not_blank],
            error_messages={"required": f"Fill in the Sourced ID {of}."},
        ),
        f"name_{row}": forms.CharField(
            label="Name", max_length=200, error_messages={"required": f"Fill in the Name {of}."}
        ),
        f"identifier_{row}": forms.CharField(label="Identifier", max_length=255, required=False),
        f"unknown_{row}": forms.BooleanField(label="Identifier unknown", required=False),
    }


def _not_blank(words: str) -> None:
    if not words.strip():
        raise forms.ValidationError("A Sourced ID is more than spaces.")


def _initial(orgs: Iterable[Org]) -> dict[str, str]:
    return {f"{name}_{row}": getattr(org, name) for row, org in enumerate(orgs) for name in FIELDS}


def _orgs(given: QueryDict) -> list[Org]:
    """The schools as they were typed."""
    rows = given.get("rows", "")
    count = int(rows) if rows.isdecimal() and len(rows) < 4 else 1
    return [Org(*(given.get(f"{name}_{row}", "") for name in FIELDS)) for row in range(min(max(1, count), MOST_ORGS))]


def _pasted(table: str) -> tuple[list[Org], str]:
    """The schools of a table, and what is wrong with it. A line of headings is none."""
    found: list[Org] = []
    for number, line in enumerate(LINE.split(table), start=1):
        cells = _cells(line)
        if not line.strip() or (not found and re.sub(r"[^a-z]", "", cells[0].lower()) == "sourcedid"):
            continue
        if len(cells) > COLUMNS:
            return [], f"Line {number} has {len(cells)} columns. We need {COLUMNS}: Sourced ID, Name, Identifier."
        sourced_id, name, identifier, *_ = [*cells, "", ""]
        found.append(Org(sourced_id, name.strip(), identifier.strip()))
    return found, ""


def _cells(line: str) -> list[str]:
    """The cells of a line: between tabs as a sheet gives them, else between commas."""
    try:
        cells = next(csv.reader([line], delimiter="\t" if "\t" in line else ","), [""])
    except csv.Error:
        cells = [line]
    while len(cells) > COLUMNS and not cells[-1].strip():
        cells.pop()
    return cells


GUIDE = Guide(
    "classlink",
    needs="You need a ClassLink administrator account. It can take up to 48 hours.",
    takes="Can take up to 48 hours.",
    promise=timedelta(hours=48),
    mend="In ClassLink's Roster Server, look whether SmartPass Roster Server Connection is still among your "
    "applications, is enabled, and shares your schools. You need a ClassLink administrator account.",
    asks="Send us these identifiers",
    ready=Identifiers,
)
