"""Who asks the Directory API, and what their scopes and their role let them read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from integrations.google.sandbox.accounts import DIRECTORY, Accounts, Tokens
from integrations.google.sandbox.customer import Customer, Role
from integrations.google.sandbox.errors import missing, refused
from integrations.google.sandbox.people import User
from integrations.sandbox.server import Request

#: Which scopes open a collection (any one does), and the right a role needs for it.
NEEDED = {
    "users": (("user", "user.readonly"), "users"),
    "orgunits": (("orgunit", "orgunit.readonly"), "orgunits"),
    "groups": (("group", "group.readonly"), "groups"),
    "members": (("group", "group.readonly", "group.member", "group.member.readonly"), "groups"),
}


class Access(NamedTuple):
    """Who asks: their customer, their role, and the only units it reaches (None: all)."""

    customer: Customer
    role: Role
    units: frozenset[str] | None
    customers: tuple[Customer, ...]

    def sees(self, user: User) -> bool:
        """Whether somebody is in a unit that the role reaches."""
        return self.units is None or self.customer.state.unit_of(user) in self.units


class Gate:
    """Lets requests in."""

    def __init__(self, customers: Callable[[], Iterable[Customer]], accounts: Accounts, tokens: Tokens) -> None:
        """For the customers there are."""
        self._customers = customers
        self._accounts = accounts
        self._tokens = tokens

    def open(self, request: Request, kind: str, faults: Mapping[str, Any]) -> Access:
        """Who asks for a collection. Scope and role are two gates; the scope comes first."""
        said = request.headers.get("authorization", "")
        scheme, _, value = said.partition(" ")
        if not said:
            raise refused("required")
        token = self._tokens.access.get(value) if scheme.lower() == "bearer" else None
        account = self._accounts.find(token.sub) if token and token.until >= self._tokens.clock() else None
        user = account.customer.user(account.sub) if account and account.customer else None
        if token is None or account is None or (user and (user.suspended or user.archived)):
            raise refused("authError")
        scopes, right = NEEDED[kind]
        if not token.scopes & {f"{DIRECTORY}{scope}" for scope in scopes}:
            raise refused("insufficientPermissions")
        customer = account.customer
        role = customer.roles.get(account.sub) if customer else None
        if customer is None or role is None or not role.has(right):
            raise refused("forbidden")
        limited = role.unit if right != "groups" else None
        if limited is not None and (faults.get("limited_role") == "refuse" or limited not in customer.units.by_id):
            raise refused("forbidden")
        units = customer.units.tree(limited) if limited is not None else None
        return Access(customer, role, units, tuple(self._customers()))


def named_customer(access: Access, said: str) -> None:
    """Check the customer that a request names: its own id, or `my_customer`."""
    if said not in {"my_customer", access.customer.id}:
        known = any(said == each.id for each in access.customers)
        raise refused("forbidden") if known else refused("badRequest", "Invalid Customer Id")


def narrowed(request: Request, access: Access) -> str:
    """The domain that a list is narrowed to, "" for all. Google: a customer or a domain has to be named."""
    customer, domain = request.first("customer"), request.first("domain").lower()
    if not customer and not domain:
        raise refused("badRequest")
    if customer:
        named_customer(access, customer)
    if domain and domain not in access.customer.domains:
        raise missing("Domain not found.")
    return domain
