"""Finding a person by whatever somebody knows of them, among those the reader may know of."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Q

from accounts.access import memberships_of, reach_of
from accounts.models import Roles, Status, User
from integrations import registry
from integrations.access import connections_of
from integrations.models import Link
from rostering.access_people import (
    is_taken,
    never_linked,
    people_of,
    places_of,
    records_of,
    with_number,
    with_text,
    with_word,
    without_account,
)
from rostering.summary import last_good

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from accounts.models import Membership, School
    from rostering.models import Record

#: Nobody's name has more words, and no box more letters.
WORDS, LONGEST = 8, 200
#: Nobody looks through more.
MOST = 2_000
#: So many names are compared for "looks close", and so many of them shown.
COMPARED, CLOSE = 1_000, 5
ALIKE = 0.72


class Hit(NamedTuple):
    """Somebody who was found: an account, or a record of the source without one."""

    name: str
    email: str
    where: str
    word: str
    tone: str
    account: User | None = None
    record: Record | None = None


class Looked(NamedTuple):
    """A source that was looked through, and when it was last read."""

    source: str
    read_at: datetime | None


@dataclass
class Found:
    """The people who were found, accounts first; a sequence of hits for pages.

    No more than MOST of each are found: whoever looks through so many adds a word.
    """

    reader: User
    at: School | None
    accounts: list[int]
    records: list[int]

    def count(self) -> int:
        """How many."""
        return len(self.accounts) + len(self.records)

    def __len__(self) -> int:
        """As `count`."""
        return self.count()

    @property
    def cut(self) -> bool:
        """Whether there may be more."""
        return MOST in (len(self.accounts), len(self.records))

    def __getitem__(self, part: slice) -> list[Hit]:
        """Some of them, with where they are and how they stand there."""
        start, stop = part.start or 0, self.count() if part.stop is None else part.stop
        first = len(self.accounts)
        people, records = self.accounts[start:stop], self.records[max(0, start - first) : max(0, stop - first)]
        return [
            *_accounts(self.reader, self.at, _in_order(people_of(self.reader).filter(pk__in=people))),
            *_records(self.reader, _in_order(records_of(self.reader).filter(pk__in=records))),
        ]


def find(reader: User, words: str, at: School | None = None) -> Found:
    """Whoever has exactly this e-mail, username, number or id; if nobody, whose name has all these words."""
    asked = words.strip()[:LONGEST]
    if not asked:
        return Found(reader, at, [], [])
    known = exactly(reader, asked, at)
    if known.count():
        return known
    each = folded(asked).split()[:WORDS]
    named = reduce(and_, (Q(search__contains=word) for word in each), Q())
    listed = reduce(and_, (with_word(word) for word in each), Q())
    records = records_of(reader, at, among=with_text().filter(listed)).filter(erased=False)
    return Found(reader, at, _ids(people_of(reader, at).filter(named)), _ids(without_account(reader, records)))


def exactly(reader: User, words: str, at: School | None = None) -> Found:
    """Whoever has exactly this e-mail, username, number or id."""
    asked = words.strip()[:LONGEST]
    return Found(reader, at, _exact_accounts(reader, asked, at), _exact_records(reader, asked, at))


def _exact_accounts(reader: User, asked: str, at: School | None) -> list[int]:
    """Each kind of name is asked for by itself: together they would read the whole district."""
    handle, people = asked.lower(), people_of(reader, at)
    members, sources = memberships_of(reader, at), connections_of(reader).values("pk")
    links = Link.objects.filter(connection__in=sources, external_id=asked)
    found = {*people.filter(login_email=handle).values_list("pk", flat=True)}
    found.update(people.filter(username=handle).values_list("pk", flat=True))
    found.update(people.filter(pk__in=list(links.values_list("user_id", flat=True))).values_list("pk", flat=True))
    if "@" in asked:
        unsigned = people.filter(login_email=None).exclude(email="")
        found.update(unsigned.filter(email__iexact=asked).values_list("pk", flat=True))
    if _like_a_number(asked):
        found.update(members.filter(number=asked, user__deleted_at=None).values_list("user_id", flat=True))
    return _ids(User.objects.filter(pk__in=found)) if found else []


def _exact_records(reader: User, asked: str, at: School | None) -> list[int]:
    records = without_account(reader, records_of(reader, at))
    sources = list(connections_of(reader).values_list("pk", flat=True))
    found = set(records.filter(connection__in=sources, external_id=asked).values_list("pk", flat=True))
    if "@" in asked:
        found.update(records.filter(connection__in=sources, login=asked.lower()).values_list("pk", flat=True))
    if _like_a_number(asked):
        found.update(records.filter(with_number(asked)).values_list("pk", flat=True)[:MOST])
    return _ids(records_of(reader, at).filter(pk__in=found)) if found else []


def _like_a_number(asked: str) -> bool:
    return any(each.isdigit() for each in asked) and "@" not in asked and " " not in asked


def close(reader: User, words: str, at: School | None = None) -> list[Hit]:
    """People whose name or e-mail looks like these words, the most alike first."""
    asked = folded(words.strip()[:LONGEST])
    each = asked.replace("@", " @").split()[:WORDS]
    if not each:
        return []
    people = people_of(reader, at)
    # Only those without an account are looked at, and a name before a place is.
    records = records_of(reader, at, among=never_linked().filter(_like(with_word, each)))
    accounts = people.filter(_like(_in_search, each)).values_list("pk", "search")[:COMPARED]
    listed = records.values_list("pk", "folded")[:COMPARED]
    ranked = sorted(
        [
            *((-_likeness(asked, text), 0, pk) for pk, text in accounts),
            *((-_likeness(asked, text), 1, pk) for pk, text in listed),
        ]
    )
    best = [(kind, pk) for score, kind, pk in ranked if -score >= ALIKE][:CLOSE]
    hits = {
        **{(0, hit.account.pk): hit for hit in _chosen(reader, at, people, best, 0) if hit.account},
        **{(1, hit.record.pk): hit for hit in _chosen(reader, at, records, best, 1) if hit.record},
    }
    return [hits[key] for key in best]


def elsewhere(reader: User, words: str, at: School | None) -> tuple[int, bool]:
    """How many more the reader would find at all of their schools, and whether a school they do not know has it.

    The second is said of an exact e-mail only.
    """
    reach = reach_of(reader)
    several = reach.district_wide or len(reach.own_schools) > 1
    more = find(reader, words).count() if at and several else 0
    hidden = "@" in words and not more and is_taken(reader, words)
    return more, hidden


def looked_at(reader: User) -> list[Looked]:
    """The sources that were looked through."""
    found = []
    for connection in connections_of(reader).order_by("kind", "pk"):
        good = last_good(connection)
        found.append(Looked(registry.label(connection.kind), good.finished_at if good else None))
    return found


def folded(text: str) -> str:
    """Lower case and without accents, as the database folds names."""
    if text.isascii():
        return text.lower()
    plain = (each for each in unicodedata.normalize("NFKD", text) if not "\u0300" <= each <= "\u036f")
    return "".join(plain).lower()


def _in_order(rows: Any) -> Any:
    return rows.order_by("last_name", "first_name", "pk")


def _ids(rows: Any) -> list[int]:
    return list(_in_order(rows).values_list("pk", flat=True)[:MOST])


def _like(has: Callable[[str], Q], words: Sequence[str]) -> Q:
    """Rows worth comparing: every word begins like one of theirs, or a long one is there as it is."""
    begins = reduce(and_, (has(word[:2]) for word in words))
    whole = [has(word) for word in words if len(word) > 3]
    return reduce(or_, whole, begins)


def _in_search(word: str) -> Q:
    return Q(search__contains=word)


def _likeness(asked: str, text: str) -> float:
    """How alike two are, 0 to 1: the better of name and e-mail, in whatever order the name was typed."""
    *names, email = text.split() if "@" in text else [*text.split(), ""]
    if "@" in asked:
        # Everybody's e-mail ends alike: what stands before the @ tells people apart.
        return SequenceMatcher(None, asked.split("@", maxsplit=1)[0], email.split("@")[0]).ratio()
    tried = [" ".join(names), " ".join(names[::-1])]
    return max((SequenceMatcher(None, asked, each).ratio() for each in tried if each), default=0.0)


def _chosen(reader: User, at: School | None, rows: Any, best: list[tuple[int, int]], kind: int) -> list[Hit]:
    chosen = list(rows.filter(pk__in=[pk for each, pk in best if each == kind])) if best else []
    return _records(reader, chosen) if kind else _accounts(reader, at, chosen)


def _accounts(reader: User, at: School | None, people: Sequence[User]) -> list[Hit]:
    seen: dict[int, list[Membership]] = {}
    ids = [each.pk for each in people]
    for member in memberships_of(reader, at).filter(user__in=ids).select_related("school").order_by("school__name"):
        seen.setdefault(member.user_id, []).append(member)
    return [
        Hit(
            person.get_full_name(),
            person.email,
            _where(seen.get(person.pk, [])),
            *_word(seen.get(person.pk, [])),
            person,
        )
        for person in people
    ]


def _where(members: Iterable[Membership]) -> str:
    return " · ".join(
        f"{', '.join(Roles(role).label for role in each.roles)}{_grade(each.grade)}"
        f", {each.school.name if each.school else 'District'}"
        for each in members
    )


def _grade(grade: str) -> str:
    return f", Grade {grade}" if grade else ""


def _word(members: Sequence[Membership]) -> tuple[str, str]:
    """Active if they are anywhere; otherwise what holds them back."""
    states = {each.status for each in members}
    for status, tone in ((Status.ACTIVE, "good"), (Status.DISABLED, "warn"), (Status.SUSPENDED, "warn")):
        if status in states:
            return str(status.label), tone
    return "No account here", ""


def _records(reader: User, records: Sequence[Record]) -> list[Hit]:
    if not records:
        return []
    places = places_of(reader)
    return [_record(record, places.get(record.connection_id, {})) for record in records]


def _record(record: Record, places: dict[str, School]) -> Hit:
    source = registry.label(record.connection.kind)
    at = sorted({places[role[0]].name for role in record.roles if role[0] in places})
    where = ", ".join(at) or f"At no school of yours in {source}"
    if record.erased:  # type: ignore[attr-defined]  # annotated by records_of
        return Hit("Deleted person", "", where, "Deleted", "warn", None, record)
    name = f"{record.first_name} {record.last_name}".strip() or f"Reference {record.external_id}"
    return Hit(name, record.email, where, f"In {source}, no account", "warn", None, record)
