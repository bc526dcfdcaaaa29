"""Who is at a school: searched, filtered, counted, put in order and read a page at a time.

A line is a membership, so that one person at two schools has two, each with its own
roles and status. A district has 100,000 people, and the pages wait: what a search finds
is looked for once and then named by id, everything is counted in one statement, and a
page's ids are found first, from the nearer end of an index, and only those rows read.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_
from typing import TYPE_CHECKING

from django.contrib.postgres.aggregates import BitOr
from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Exists, F, Func, OuterRef, Q, TextField, Value
from django.db.models.functions import Collate, Left, Now
from django.db.models.lookups import GreaterThan

from accounts.access import memberships_of
from accounts.asking import ANY, STATUSES
from accounts.models import NAME, ROLE_BITS, STANDS, STATUS_BITS, Membership, Pin, Status, User

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.db.models import QuerySet

    from accounts.asking import Asked
    from accounts.models import School

#: What finds no more than this is named by id from then on.
FOUND = 5_000
#: A list of no more than this is not looked for by walking an index of a whole district.
FEW = 5_000
#: Seconds for which the sources of all of somebody's schools are remembered: reading them looks at everybody.
REMEMBERED = 60
#: An id that no row has: a list of none of them would be no statement at all.
NOBODY = 0
TONES = {Status.ACTIVE: "good", Status.DISABLED: "warn", Status.SUSPENDED: "bad"}


@dataclass(frozen=True)
class Counts:
    """People by role and in all, how many of them count in several roles, and lines.

    `lines` are kept apart by status; `hidden` are the people whom only the status leaves out.
    """

    roles: dict[str, int]
    people: int
    several: int
    lines: dict[str, int]
    hidden: dict[str, int]


@dataclass(frozen=True)
class Line:
    """One membership with whether it is protected from the sync."""

    membership: Membership
    protected: bool

    @property
    def name(self) -> str:
        """Last name first, as the list is ordered."""
        return surname_first(self.membership.user)

    @property
    def tone(self) -> str:
        """The look of the status."""
        return TONES[Status(self.membership.status)]


class Listing:
    """The accounts that were asked for, where this person looks and as far as they may see.

    It has a length, and slices of it are lines.
    """

    def __init__(self, user: User, at: School | None, asked: Asked) -> None:
        self.user, self.at, self.asked = user, at, asked
        _think_big()
        self._within = _found(_filtered(memberships_of(user, at), asked), asked.words)

    @cached_property
    def counts(self) -> Counts:
        """How many there are, counted once."""
        return _count(self._within, self.asked)

    def __len__(self) -> int:
        return sum(self.counts.lines.values())

    def __getitem__(self, part: slice) -> list[Line]:
        ids = self._ids(part.start or 0, min(part.stop, len(self)))
        rows = Membership.objects.filter(pk__in=ids).select_related("user", "school")
        by_id = {row.pk: row for row in rows.annotate(protected=is_protected())}
        return [Line(by_id[pk], by_id[pk].protected) for pk in ids]

    @property
    def rows(self) -> QuerySet[Membership]:
        """Every line, in no order."""
        return self._within.filter(standing__in=_listed(self.asked))

    def in_order(self) -> QuerySet[Membership]:
        """Every line by name."""
        return by_name(self.rows)

    def _ids(self, start: int, stop: int) -> list[int]:
        sort, backwards = self.asked.sort.removeprefix("-"), self.asked.sort.startswith("-")
        # An index is walked in order only where the district is named, although row-level security names it already.
        # For a few among many that would be a walk past everybody: they are gathered and sorted.
        rows = self.rows
        if len(self) > FEW:
            rows = rows.filter(user__district=self.user.district_id)
        if sort == "status":
            return _by_status(rows, self.counts.lines, part=(start, stop), backwards=backwards)
        ordered = _by_sign_in(rows, backwards=backwards) if sort == "sign_in" else by_name(rows, backwards=backwards)
        return _part(ordered, start, stop, len(self))


def sources(user: User, at: School | None) -> list[str]:
    """Where the accounts come from, in words, for a filter."""
    key = f"sources:{user.pk}"
    known: list[str] | None = cache.get(key) if at is None else None
    if known is None:
        labels = memberships_of(user, at).order_by().values_list("origin_label", flat=True).distinct()
        known = sorted(labels)
        if at is None:
            cache.set(key, known, REMEMBERED)
    return known


def names(ids: Collection[int], number: int) -> list[str]:
    """What the first of these memberships' people are called, by name: "Moss, Dana"."""
    rows = by_name(Membership.objects.filter(pk__in=ids)).select_related("user")[:number]
    return [surname_first(row.user) for row in rows]


def surname_first(user: User) -> str:
    """A name as lists show it, which are in the order of last names."""
    return ", ".join(filter(None, (user.last_name, user.first_name))) or user.get_full_name()


def is_protected() -> Exists:
    """Whether somebody decided that the sync must leave something of a membership alone."""
    standing = Q(until=None) | Q(until__gt=Now())
    here = Q(school=None) | Q(school=OuterRef("school"))
    return Exists(Pin.objects.filter(standing, here, user=OuterRef("user")))


def _think_big() -> None:
    """For the rest of this transaction: count in memory and alone, and walk through indexes.

    100,000 people fit into 32 MB and not into PostgreSQL's 4; starting helpers, or compiling a
    statement, costs more than finding a page. What a list needs lies in memory, where one row
    is as near as the next.
    """
    wanted = {"work_mem": "32MB", "max_parallel_workers_per_gather": "0", "jit": "off", "random_page_cost": "1.1"}
    with connection.cursor() as cursor:
        settings = ", ".join("set_config(%s, %s, true)" for _ in wanted)
        cursor.execute(f"SELECT {settings}", [word for pair in wanted.items() for word in pair])


def _filtered(rows: QuerySet[Membership], asked: Asked) -> QuerySet[Membership]:
    """Everything but the search, the status and the tab, by which the counts are kept apart."""
    if asked.source:
        rows = rows.filter(origin_label=asked.source)
    if asked.protected:
        rows = rows.filter(is_protected())
    if asked.never:
        rows = rows.filter(user__last_login=None)
    return rows


def _found(rows: QuerySet[Membership], words: list[str]) -> QuerySet[Membership]:
    if not words:
        return rows
    # Where a number may be meant, memberships are looked through; everybody's names are in any case, so once.
    numbers = [word for word in words if any(map(str.isdigit, word))]
    matching = rows
    if names := [word for word in words if word not in numbers]:
        matching = matching.filter(user__in=_named(*names))
    for word in numbers:
        matching = matching.filter(Q(user__in=_named(word)) | Q(number__icontains=word))
    ids = list(matching.order_by().values_list("pk", flat=True)[: FOUND + 1])
    return matching if len(ids) > FOUND else Membership.objects.filter(pk__in=ids or [NOBODY])


def _named(*words: str) -> QuerySet[User, int]:
    """Those with all of these words anywhere in name, e-mail or username."""
    folded = (Func(Value(word), function="smartpass_fold", output_field=TextField()) for word in words)
    return User.objects.filter(*(Q(search__contains=word) for word in folded)).values_list("pk", flat=True)


def _listed(asked: Asked) -> list[int]:
    """What the standing of a listed membership may be: one of few numbers, of each of which there are statistics."""
    wanted = ROLE_BITS.get(asked.role, STANDS)
    return [
        bits * STATUS_BITS[status] for status in _statuses(asked) for bits in range(STANDS, 2 * STANDS) if bits & wanted
    ]


def _count(rows: QuerySet[Membership], asked: Asked) -> Counts:
    """Count people by what all their memberships make of them, in one statement."""
    statuses = _statuses(asked)
    people = rows.order_by().values("user_id").annotate(seen=BitOr("standing"))
    listed = ROLE_BITS.get(asked.role, STANDS)
    lines = {f"lines_{status}": Count("user", filter=_stands(listed * STATUS_BITS[status])) for status in statuses}
    inner, parameters = people.annotate(**lines).query.sql_with_params()
    sums = ", ".join(f"sum({name})::bigint" for name in lines)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT seen, count(*), {sums} FROM ({inner}) each GROUP BY seen", parameters)  # noqa: S608
        found = cursor.fetchall()
    by_status = dict(zip(statuses, map(sum, list(zip(*found, strict=True))[2:]), strict=True)) if found else {}
    return _counts([row[:2] for row in found], by_status, statuses)


def _stands(bits: int) -> Q:
    return Q(GreaterThan(F("standing").bitand(bits), 0))


def _statuses(asked: Asked) -> tuple[str, ...]:
    """The statuses of the lines that are listed."""
    return STATUSES if asked.status == ANY else (asked.status,)


def _counts(found: list[tuple[int, int]], lines: dict[str, int], statuses: tuple[str, ...]) -> Counts:
    """The numbers, from how many people stand how."""

    def number(bits: int) -> int:
        return sum(people for seen, people in found if seen & bits)

    def roles(seen: int) -> int:
        return reduce(or_, (seen // STATUS_BITS[status] & STANDS - 1 for status in statuses))

    listed = sum(STATUS_BITS[status] for status in statuses)
    hidden = {status: STANDS * bit for status, bit in STATUS_BITS.items() if statuses != (status,)}
    return Counts(
        roles={role: number(bit * listed) for role, bit in ROLE_BITS.items()},
        people=number(STANDS * listed),
        several=sum(people for seen, people in found if roles(seen).bit_count() > 1),
        lines=lines,
        hidden={status: 0 if status in statuses else number(bits) for status, bits in hidden.items()},
    )


def by_name(rows: QuerySet[Membership], *, backwards: bool = False) -> QuerySet[Membership]:
    """By last name, first name and e-mail, as they are folded for searching, byte by byte: as the index is."""
    ordered = rows.order_by(Collate(Left("user__search", NAME), "C"), "user_id", "pk")
    return ordered.reverse() if backwards else ordered


def _by_sign_in(rows: QuerySet[Membership], *, backwards: bool) -> QuerySet[Membership]:
    """By last sign-in, from those who never did to the latest; backwards the latest are first."""
    ordered = rows.order_by(F("user__last_login").desc(nulls_last=True), "user_id", "pk")
    return ordered if backwards else ordered.reverse()


def _by_status(
    rows: QuerySet[Membership], numbers: dict[str, int], *, part: tuple[int, int], backwards: bool
) -> list[int]:
    """By status and then by name: each status is a list of its own, and a page lies in one or two of them."""
    ids: list[int] = []
    before = 0
    for status in reversed(STATUSES) if backwards else STATUSES:
        number = numbers.get(status, 0)
        first, last = max(part[0] - before, 0), min(part[1] - before, number)
        if first < last:
            ids += _part(by_name(rows.filter(status=status)), first, last, number)
        before += number
    return ids


def _part(ordered: QuerySet[Membership], first: int, last: int, number: int) -> list[int]:
    """Some ids of an ordered list of so many, walked from its nearer end."""
    # Nobody is further than half of the list from one of the ends of its index.
    if first > number // 2:
        return list(ordered.reverse().values_list("pk", flat=True)[number - last : number - first])[::-1]
    return list(ordered.values_list("pk", flat=True)[first:last])
