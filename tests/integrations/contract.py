"""What every source has to keep, whoever it is. Each provider's test inherits this class.

A subclass gives a `Stage`: a sandbox with one district of at least three pages, and the
few things the contract does to it. The class is not collected by itself.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import pytest

from integrations.provider import Provider, Refused, SourceError
from integrations.records import Found, Person, Place, Receipt


class Stage(ABC):
    """One source with a roster of known people, as the contract needs it."""

    kind: type[Provider]
    #: How many people (rows that are somebody) the roster holds.
    size: int
    #: Texts that may appear in no error and no log line.
    unspeakable: list[str]
    #: Whether it logs what it asks, as all HTTP is logged; files may be read in silence.
    logs = True
    #: The linked places, for sources that read no more than is mapped for them.
    scope: Sequence[str] = ()

    @abstractmethod
    def open(self) -> Provider:
        """A fresh provider for the district, with pages small enough that there are several."""

    @abstractmethod
    def requests(self) -> int:
        """How many requests the source has answered, or how many pages of its files were read."""

    @abstractmethod
    def fail_last_page(self) -> None:
        """From now on the last page of people does not come."""

    @abstractmethod
    def refuse(self) -> None:
        """From now on the source does not accept our access."""

    @abstractmethod
    def remove(self, external_id: str) -> None:
        """Delete one person at the source."""

    def places(self, source: Provider) -> set[str]:
        """The ids of what people's roles can be at: what can be linked, or what parts of the source were mapped for."""
        return {place.external_id for place in source.places()}


class ProviderContract(ABC):
    """The tests. `stage` is the subclass's fixture."""

    provider: type[Provider]

    @pytest.fixture
    def stage(self) -> Iterator[Stage]:
        """The subclass's stage."""
        raise NotImplementedError

    def test_says_what_it_is(self) -> None:
        """A kind, a label, and what each role word means by default, known roles only."""
        assert self.provider.kind.isidentifier()
        assert self.provider.label
        known = {"student", "teacher", "admin", "assistant", "district_admin"}
        assert {role for roles in self.provider.role_defaults.values() for role in roles} <= known

    def test_its_settings_fit_supports_page(self) -> None:
        """Secrets are fields of the form, and no field has a name that the page itself uses."""
        fields = set(self.provider.Settings.base_fields) if self.provider.Settings else set()
        assert self.provider.secret_settings <= fields
        assert not fields & {"why", "token", "csrfmiddlewaretoken"}

    def test_people_are_canonical(self, stage: Stage) -> None:
        """Plain texts, trimmed, without what no database takes; every role with a word."""
        people = list(stage.open().people(stage.scope))
        assert len(people) == stage.size
        for person in people:
            assert type(person) is Person
            assert not person.problem
            for text in person[:4]:
                assert type(text) is str
                assert text == text.strip()
                text.encode()
                assert "\0" not in text
            assert person.external_id
            assert all(role.word and (role.place is None or type(role.place) is str) for role in person.roles)

    def test_ids_are_unique(self, stage: Stage) -> None:
        """One record for each id."""
        ids = [person.external_id for person in stage.open().people(stage.scope)]
        assert len(ids) == len(set(ids))

    def test_reading_twice_gives_the_same(self, stage: Stage) -> None:
        """From the same object and from another one."""
        source = stage.open()
        first = list(source.people(stage.scope))
        assert list(source.people(stage.scope)) == first
        assert list(stage.open().people(stage.scope)) == first

    def test_people_stream(self, stage: Stage) -> None:
        """The first person comes before the last page is asked for."""
        list(stage.open().people(stage.scope))
        whole = stage.requests()
        list(islice(stage.open().people(stage.scope), 1))
        assert stage.requests() - whole < whole - 1

    def test_the_receipt_comes_at_the_end(self, stage: Stage) -> None:
        """No receipt before the end; then one that accounts for every row and proves itself."""
        source = stage.open()
        walk = source.people(stage.scope)
        next(walk)
        with pytest.raises(RuntimeError):
            _ = source.receipt
        rest = list(walk)
        receipt = source.receipt
        assert isinstance(receipt, Receipt)
        assert receipt.rows - receipt.ignored == len(rest) + 1
        assert receipt.pages > 1
        assert receipt.closed
        places = stage.places(source)
        assert set(receipt.places) == places
        assert receipt.proven(places)
        assert not receipt.proven({*places, "a school nobody shares"})

    def test_a_failed_last_page_raises(self, stage: Stage) -> None:
        """Whatever came before, there is no quiet end and no receipt."""
        source = stage.open()
        list(source.people(stage.scope))
        assert source.receipt.closed
        stage.fail_last_page()
        with pytest.raises(SourceError):
            list(source.people(stage.scope))
        with pytest.raises(RuntimeError):
            _ = source.receipt

    def test_refused_access_names_no_secret(self, stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
        """`Refused`, in words fit for people, from every verb that asks."""
        caplog.set_level(logging.DEBUG)
        working = stage.open()
        list(working.people(stage.scope))
        stage.refuse()
        verbs: list[Callable[[], object]] = [
            lambda: stage.open().check(),
            lambda: list(stage.open().people(stage.scope)),
            lambda: stage.open().places(),
            working.check,
        ]
        if self.provider.answers_by_id:
            verbs.append(lambda: stage.open().look_up("a", []))
        for asked in verbs:
            with pytest.raises(Refused) as caught:
                asked()
            told = f"{caught.value} {caught.value!r} {caught.value.code}"
            assert not [secret for secret in stage.unspeakable if secret in told]
        assert bool(caplog.text) is stage.logs
        assert not [secret for secret in stage.unspeakable if secret in caplog.text]

    def test_check_asks_a_handful(self, stage: Stage) -> None:
        """At most five requests, however many people there are."""
        before = stage.requests()
        stage.open().check()
        assert 0 < stage.requests() - before <= 5

    def test_places_are_canonical(self, stage: Stage) -> None:
        """Unique ids and a name each; every place people name is among them, unnamed or the whole district."""
        source = stage.open()
        places = source.places()
        assert places
        assert all(type(place) is Place and place.name for place in places)
        ids = [place.external_id for place in places]
        assert len(ids) == len(set(ids))
        named = {role.place for person in source.people(stage.scope) for role in person.roles}
        assert named - {None, ""} <= stage.places(source)

    def test_look_up_agrees_with_people(self, stage: Stage) -> None:
        """The same record, in scope of its own place and out of scope of no place; or no answer at all."""
        source = stage.open()
        if not source.answers_by_id:
            with pytest.raises(NotImplementedError):
                source.look_up(next(source.people(stage.scope)).external_id, [])
            return
        for person in list(islice(source.people(stage.scope), 30)):
            scope = [role.place for role in person.roles if role.place]
            assert source.look_up(person.external_id, scope) == Found("in_scope", person)
            if None not in {role.place for role in person.roles}:
                assert source.look_up(person.external_id, []) == Found("out_of_scope", person)

    def test_who_is_gone_is_not_listed(self, stage: Stage) -> None:
        """Deleted, and never there; a source that can be asked says so, too."""
        source = stage.open()
        leaver = next(source.people(stage.scope))
        stage.remove(leaver.external_id)
        if source.answers_by_id:
            assert source.look_up(leaver.external_id, []) == Found("gone")
            assert source.look_up("nobody", []) == Found("gone")
        assert leaver not in list(source.people(stage.scope))

    def test_its_district_is_known_by_name(self, stage: Stage) -> None:
        """From what our vendor key lists, or from the settings that open it, which name the same one each time.

        Where a school lets us in itself, there is no such key, and nothing is listed.
        """
        source = stage.open()
        if source.maps:
            assert type(source).tenants(source.hosts, source.secrets) == []
            return
        if source.Settings is None:
            listed = {tenant.external_id: tenant.name for tenant in type(source).tenants(source.hosts, source.secrets)}
            assert listed[source.tenant]
            return
        tenant = type(source).upstream(source.settings)
        assert (tenant.external_id, bool(tenant.name)) == (source.tenant, True)
        assert not [secret for secret in source.secrets.values() if secret in tenant.external_id]
