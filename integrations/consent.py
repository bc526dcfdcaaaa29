"""The seam for sources that a school opens itself: how an Admin lets us in, at the source's own pages.

As a provider, a consent knows no model, no tenant and no setting, and speaks HTTP through
`http.py` only. What it was told stays in the memory of one request.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Given(NamedTuple):
    """What came of one consent: who gave it, what they granted, and the tokens.

    `account` is the account's lasting id, `domain` the organization's ("" for an account of
    somebody's own). `refresh_token` is "" where the source handed out none.
    """

    account: str
    email: str
    domain: str
    granted: frozenset[str]
    access_token: str
    refresh_token: str

    def __repr__(self) -> str:
        """Without what it holds."""
        return "Given(…)"


class Sorry(NamedTuple):
    """An error that the source sends back with: its cause, and what to do about it."""

    cause: str
    fix: str


class Consent(ABC):
    """OAuth 2.0 with a code and PKCE, as one source speaks it."""

    #: What is always asked for, and what only where groups are: the scope, and its words beside the box.
    needed: ClassVar[Mapping[str, str]]
    for_groups: ClassVar[Mapping[str, str]]
    #: Errors that the source is known to come back with.
    errors: ClassVar[Mapping[str, Sorry]]

    def __init__(self, hosts: Mapping[str, str], secrets: Mapping[str, str]) -> None:
        """`hosts` and `secrets` are those of the provider, without any connection's."""
        self.hosts, self.secrets = hosts, secrets

    @abstractmethod
    def address(self, back: str, state: str, verifier: str, scopes: Sequence[str]) -> str:
        """Where to send the browser, so that it comes to `back` afterwards."""

    @abstractmethod
    def exchange(self, code: str, back: str, verifier: str) -> Given:
        """What a code is worth; asked once. Raises a `SourceError`."""

    @abstractmethod
    def tenant(self, given: Given) -> str:
        """Which organization the account reads, as the source itself says. Raises a `SourceError`."""

    @abstractmethod
    def revoke(self, token: str) -> None:
        """End the account's whole permission; one that is dead already is fine. Raises `Unreachable`."""
