"""The seam: what a source must be able to do, and the three ways in which it can fail.

A provider knows nothing of requests, models or Django settings. It is given its
settings, its secrets and the hosts it talks to, and speaks HTTP through `http.py` only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from django import forms

    from integrations.consent import Consent
    from integrations.records import Found, Person, Place, Receipt, Right, Rule, Tenant


class SourceError(Exception):
    """Something a source did that stops a run. `code` is one of the catalogue's E- codes."""

    code = "E-SOURCE-DOWN"

    def __init__(self, message: str, code: str | None = None) -> None:
        """`message` is shown to people: it never holds a secret or a person's name."""
        super().__init__(message)
        if code:
            self.code = code


class Unreachable(SourceError):
    """The source does not answer, or asks us to wait: try again later."""


class Changed(Unreachable):
    """The source's data changed while it was read: what was read is worth nothing, reading anew may go well."""


class Refused(SourceError):
    """The source does not accept our access: a person must reconnect."""

    code = "E-GRANT-REVOKED"


class Malformed(SourceError):
    """The source's answer is not what it promises: stop and show where."""

    code = "E-SOURCE-MALFORMED"


Keep = Callable[[Mapping[str, str]], None]


def forget(secrets: Mapping[str, str]) -> None:
    """Keep nothing: for whoever only tries a source out."""
    del secrets


class Provider(ABC):
    """One source of people. One object per run; not shared between threads."""

    kind: ClassVar[str]
    label: ClassVar[str]
    #: What the source calls the id of a school, and the number people know it by.
    place_words: ClassVar[tuple[str, str]] = ("Id", "Number")
    #: What support fills in for one connection. None where our vendor key opens the door, and `tenants` lists
    #: what it opens; with it, `upstream` says which district the settings open.
    Settings: ClassVar[type[forms.Form] | None] = None
    #: Which fields of `Settings` are secret: they come back in `secrets`, all others in `settings`.
    secret_settings: ClassVar[frozenset[str]] = frozenset()
    #: Whether the source can be asked about one person. Where it cannot (`look_up` is never called then), somebody
    #: is gone only after two complete listings without them, most of a day apart.
    answers_by_id: ClassVar[bool] = True
    #: How an Admin of a school lets us in, at the source's own pages; None where our vendor key or settings do.
    consent: ClassVar[type[Consent] | None] = None
    #: Whether people map parts of the source (OUs, groups) to roles. `rules` is then what they mapped, set by whoever
    #: opens the provider; each rule's `source_id` is the word for it in `people`, beside those of `role_defaults`.
    maps: ClassVar[bool] = False
    rules: Sequence[Rule] = ()
    _receipt: Receipt | None = None
    #: The source's role words and the roles they give unless support decided otherwise.
    #: An empty tuple means "nobody": known, and deliberately not synced.
    role_defaults: ClassVar[Mapping[str, tuple[str, ...]]]

    def __init__(
        self,
        tenant: str,
        hosts: Mapping[str, str],
        secrets: Mapping[str, str],
        settings: Mapping[str, str] | None = None,
        keep: Keep = forget,
    ) -> None:
        """`tenant` is the district's id at the source; `hosts`, `secrets` and `settings` are named by each provider.

        `hosts` says "yes" under ``private`` where sources may live inside our own network (on one's own
        machine). `secrets` are our vendor's own and those of this connection. `keep` is given secrets of
        this connection that the source handed out or renewed; they are in `secrets` from the next time on.
        """
        self.tenant = tenant
        self.hosts = hosts
        self.secrets = secrets
        self.settings = settings or {}
        self.keep = keep

    @property
    def public_only(self) -> bool:
        """For the `Client` of a host that settings or the source itself name: whether it must be a public one."""
        return self.hosts.get("private") != "yes"

    @classmethod
    def tenants(cls, hosts: Mapping[str, str], secrets: Mapping[str, str]) -> list[Tenant]:  # noqa: ARG003
        """Every district our vendor key opens, with its name, for linking; none where there is no such key."""
        return []

    @classmethod
    def upstream(cls, settings: Mapping[str, str]) -> Tenant:
        """Which district at the source these settings open (`Settings`, cleaned), before anything is asked.

        The same settings always name the same one; its id holds no secret.
        """
        raise NotImplementedError(f"{cls.label} is not opened by settings: {sorted(settings)}")

    def close(self) -> None:  # noqa: B027  (where there is no connection, there is nothing to close)
        """Let go of every connection to the source. Whoever asks again opens others."""

    @abstractmethod
    def check(self) -> None:
        """Raise a `SourceError` unless this roster can be read now."""

    def rights(self) -> list[Right]:
        """What we may read, line by line, for whoever gave us access; none where a source has one right only."""
        return []

    @abstractmethod
    def places(self) -> list[Place]:
        """What can be linked to a school, as the source lists it now."""

    def groups(self) -> list[Place]:
        """What can be mapped besides `places`: groups of people, by what people call them."""
        return []

    @abstractmethod
    def people(self, scope: Sequence[str]) -> Iterator[Person]:
        """Yield everyone the source shares, a page at a time in memory.

        `scope` holds the linked places; people outside it are yielded too where the
        source lists them, so that their absence can be explained. Ending means
        complete: a short, repeated or malformed page raises. Afterwards `receipt`
        says what was read.
        """

    @property
    def receipt(self) -> Receipt:
        """The proof left in `_receipt` by the last `people` that came to its end; RuntimeError before that.

        `people` takes the earlier one away when it begins.
        """
        if self._receipt is None:
            raise RuntimeError("no listing has come to its end yet")
        return self._receipt

    def look_up(self, external_id: str, scope: Sequence[str]) -> Found:
        """What `people(scope)` would say about this one id now; not there where `answers_by_id` is False."""
        del external_id, scope
        raise NotImplementedError(f"{self.label} cannot be asked about one person")

    def find(self, email: str) -> Found | None:
        """Whoever has this email at the source now; None for nobody, and where a source cannot be asked by email."""
        del email
        return None
