"""Asking the source about one person now, for a page somebody waits for. Writes nothing.

The question is asked at most once a minute for a person, and so many times in five minutes
for a reader: a page must not use up what the night's sync needs of the source.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.utils.timezone import now

from accounts.models import Roles
from accounts.people import NotPossible
from accounts.templatetags.smartpass import spaced
from integrations import registry
from integrations.provider import Refused, SourceError

if TYPE_CHECKING:
    from datetime import datetime

    from accounts.models import User
    from integrations.records import Found, Person, Role
    from rostering.models import Record
    from rostering.narrowing import Seen

#: Seconds for which an answer about a person is given again instead of asked again.
KEPT = 60
#: So many questions a reader has in so many seconds.
QUESTIONS, WINDOW = 20, 300
#: Nobody has more ids at a source than are worth asking while somebody waits.
IDS = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What the source says now, as far as the reader may know it.

    `state` is here, elsewhere (nothing at the reader's schools), inactive, gone, unreadable
    or silent (then `problem` says why). `differs` holds (field, last known, now).
    """

    source: str
    state: str
    asked_at: datetime
    roles: list[tuple[str, str]] = field(default_factory=list)
    differs: list[tuple[str, str, str]] = field(default_factory=list)
    problem: str = ""


def ask(seen: Seen) -> Answer:
    """The source's answer about the person of an explanation that was narrowed to its reader.

    Raises NotPossible, in words, if the source knows no id of theirs or was asked too often.
    """
    source = registry.label(seen.told.connection.kind)
    if not registry.can_be_asked(seen.told.connection.kind):
        raise NotPossible(f"{source} gives whole lists and can't be asked about one person.")
    ids = [record.external_id for record in seen.told.records]
    ids = list(dict.fromkeys([*ids, *(link.external_id for link in seen.told.links)]))[:IDS]
    if not ids or seen.deleted:
        raise NotPossible(f"{source} can only be asked about people it has given us an id for.")
    if seen.told.connection.state == "disconnected" or seen.told.connection.stopped:
        raise NotPossible(f"{source} can't be asked while it is disconnected or stopped.")
    # An answer belongs to its reader: it was narrowed to what they may see.
    key = f"check:{seen.told.connection.pk}:{seen.reader.pk}:{ids[0]}"
    known: Answer | None = cache.get(key)
    if known is not None:
        return known
    if not cache.add(f"check:{seen.told.connection.pk}:{ids[0]}", 1, KEPT):
        raise NotPossible(f"{source} was asked about this person less than a minute ago. Try again in a minute.")
    _count(seen.reader, source)
    answer = _ask(seen, source, ids)
    cache.set(key, answer, KEPT)
    return answer


def _count(reader: User, source: str) -> None:
    key = f"checks:{reader.pk}"
    cache.add(key, 0, WINDOW)
    if cache.incr(key) > QUESTIONS:
        raise NotPossible(f"You have asked {source} {QUESTIONS} times in five minutes. Try again in five minutes.")


def _ask(seen: Seen, source: str, ids: list[str]) -> Answer:
    try:
        with closing(registry.open_provider(seen.told.connection, hurried=True)) as provider:
            found = [provider.look_up(each, sorted(seen.places)) for each in ids]
    except Refused:
        return Answer(source, "silent", now(), problem=f"{source} no longer accepts our access")
    except SourceError:
        return Answer(source, "silent", now(), problem=f"{source} isn't answering")
    # Who is there by one of their ids is there.
    best = min(found, key=lambda each: _rank(seen, each))
    return _answer(seen, source, best)


def _rank(seen: Seen, found: Found) -> int:
    if found.person is None:
        return 3
    return 0 if _mine(seen, found.person) and found.person.active else 1


def _answer(seen: Seen, source: str, found: Found) -> Answer:
    person = found.person
    if person is None:
        return Answer(source, "gone" if seen.wide else "elsewhere", now())
    if person.problem:
        known = any(each.external_id == person.external_id for each in seen.told.records)
        return Answer(source, "unreadable" if known or seen.wide else "elsewhere", now(), problem=person.problem)
    roles = _mine(seen, person)
    if not roles:
        return Answer(source, "elsewhere", now())
    state = "here" if person.active else "inactive"
    told = [(spaced(role.word), _place(seen, role)) for role in roles]
    return Answer(source, state, now(), roles=told, differs=_differences(seen, person))


def _mine(seen: Seen, person: Person) -> list[Role]:
    """What somebody is at the reader's own places; for whoever answers for the district, all of it."""
    return [role for role in person.roles if seen.wide or role.place in seen.places]


def _place(seen: Seen, role: Role) -> str:
    if role.place in seen.places:
        return seen.places[role.place].name
    at_district = Roles.DISTRICT_ADMIN in seen.told.words.get(role.word, [])
    return "the district" if at_district else "a school that is not linked"


def _differences(seen: Seen, person: Person) -> list[tuple[str, str, str]]:
    """What the source says otherwise than in its last complete listing."""
    last: Record | None = next((each for each in seen.told.records if each.external_id == person.external_id), None)
    if last is None:
        return []
    pairs = [
        ("First name", last.first_name, person.first_name),
        ("Last name", last.last_name, person.last_name),
        ("Email", last.email, person.email),
        ("Schools and roles", _spelled(seen, last), _spelled_now(seen, person)),
    ]
    return [(name, before or "(none)", after or "(none)") for name, before, after in pairs if before != after]


def _spelled(seen: Seen, record: Record) -> str:
    return _list(seen, [(role[0], role[1], role[2]) for role in record.roles])


def _spelled_now(seen: Seen, person: Person) -> str:
    return _list(seen, [(role.place, role.word, role.grade) for role in _mine(seen, person)])


def _list(seen: Seen, roles: list[tuple[str | None, str, str]]) -> str:
    named = {
        f"{word.replace('_', ' ')} at {seen.places[place].name}{f', grade {grade}' if grade else ''}"
        if place in seen.places
        else f"{word.replace('_', ' ')} elsewhere"
        for place, word, grade in roles
    }
    return "; ".join(sorted(named))
