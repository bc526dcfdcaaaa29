"""OneRoster's query language: limit, offset, sort, orderBy, filter and fields."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from integrations.sandbox.server import Request

Row = dict[str, Any]
DEFAULT_LIMIT = 100
MOST = 10_000
PREDICATE = re.compile(r"\s*([\w.]+)\s*(!=|>=|<=|=|>|<|~)\s*'([^']*)'\s*")
#: Parameters have to be percent-encoded: these may not stand in a query as they are.
UNENCODED = re.compile(r"[\"'<>\s]")
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda one, other: bool(one == other),
    "!=": lambda one, other: bool(one != other),
    ">": lambda one, other: bool(one > other),
    ">=": lambda one, other: bool(one >= other),
    "<": lambda one, other: bool(one < other),
    "<=": lambda one, other: bool(one <= other),
}


class WrongQuery(Exception):
    """A query this server refuses: the status, and what is wrong with it."""

    def __init__(self, status: int, description: str, minor: str = "invaliddata") -> None:
        """`minor` is the code for machines."""
        super().__init__(description)
        self.status = status
        self.minor = minor


class Listing(NamedTuple):
    """What a collection holds: its keys in the order of ids, and each one's row as it is sent."""

    kind: str
    name: str
    keys: Sequence[Any]
    row: Callable[[Any], Row]
    fields: frozenset[str]


class Window(NamedTuple):
    """Which part of a collection is asked for."""

    limit: int
    offset: int


def window(request: Request, faults: Mapping[str, Any]) -> Window:
    """Limit and offset; a server may refuse a wrong one (`bad_limit`) or fall back to its own (choice)."""
    most = int(faults.get("clamp", MOST))
    default = min(int(faults.get("default_limit", DEFAULT_LIMIT)), most)
    limit = _number(request, "limit", 1, default, faults)
    return Window(min(limit, most), _number(request, "offset", 0, 0, faults))


def _number(request: Request, name: str, least: int, default: int, faults: Mapping[str, Any]) -> int:
    said = request.first(name, str(default))
    if said.isdecimal() and int(said) >= least:
        return int(said)
    if "bad_limit" in faults:
        raise WrongQuery(int(faults["bad_limit"]), f"{name} is no number of this kind")
    return default


def arranged(
    listing: Listing, request: Request, turn: int, faults: Mapping[str, Any], kept: Callable[..., Any]
) -> Sequence[Any]:
    """The keys asked for, in the order asked for.

    Without a (known) `sort` the order is the server's own affair: here it is another one
    at every `turn`, unless the switch `steady` is set.
    """
    if UNENCODED.search(request.raw_query):
        raise WrongQuery(400, "the query is not percent-encoded")
    keys, said = listing.keys, request.first("filter")
    name = (listing.name, said, faults.get("filter"))
    if said and faults.get("filter") != "ignore":
        keys = kept(("filter", *name), lambda: _filtered(listing, said, faults))
    sort, direction = request.first("sort"), request.first("orderBy", "asc")
    if sort and sort in listing.fields:
        if sort != "sourcedId":
            keys = kept(("sort", *name, sort), lambda: _sorted(listing, keys, sort))
        return keys[::-1] if direction == "desc" else keys
    return keys if faults.get("steady") else Shuffled(keys, turn)


class Shuffled(Sequence[Any]):
    """A sequence in another order for every turn, without a list of it."""

    def __init__(self, keys: Sequence[Any], turn: int) -> None:
        """The turn decides where it begins and how far it steps."""
        self._keys = keys
        size = max(len(keys), 1)
        self._start = turn % size
        step = size * 618 // 1000 + turn % 7
        while math.gcd(step, size) != 1:
            step += 1
        self._step = step

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        return self._keys[(self._start + place * self._step) % len(self._keys)]


def projection(request: Request) -> Callable[[Row], Row]:
    """Only the fields asked for, in one list with commas or in several parameters; unknown ones are ignored."""
    named = {field for said in request.query.get("fields", ()) for field in said.split(",") if field}
    return (lambda row: {key: value for key, value in row.items() if key in named}) if named else lambda row: row


def _filtered(listing: Listing, said: str, faults: Mapping[str, Any]) -> list[Any]:
    if faults.get("filter") == "empty":
        return []
    if isinstance(faults.get("filter"), int):
        raise WrongQuery(faults["filter"], "this server knows no such filter", "invalid_filter_field")
    test = _condition(said, listing.fields)
    return [key for key in listing.keys if test(listing.row(key))]


def _condition(said: str, fields: frozenset[str]) -> Callable[[Row], bool]:
    """AND binds tighter than OR; there are no parentheses."""
    groups = [[_predicate(part, fields) for part in re.split(" AND ", group)] for group in re.split(" OR ", said)]
    return lambda row: any(all(test(row) for test in group) for group in groups)


def _predicate(said: str, fields: frozenset[str]) -> Callable[[Row], bool]:
    match = PREDICATE.fullmatch(said)
    if not match:
        raise WrongQuery(400, "this is no filter")
    field, operator, value = match.groups()
    if field.partition(".")[0] not in fields:
        raise WrongQuery(400, f"no such field: {field}", "invalid_filter_field")
    if field == "dateLastModified":
        moment = _moment(value)
        if moment is None:
            raise WrongQuery(400, "this is no date")
        return lambda row: COMPARE.get(operator, COMPARE["="])(_moment(str(row.get(field))), moment)
    if operator == "~":
        return lambda row: any(value in each for each in _texts(row, field))
    return lambda row: any(COMPARE[operator](each, value) for each in _texts(row, field))


def _texts(row: Row, path: str) -> list[str]:
    """Every value a dotted path leads to, as text."""
    values: list[Any] = [row]
    for part in path.split("."):
        found = [each.get(part, "") for each in values if isinstance(each, dict)]
        values = [inner for each in found for inner in (each if isinstance(each, list) else [each])]
    return [str(each) for each in values] or [""]


def _moment(said: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _sorted(listing: Listing, keys: Sequence[Any], field: str) -> list[Any]:
    def value(key: Any) -> str:
        return ",".join(_texts(listing.row(key), field))

    return sorted(keys, key=value)
