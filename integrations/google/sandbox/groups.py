"""Groups and who is in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Member:
    """One row of a group: `key` is an account's id, a group's id, the customer's id, or an address from outside.

    `mail` is the alias it was added under; `without` names fields the row does not have.
    """

    key: str
    kind: str = "USER"
    role: str = "MEMBER"
    mail: str = ""
    without: frozenset[str] = frozenset()


@dataclass(slots=True)
class Group:
    """One group. `mail` and `aliases` mean it; `outside` belongs to another customer."""

    id: str
    mail: str
    name: str
    description: str = ""
    aliases: list[str] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    outside: bool = False

    @property
    def mails(self) -> frozenset[str]:
        """Every address that means it, in lower case."""
        return frozenset({self.mail.lower(), *(alias.lower() for alias in self.aliases)})

    def row(self) -> Row:
        """The group as groups.list shows it; Google tells the count as text."""
        row: Row = {
            "kind": "admin#directory#group",
            "id": self.id,
            "etag": f'"{self.id}/{len(self.members)}"',
            "email": self.mail,
            "name": self.name,
            "directMembersCount": str(len(self.members)),
            "description": self.description,
            "adminCreated": True,
        }
        return {**row, "aliases": list(self.aliases)} if self.aliases else row
