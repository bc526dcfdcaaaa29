"""Google's sign-in pages and its Directory API as they really behave, on loopback, with invented people.

All of Google's hosts share one port: the authorization pages, the token endpoint with
revocation, the public keys, and the Directory API.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from integrations.google.sandbox import oddities
from integrations.google.sandbox.access import Gate
from integrations.google.sandbox.accounts import SCOPES, Account, Accounts, Tokens, named
from integrations.google.sandbox.consenting import Client, Consenting
from integrations.google.sandbox.customer import Customer
from integrations.google.sandbox.directory import ROOT, Directory
from integrations.google.sandbox.edits import Edits
from integrations.google.sandbox.exchange import Exchange
from integrations.google.sandbox.faults import KNOWN
from integrations.google.sandbox.openid import OpenId
from integrations.google.sandbox.paging import Pages
from integrations.google.sandbox.people import InventedPeople
from integrations.google.sandbox.starting import add_groups
from integrations.google.sandbox.units import SAMPLE, Units, many
from integrations.sandbox.server import Request, Response, SandboxServer, WrongCommand

__all__ = ["ASKED", "Account", "Customer", "Edits", "GoogleSandbox"]

#: What we ask for by default.
ASKED = tuple(scope for scope in SCOPES if scope.endswith(("user.readonly", "orgunit.readonly", "group.readonly")))


class GoogleSandbox(SandboxServer):
    """Google with any number of customers, in `customers` by their customerId.

    `client.redirect_uris` are registered, `consenting.signed_in` who is at the browser,
    `counts` the requests by path pattern, `together` how many were asked at once at most.
    """

    known_faults = KNOWN

    def __init__(self, port: int = 0, client_id: str = "sandbox-client", client_secret: str = "sandbox-secret") -> None:
        """Listens at once, answers after `start`."""
        super().__init__(port)
        self.client = Client(client_id, client_secret)
        self.customers: dict[str, Customer] = {}
        self.accounts = Accounts(self.customers.values)
        self.tokens = Tokens(self.now, client_secret)
        self.openid = OpenId()
        self.consenting = Consenting(self.client, self.accounts, self.tokens, self.now)
        self.directory = Directory(
            Gate(self.customers.values, self.accounts, self.tokens), Pages(client_secret), self.now
        )
        self.counts: Counter[str] = Counter()
        self.together = 0
        self._exchange = Exchange(self.client, self.accounts, self.tokens, self.openid)
        self._inside = 0
        self._turnstile = threading.Lock()

    def now(self) -> float:
        """The sandbox's own time; `clock` may be replaced at any moment."""
        return self.clock()

    @property
    def consumer(self) -> Account:
        """Somebody with an account of their own and no organization."""
        return self.accounts.consumers[0]

    @property
    def redirect_uris(self) -> list[str]:
        """The registered addresses of our app; Google compares them byte for byte."""
        return self.client.redirect_uris

    def add_customer(
        self, people: int = 300, seed: int = 1, ous: int | Sequence[str] | None = None, *, odd: bool = False
    ) -> Customer:
        """Add a customer with invented people; another seed is another one. ValueError when it is already here.

        `ous` are the paths of its units, or how many there are; by default the sample's.
        `odd` adds one of every odd account, unit and group, and suspends and archives some.
        """
        paths = many(ous, odd=odd) if isinstance(ous, int) else SAMPLE if ous is None else ous
        units = Units(paths)
        customer = Customer(InventedPeople(people, seed, units, odd=odd), units, self.now)
        if customer.id in self.customers or any(customer.domain == each.domain for each in self.customers.values()):
            raise ValueError("this customer is already here: take another seed")
        add_groups(customer)
        if odd:
            oddities.add(customer)
        self.customers[customer.id] = customer
        return customer

    def world(self, customer: Customer | str | None = None) -> Edits:
        """The edits of a customer, named by itself, its id or its domain; of the only one when none is named."""
        return Edits(self.named(customer))

    def named(self, customer: Customer | str | None = None) -> Customer:
        """A customer by itself, its id or its domain; the only one when none is named. KeyError when there is none."""
        if isinstance(customer, Customer):
            return customer
        if customer is None:
            (only,) = self.customers.values()
            return only
        return (
            next((each for each in self.customers.values() if customer in each.domains), None)
            or self.customers[customer]
        )

    def hosts(self) -> dict[str, str]:
        """Google's hosts, as the provider takes them."""
        return {"api": self.url, "auth": self.url, "token": self.url, "revoke": self.url}

    def secrets(self, customer: Customer | str | None = None, scopes: Sequence[str] = ASKED) -> dict[str, str]:
        """Our registration, and the refresh token of a customer's sync account who agreed to these scopes.

        Without a customer, and with none or several here, the registration alone.
        """
        told = {"client_id": self.client.id, "client_secret": self.client.secret}
        if customer is None and len(self.customers) != 1:
            return told
        return {**told, "refresh_token": self.consent(self.named(customer).sync_account, scopes)}

    def consent(self, account: str, scopes: Sequence[str] = ASKED) -> str:
        """Let an account agree without a browser; the refresh token. KeyError when there is no such account."""
        found = self.accounts.find(account)
        if found is None:
            raise KeyError(f"no account {account}")
        granted = named(" ".join([*scopes, "openid", "email"]))
        with self.lock:
            self.tokens.grant(found.sub, granted)
            return self.tokens.new_refresh(found.sub, granted, testing=bool(self.faults.get("testing")))

    def environment(self) -> dict[str, str]:
        """The settings that point SmartPass here."""
        hosts = {f"GOOGLE_{name.upper()}_URL": value for name, value in self.hosts().items()}
        return {**hosts, "GOOGLE_CLIENT_ID": self.client.id, "GOOGLE_CLIENT_SECRET": self.client.secret}

    def set_faults(self, switches: dict[str, Any]) -> None:
        """Set switches; `lagging` keeps what searches see as it is at this moment."""
        super().set_faults(switches)
        with self.lock:
            self.directory.spoiler.forget(switches)
            if "lagging" in switches:
                for customer in self.customers.values():
                    customer.index = customer.state.copied() if switches["lagging"] else None

    def edit(self, verb: str, args: dict[str, Any]) -> Any:
        """POST /_sandbox/world: a verb of `Edits`, with "customer" (id or domain) where there are several.

        Also `customers`, which lists ids, domains and sync accounts; `register`
        (redirect_uris); `sign_in_as` (accounts, null for all); and `rotate_key`.
        """
        if verb == "register":
            self.client.redirect_uris = list(args["redirect_uris"])
            return None
        if verb == "sign_in_as":
            self.consenting.signed_in = args["accounts"]
            return None
        if verb == "rotate_key":
            self.openid.rotate()
            return None
        if verb == "customers":
            held = self.customers.values()
            return [{"id": each.id, "domain": each.domain, "sync_account": each.sync_account} for each in held]
        rest = {key: value for key, value in args.items() if key != "customer"}
        try:
            customer = self.named(args.get("customer"))
        except KeyError:
            raise WrongCommand("no such customer") from None
        return self.world(customer).do(verb, rest)

    def handle(self, request: Request) -> Response:
        """Answer and log, and count how many are here at the same time."""
        with self._turnstile:
            self._inside += 1
            self.together = max(self.together, self._inside)
        try:
            response = super().handle(request)
            if response.delay:
                time.sleep(response.delay)
                response.delay = 0
            return response
        finally:
            with self._turnstile:
                self._inside -= 1

    def answer(self, request: Request) -> Response:
        """The answer by what stands at the path."""
        if request.path.startswith(ROOT):
            self.counts[_pattern(request.path)] += 1
            return self.directory.answer(request, self.faults, self.edit)
        self.counts[request.path] += 1
        response = self.consenting.answer(request, self.faults)
        if response is None:
            response = self._exchange.answer(request, self.consenting.codes, self.url, self.now, self.faults)
        if response is None:
            response = self.openid.answer(request, self.url)
        return response or Response(404, b"Not Found", "text/plain; charset=utf-8")


def _pattern(path: str) -> str:
    """A path of the Directory API without whom it is about: users, users/*, groups/*/members."""
    parts = path.removeprefix(ROOT).split("/")
    return "/".join("*" if at % 2 else part for at, part in enumerate(parts))
