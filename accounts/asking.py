"""What a list of accounts is asked for, as it stands in an address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from accounts.models import Roles, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

ANY = "any"
#: The statuses that are shown, in the order in which they are sorted.
STATUSES = (Status.ACTIVE, Status.DISABLED, Status.SUSPENDED)
SORTS = ("name", "status", "sign_in")
#: More words than these narrow a search no further.
WORDS = 8
LONGEST = 200


@dataclass(frozen=True)
class Asked:
    """Which accounts, and in which order. What is left alone is as on a first visit.

    `sort` is one of SORTS, with "-" before it the other way round.
    """

    role: str = ""
    q: str = ""
    status: str = Status.ACTIVE.value
    source: str = ""
    protected: bool = False
    never: bool = False
    sort: str = "name"

    @property
    def words(self) -> list[str]:
        """The words of the search, each of which must be found."""
        return self.q.split()[:WORDS]

    @property
    def narrowed(self) -> bool:
        """Whether anything but the status and the tab leaves people out."""
        return bool(self.words or self.source or self.protected or self.never)

    def pairs(self) -> list[tuple[str, str]]:
        """The parameters that differ from a first visit."""
        first = Asked()
        return [
            (name, "1" if value is True else str(value))
            for name, value in vars(self).items()
            if value != getattr(first, name)
        ]

    def but(self, **changes: Any) -> str:
        """The address of this list with something else asked for."""
        return f"?{urlencode(replace(self, **changes).pairs())}"


def asked(parameters: Mapping[str, str]) -> Asked:
    """What an address asks for; a value that nobody knows counts as none."""
    first = Asked()
    role, status, sort = (parameters.get(name, "") for name in ("role", "status", "sort"))
    return Asked(
        role=role if role in Roles.values else first.role,
        q=" ".join(parameters.get("q", "")[:LONGEST].replace("\0", "").split()),
        status=status if status in (*STATUSES, ANY) else first.status,
        source=parameters.get("source", "")[:LONGEST].replace("\0", ""),
        protected=parameters.get("protected") == "1",
        never=parameters.get("never") == "1",
        sort=sort if sort.removeprefix("-") in SORTS else first.sort,
    )
