"""Google G Suite as a source: the accounts in mapped units and groups of one Google customer, read once a night."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import ClassVar

from integrations.consent import Consent
from integrations.google.api import MOST_USERS, Directory, Row
from integrations.google.consent import GoogleConsent
from integrations.google.faults import SOURCE, Fault
from integrations.google.grant import Grant
from integrations.google.listing import Listing
from integrations.google.mapped import Mapped
from integrations.google.mapping import Account, id_of, read
from integrations.google.rights import look, may_read_groups, needed
from integrations.google.units import Tree, in_order
from integrations.http import Client, Limits, Traffic
from integrations.provider import Changed, Malformed, Provider
from integrations.records import Found, Person, Place, Receipt, Right, Role, Unreadable

API, TOKEN = "api", "token"
ACCOUNT, GRANTED = "account", "granted"
#: So often in a row a listing is broken off because Google changed meanwhile.
MOST_ANEW = 2


class GoogleProvider(Provider):
    """One Google customer, as the linked account may see it.

    `hosts` holds ``api`` and ``token``, `secrets` our ``client_id`` and ``client_secret`` and
    the connection's ``refresh_token``, `settings` the account's email (``account``) and the
    scopes it ``granted``; `tenant` is Google's customerId. `rules` say who is somebody.
    """

    kind = "gsuite"
    label = "G Suite"
    maps = True
    consent: ClassVar[type[Consent] | None] = GoogleConsent
    role_defaults: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    #: Accounts per page. Google: at most 500.
    page_size: ClassVar[int] = MOST_USERS
    limits: ClassVar[Limits] = Limits()
    #: Called for every pause, with seconds; may raise to stop the run.
    sleep: Callable[[float], None] = staticmethod(time.sleep)

    _mapped: Mapped | None = None
    _begun_anew = 0

    @property
    def traffic(self) -> Traffic:
        """What this object's requests to the directory have cost."""
        return self._directory.client.traffic

    def check(self) -> None:
        """At most five requests. Raises a `SourceError`: the first right that is needed and missing."""
        needed(self.rights(), groups=any(rule.kind == "group" for rule in self.rules))

    def rights(self) -> list[Right]:
        """What the linked account may read, line by line; at most five requests. Raises what no right explains."""
        return look(self._directory, self._grant, self._account, self.settings.get(GRANTED, ""))

    def places(self) -> list[Place]:
        """All organizational units as they are now: each before what lies below it."""
        return in_order(Tree(self._directory.units()).places)

    def groups(self) -> list[Place]:
        """All groups, by email; nothing where the permission does not cover them."""
        self._grant.header()
        if not may_read_groups(self._grant, self.settings.get(GRANTED, "")):
            return []
        rows = [row for page in self._directory.groups() for row in page]
        found = [
            Place(key, email.lower(), "group")
            for key, email in ((row.get("id"), row.get("email")) for row in rows)
            if type(key) is str and key and type(email) is str and email
        ]
        return sorted(found, key=lambda place: (place.name, place.external_id))

    def people(self, scope: Sequence[str]) -> Iterator[Person]:
        """Everybody in a mapped unit or group, each once, with all roles the mapping gives.

        Guests and the linked account itself are nobody. A mapped unit or group that is gone or
        cannot be read spoils only itself: the receipt then proves nothing for its place, and
        says why. Raises `Changed` for units that moved, and for somebody who was read as two things.
        """
        self._receipt = None
        receipt = Receipt()
        mapped = self._map()
        with Listing(self._directory, mapped, receipt, self._read_anew) as listing:
            for row in listing:
                person = self._person(row, mapped)
                if person is not None and listing.is_new(person):
                    yield person
                else:
                    receipt.ignored += 1
        broken = [each for each in mapped.broken if each.rule.place in set(scope)]
        unsure = {each.rule.place for each in broken}
        receipt.places = [place for place in dict.fromkeys(scope) if place not in unsure]
        receipt.closed = not broken
        if broken:
            receipt.notes["open"] = " ".join(dict.fromkeys(each.words for each in broken))
            gone = [each.rule.source_id for each in broken if each.gone]
            receipt.notes.update({"gone": " ".join(dict.fromkeys(gone))} if gone else {})
        self._begun_anew = 0
        self._receipt = receipt

    def look_up(self, external_id: str, scope: Sequence[str]) -> Found:
        """What Google says about one account now.

        Google: a 403 about one account means that it is not ours to see, if others still are.
        Somebody in no mapped unit or group has one role at no place; its word is their unit.
        """
        try:
            row = self._directory.user(external_id)
        except Fault:
            self._still_reads_users()
            return Found("out_of_scope")
        if row is None:
            return Found("gone")
        if id_of(row) != external_id:
            raise Malformed(f"{SOURCE} answered a question about one person with another person.")
        return self._found(row, scope)

    def find(self, email: str) -> Found | None:
        """Whoever has this email, or had it and keeps it as an alias."""
        if "@" not in email:
            return None
        try:
            row = self._directory.user(email.strip())
        except Fault:
            self._still_reads_users()
            return None
        return None if row is None else self._found(row, [rule.place for rule in self.rules])

    def _found(self, row: Row, scope: Sequence[str]) -> Found:
        mapped = self._mapped or self._map()
        try:
            account = self._read(row)
        except Unreadable as problem:
            return Found("in_scope", Person(id_of(row), problem=str(problem)))
        if not mapped.knows(account.path):
            mapped = self._map()
        roles = () if self._is_nobody(account) else mapped.roles(account)
        person = account.person(roles or (Role("", account.path),))
        if not person.active:
            return Found("inactive", person)
        within = not {role.place for role in roles}.isdisjoint(scope)
        return Found("in_scope" if within else "out_of_scope", person)

    def _person(self, row: Row, mapped: Mapped) -> Person | None:
        """Somebody with roles, or whose record cannot be read; None for everybody else."""
        try:
            account = self._read(row)
        except Unreadable as problem:
            return Person(id_of(row), problem=str(problem))
        if self._is_nobody(account):
            return None
        if not mapped.knows(account.path):
            self._read_anew()
        roles = mapped.roles(account)
        return account.person(roles) if roles else None

    def _read(self, row: Row) -> Account:
        """One account of this customer. Another customer's means that the link leads somewhere else now."""
        if row.get("customerId") != self.tenant:
            raise Malformed(f"{SOURCE} answered with people of another Google customer than the one that is linked.")
        return read(row)

    def _is_nobody(self, account: Account) -> bool:
        own = {self._account, self._own_id} - {""}
        return account.guest or account.email in own or account.external_id in own

    def _read_anew(self) -> None:
        """Raise `Changed`: units moved, or somebody did. Who reads on and on would never come to an end: twice at most.

        What is then still not where it was listed breaks only itself.
        """
        if self._begun_anew < MOST_ANEW:
            self._begun_anew += 1
            raise Changed("Google changed while it was read.")

    def _map(self) -> Mapped:
        """The mapping, with units and groups as they are now."""
        self._mapped = Mapped(self._directory, self.rules)
        return self._mapped

    def _still_reads_users(self) -> None:
        """Raise `Refused` unless accounts can be read at all."""
        self._directory.count_users()

    @property
    def _account(self) -> str:
        return self.settings.get(ACCOUNT, "").lower()

    @cached_property
    def _own_id(self) -> str:
        """The linked account's id: its email may have become an alias since."""
        try:
            row = self._directory.user(self._account) if self._account else None
        except Fault:
            row = None
        return id_of(row) if row else ""

    @cached_property
    def _grant(self) -> Grant:
        http = Client(self.hosts[TOKEN], SOURCE, self.limits, self.sleep)
        return Grant(http, self.secrets, self.keep)

    @cached_property
    def _directory(self) -> Directory:
        http = Client(self.hosts[API], SOURCE, self.limits, self.sleep)
        return Directory(http, self._grant, self.page_size)
