"""What can happen to a customer's admins: the rights of their roles, and what the organization forbids."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from integrations.google.sandbox import pages
from integrations.google.sandbox.customer import PRIVILEGES, Customer, Role
from integrations.google.sandbox.people import User
from integrations.sandbox.server import WrongCommand


class RoleEdits:
    """The verbs about admins; where no account is named, it is the sync account."""

    def __init__(self, customer: Customer) -> None:
        """Verbs for `customer`."""
        self._customer = customer

    def grant(self, right: str, account: str = "") -> None:
        """Put a right into the role: users, orgunits or groups."""
        self._checked(right)
        self._change(account, lambda role: replace(role, rights=role.rights | {right}))

    def take(self, right: str, account: str = "") -> None:
        """Take a right out of the role."""
        self._checked(right)
        self._change(account, lambda role: replace(role, rights=role.rights - {right}))

    def limit_role(self, unit: str | None, account: str = "") -> None:
        """Let the role reach one unit and what is below it only; None lets it reach everything."""
        found = self._customer.units.at(unit).id if unit is not None else None
        self._change(account, lambda role: replace(role, unit=found))

    def make_super_admin(self, account: str = "") -> None:
        """Give every right there is."""
        user = self._admin(account)
        self._customer.change(user.id, role="super")
        self._customer.roles[user.id] = Role(everything=True)

    def make_admin(self, account: str, rights: list[str] | None = None) -> None:
        """Give somebody a role with these rights (default: all three)."""
        user = self._admin(account)
        for right in rights or ():
            self._checked(right)
        self._customer.change(user.id, role="delegated")
        self._customer.roles[user.id] = Role(PRIVILEGES if rights is None else frozenset(rights))

    def take_role(self, account: str = "") -> None:
        """Let somebody be no admin any more."""
        user = self._admin(account)
        self._customer.change(user.id, role="")
        self._customer.roles.pop(user.id, None)

    def set_policy(self, error: str | None, unit: str = "/", account: str = "") -> None:
        """Let Google draw an error (pages.ERRORS) for a unit or one account; None takes it back."""
        if error is not None and error not in pages.ERRORS:
            raise ValueError(f"Google draws no such error: {error}")
        key = self._admin(account).email if account else self._customer.units.at(unit).id
        self._customer.policies.pop(key, None)
        if error is not None:
            self._customer.policies[key] = error

    def do(self, verb: str, args: dict[str, Any]) -> Any:
        """Call a verb by name, as a JSON command does. Raises `WrongCommand` for an unknown one."""
        if verb.startswith("_") or verb == "do" or not callable(getattr(type(self), verb, None)):
            raise WrongCommand(f"no such edit: {verb}")
        return getattr(self, verb)(**args)

    def _admin(self, account: str) -> User:
        return self._customer.known(account or self._customer.sync_account)

    def _change(self, account: str, change: Any) -> None:
        user = self._admin(account)
        self._customer.roles[user.id] = change(self._customer.roles.get(user.id, Role(frozenset())))

    def _checked(self, right: str) -> None:
        if right not in PRIVILEGES:
            raise ValueError(f"no such right: {right}")
