"""A district's roster at a OneRoster server: who is there, read once a night.

The base of every provider that speaks OneRoster; a provider adds how its server is found
and opened.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import ClassVar

from integrations.http import Limits, Traffic
from integrations.oneroster.client import Reading, Server, Walk
from integrations.oneroster.mapping import OF_THE_DISTRICT, PLACE_WORDS, ROLE_DEFAULTS, SCHOOL, read, read_org
from integrations.oneroster.several import MASTER, SeveralRecords, master_of
from integrations.provider import Malformed, Provider
from integrations.records import Found, Person, Place, Receipt

#: Ids that no path can carry: whatever is between takes them for "here" and "one up".
UNASKABLE = frozenset({".", ".."})


class OneRosterProvider(Provider):
    """One district behind a OneRoster server, of 1.1 or 1.2.

    Only `/orgs` and `/users` are read: `/schools` hides the district's own orgs, and
    `/students` and `/teachers` come empty from servers whose `/users` is full.
    """

    place_words = PLACE_WORDS
    role_defaults: ClassVar[Mapping[str, tuple[str, ...]]] = ROLE_DEFAULTS
    #: Rows per page. Many servers give fewer; more make a page too heavy for some.
    page_size: ClassVar[int] = 1000
    limits: ClassVar[Limits] = Limits()
    #: Called for every pause, with seconds; may raise to stop the run.
    sleep: Callable[[float], None] = staticmethod(time.sleep)

    _orgs: dict[str, Place] | None = None
    #: Why the orgs last read may not be all of them; "" if nothing speaks against it.
    _orgs_doubt = ""

    @cached_property
    def server(self) -> Server:
        """The server, found and opened when it is first needed."""
        return self.open()

    @abstractmethod
    def open(self) -> Server:
        """Find the server of this district and the door to it. Raises a `SourceError`."""

    @property
    def traffic(self) -> Traffic:
        """What this object's requests to the server have cost."""
        return self.server.http.traffic

    def close(self) -> None:
        """Those to the server, if it was opened."""
        if "server" in self.__dict__:
            self.server.http.close()

    def check(self) -> None:
        """Two requests: one org, one person. Raises a `SourceError`."""
        self.server.first("org")
        self.server.first("user")

    def places(self) -> list[Place]:
        """The schools the source shows now, sorted by name."""
        schools = [org for org in self._read_orgs(Reading()).values() if org.kind == SCHOOL]
        return sorted(schools, key=lambda place: (place.name.casefold(), place))

    def people(self, scope: Sequence[str]) -> Iterator[Person]:  # noqa: ARG002  the whole district is listed
        """Everybody the source shows, guardians left out.

        `scope` narrows nothing: the whole district is read, and people outside are yielded
        too. Orgs are read before and after the walk, and only schools shown both times are
        in the receipt, so that a school withdrawn meanwhile proves nothing. Records that say
        that they are one person come last. Raises `Changed` where the source says that it
        changed meanwhile.
        """
        self._receipt = None
        receipt, reading = Receipt(), Reading()
        before = self._read_orgs(reading)
        doubt = self._orgs_doubt
        kinds = {key: org.kind for key, org in before.items()}
        today = _today()
        walk = self.server.walk("user", self.page_size, reading)
        with SeveralRecords() as several:
            for page in walk:
                for row in page:
                    person = read(row, kinds, today)
                    if person is None:
                        receipt.ignored += 1
                    elif MASTER in row and not person.problem and (master := master_of(row)):
                        several.add(master, person)
                    else:
                        yield person
            yield from several
            receipt.ignored += several.united
        after = self._read_orgs(reading)
        receipt.pages, receipt.rows, receipt.announced = walk.pages, walk.rows, walk.announced
        receipt.places = [key for key, org in before.items() if org.kind == SCHOOL and key in after]
        # Rows that came twice moved while they were read, and others may have moved out of sight: only a total tells.
        receipt.closed = not walk.repeated or walk.announced is not None
        if walk.repeated:
            receipt.notes["repeated"] = str(walk.repeated)
        # Without the district's own org its administrators would be somebody at a school that nobody linked.
        if doubt or self._orgs_doubt:
            receipt.closed, receipt.notes["open"] = False, doubt or self._orgs_doubt
        self._receipt = receipt

    def look_up(self, external_id: str, scope: Sequence[str]) -> Found:
        """What the server says about this one record now.

        Somebody present counts as in scope with a school in `scope`, or a role that stands
        for the whole district; so does a record that cannot be read, because nothing may be
        concluded from it. Of somebody with several records, this tells of the one.
        """
        if external_id in UNASKABLE:
            return self._look_through(external_id, scope)
        row = self.server.one("user", external_id)
        if row is None:
            self._must_answer_about_people()
            return Found("gone")
        if str(row.get("sourcedId")) != external_id:
            raise Malformed(f"{self.label} answered a question about one person with another person.")
        person = read(row, self._kinds(), _today())
        return Found("out_of_scope") if person is None else _found(person, scope)

    def _look_through(self, external_id: str, scope: Sequence[str]) -> Found:
        """The answer of a whole listing."""
        found = [person for person in self.people(scope) if person.external_id == external_id]
        return _found(found[0], scope) if found else Found("gone")

    def _must_answer_about_people(self) -> None:
        """Raises `Malformed` unless "there is none" means that: the address answers for somebody who is there.

        Asked after each such answer: an address that leads nowhere from one moment on says so of everybody.
        """
        if self._somebody is None or self.server.one("user", self._somebody) is None:
            raise Malformed(f"{self.label} does not answer about single people.")

    @cached_property
    def _somebody(self) -> str | None:
        """The id of somebody who is there."""
        row = self.server.first("user")
        return None if row is None else str(row.get("sourcedId"))

    def _kinds(self) -> dict[str, str]:
        orgs = self._orgs if self._orgs is not None else self._read_orgs(Reading())
        return {key: org.kind for key, org in orgs.items()}

    def _read_orgs(self, reading: Reading) -> dict[str, Place]:
        walk = self.server.walk("org", self.page_size, reading)
        listed = [read_org(row) for page in walk for row in page]
        self._orgs_doubt = _doubt(walk)
        self._orgs = {org.external_id: org for org in listed if org}
        return self._orgs


def _doubt(walk: Walk) -> str:
    """Why these orgs may not be all of them, by the rules for people."""
    if walk.announced is not None and walk.announced != walk.rows:
        return f"The source announced {walk.announced:,} schools and other orgs and sent {walk.rows:,}."
    if walk.repeated and walk.announced is None:
        return "The source sent some orgs twice, so others may be missing."
    return ""


def _found(person: Person, scope: Sequence[str]) -> Found:
    linked = set(scope)
    if person.problem or not person.active:
        return Found("in_scope" if person.problem else "inactive", person)
    within = any(role.word in OF_THE_DISTRICT or role.place in linked for role in person.roles)
    return Found("in_scope" if within else "out_of_scope", person)


def _today() -> str:
    """The day the roster is read for: at 11 PM Eastern it is the next one, and so is the date in UTC."""
    return datetime.now(UTC).date().isoformat()
