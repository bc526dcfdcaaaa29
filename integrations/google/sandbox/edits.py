"""What can happen at a Google customer: edits by name, in-process or through POST /_sandbox/world.

Every verb takes plain JSON values. People are named by id or mail, units by path or id,
groups by id or mail.
"""

from __future__ import annotations

from typing import Any

from integrations.google.sandbox.customer import Customer
from integrations.google.sandbox.groups import Group, Member
from integrations.google.sandbox.people import User
from integrations.google.sandbox.role_edits import RoleEdits
from integrations.google.sandbox.units import GUESTS, ROOT, Unit

Row = dict[str, Any]


class Edits(RoleEdits):
    """The verbs of one customer."""

    def __init__(self, customer: Customer) -> None:
        """Verbs for `customer`."""
        super().__init__(customer)
        self._customer = customer

    # People.

    def add_user(
        self, unit: str = "/", first: str = "New", last: str = "Person", email: str = "", **fields: Any
    ) -> str:
        """Add somebody to a unit; the new id. `fields` are those of `User`."""
        identifier = self._customer.fresh_id()
        mail = email or f"new{identifier[-12:]}@{self._customer.domain}"
        self._free(mail)
        self._customer.put(User(identifier, mail, first, last, self._unit(unit).id, **fields))
        return identifier

    def suspend(self, user: str) -> None:
        """Suspend somebody."""
        self._customer.change(user, suspended=True)

    def unsuspend(self, user: str) -> None:
        """Let somebody in again."""
        self._customer.change(user, suspended=False)

    def archive(self, user: str) -> None:
        """Archive somebody; whether they are suspended is another matter."""
        self._customer.change(user, archived=True)

    def unarchive(self, user: str) -> None:
        """Take somebody out of the archive."""
        self._customer.change(user, archived=False)

    def delete(self, user: str) -> None:
        """Delete somebody: for twenty days `undelete` brings the same account back."""
        self._customer.state.deleted[self._customer.known(user).id] = self._customer.clock()

    def undelete(self, user: str) -> None:
        """Bring a deleted account back, by its id. ValueError when its mail has been given away."""
        found = self._customer.ever(user)
        if found is None or found.id not in self._customer.state.deleted:
            raise KeyError(f"nobody deleted: {user}")
        self._free(found.email)
        del self._customer.state.deleted[found.id]

    def recreate(self, user: str) -> str:
        """Delete an account and make one with the same mail, name and unit; the new id."""
        before = self._customer.known(user)
        self.delete(before.id)
        unit = self._customer.state.unit_of(before)
        return self.add_user(unit, before.first, before.last, before.email, number=before.number)

    def rename(self, user: str, first: str | None = None, last: str | None = None) -> None:
        """Give somebody another name."""
        names = {name: value for name, value in (("first", first), ("last", last)) if value is not None}
        self._customer.change(user, **names)

    def move(self, user: str, unit: str) -> None:
        """Move somebody to another unit."""
        self._customer.change(user, unit=self._unit(unit).id)

    def change_email(self, user: str, email: str, *, keep_alias: bool = True) -> None:
        """Give somebody another mail; Google keeps the old one as an alias."""
        self._free(email)
        before = self._customer.known(user)
        aliases = (*before.aliases, before.email) if keep_alias else before.aliases
        self._customer.change(before.id, email=email, aliases=tuple(each for each in aliases if each != email))

    def swap_emails(self, one: str, other: str) -> None:
        """Let two people have each other's mail."""
        first, second = self._customer.known(one), self._customer.known(other)
        self._customer.change(first.id, email=second.email)
        self._customer.change(second.id, email=first.email)

    def set_fields(self, user: str, **fields: Any) -> None:
        """Put anything over what is shown of somebody, however wrong; None takes a field away."""
        before = self._customer.known(user)
        self._customer.change(before.id, other={**before.other, **fields})

    def add_guest(self, email: str, first: str = "Guest", last: str = "Person") -> str:
        """Add somebody from outside to the unit that Google keeps for guests; the new id."""
        unit = self._customer.units.ensure(GUESTS)
        return self.add_user(unit.id, first, last, email, guest=True)

    # Units.

    def add_ou(self, path: str) -> str:
        """Add a unit, and those above it that are missing; its id."""
        if self._customer.units.find(path) is not None:
            raise ValueError(f"there is a unit {path}")
        return self._customer.units.ensure(path).id

    def rename_ou(self, unit: str, name: str) -> None:
        """Give a unit another name: its path and all below it change, ids stay."""
        found = self._unit(unit)
        self._customer.units.put(found, found.parent, name)

    def move_ou(self, unit: str, parent: str) -> None:
        """Put a unit below another one."""
        found = self._unit(unit)
        self._customer.units.put(found, self._unit(parent).id, found.name)

    def delete_ou(self, unit: str, to: str | None = None) -> None:
        """Delete a unit and all below it; its people go to another unit, by default the one above."""
        found = self._unit(unit)
        target = self._unit(to).id if to is not None else found.parent
        if found.id != ROOT and target in self._customer.units.tree(found.id):
            raise ValueError("its people need another place to go")
        gone = self._customer.units.remove(found)
        self._customer.state.instead |= dict.fromkeys(gone, target)

    # Groups.

    def add_group(self, name: str, email: str = "", *, outside: bool = False, members: tuple[str, ...] = ()) -> str:
        """Add a group, with members or without; its id. `outside`: it belongs to somebody else."""
        identifier = f"03g{self._customer.fresh_id()[-12:]}"
        self._free(mail := email or f"group{identifier[-6:]}@{self._customer.domain}")
        self._customer.groups[identifier] = Group(identifier, mail, name, outside=outside)
        for each in members:
            self.add_member(identifier, each)
        return identifier

    def add_member(self, group: str, who: str, role: str = "MEMBER", **more: Any) -> None:
        """Add an account, a group, everybody ("everybody"), or an address from outside.

        `without` names fields that the row does not have, `mail` the alias it was added under.
        """
        held = self._group(group)
        without = frozenset(more.get("without", ()))
        user, nested = self._customer.user(who), self._customer.group(who)
        if who == "everybody":
            member = Member(self._customer.id, "CUSTOMER", role, "", without | {"email"})
        elif user is not None:
            member = Member(user.id, "USER", role, more.get("mail", ""), without)
        elif nested is not None:
            member = Member(nested.id, "GROUP", role, "", without)
        else:
            member = Member(f"9{self._customer.fresh_id()[1:]}", "USER", role, who, without | {"status"})
        self.remove_member(held.id, member.key)
        held.members.append(member)

    def remove_member(self, group: str, who: str) -> None:
        """Take somebody or a group out of a group."""
        held, user, nested = self._group(group), self._customer.user(who), self._customer.group(who)
        keys = {who, user.id if user else who, nested.id if nested else who}
        held.members = [each for each in held.members if each.key not in keys and each.mail != who]

    def rename_group(self, group: str, name: str = "", email: str = "") -> None:
        """Give a group another name, another mail, or both; the old mail stays an alias."""
        held = self._group(group)
        held.name = name or held.name
        if email:
            self._free(email)
            held.aliases.append(held.mail)
            held.mail = email

    def delete_group(self, group: str) -> None:
        """Delete a group; it is in no other group any more."""
        held = self._group(group)
        del self._customer.groups[held.id]
        for each in self._customer.groups.values():
            each.members = [member for member in each.members if member.key != held.id]

    def _unit(self, unit: str) -> Unit:
        units = self._customer.units
        return units.by_id[unit] if unit.startswith("id:") else units.at(unit)

    def _group(self, group: str) -> Group:
        found = self._customer.group(group)
        if found is None:
            raise KeyError(f"no group {group}")
        return found

    def _free(self, mail: str) -> None:
        """Raise ValueError when an address is somebody's or a group's."""
        if self._customer.user(mail) or self._customer.group(mail):
            raise ValueError(f"taken: {mail}")
