"""Google accounts: who signs in, what they granted to our client, and the tokens that came of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from integrations.google.sandbox.customer import Customer
from integrations.google.sandbox.people import User

USERINFO = "https://www.googleapis.com/auth/userinfo."
#: Google returns these by their long names.
LONG = {"email": f"{USERINFO}email", "profile": f"{USERINFO}profile"}
SIGN_IN = frozenset({"openid", *LONG.values()})
DIRECTORY = "https://www.googleapis.com/auth/admin.directory."
#: What it says beside the box.
SCOPES = {
    f"{DIRECTORY}user.readonly": "See info about users on your domain",
    f"{DIRECTORY}user": "View and manage the provisioning of users on your domain",
    f"{DIRECTORY}orgunit.readonly": "View organization units on your domain",
    f"{DIRECTORY}orgunit": "View and manage organization units on your domain",
    f"{DIRECTORY}group.readonly": "View groups on your domain",
    f"{DIRECTORY}group": "View and manage the provisioning of groups on your domain",
    f"{DIRECTORY}group.member.readonly": "View group subscriptions on your domain",
    f"{DIRECTORY}group.member": "View and manage group subscriptions on your domain",
    f"{DIRECTORY}customer.readonly": "View customer related information",
    f"{DIRECTORY}domain.readonly": "View domains related to your customers",
}
ACCESS_SECONDS = 3599
#: Google: an app in testing gets refresh tokens for seven days.
TESTING_SECONDS = 7 * 86_400 - 1
#: Google: an account has so many living refresh tokens for one client; one more, and the oldest dies.
MOST_TOKENS = 100


class Account(NamedTuple):
    """Somebody at Google: `sub` for ever, the mail for now; a consumer has no customer."""

    sub: str
    email: str
    name: tuple[str, str]
    customer: Customer | None = None
    verified: bool = True

    @property
    def hosted(self) -> str:
        """`hd`: the customer's domain, "" for a consumer."""
        return self.customer.domain if self.customer else ""


@dataclass(slots=True)
class RefreshToken:
    """One refresh token: whose, for which scopes, since and until when, and why it is dead."""

    value: str
    sub: str
    scopes: frozenset[str]
    made: float
    until: float | None = None
    dead: str = ""
    dead_since: float = 0.0


class AccessToken(NamedTuple):
    """One access token: whose, for which scopes, until when."""

    sub: str
    scopes: frozenset[str]
    until: float


@dataclass(slots=True)
class Tokens:
    """All tokens of our client, and what each account granted it."""

    clock: Callable[[], float]
    seed: str
    granted: dict[str, frozenset[str]] = field(default_factory=dict)
    refresh: dict[str, RefreshToken] = field(default_factory=dict)
    access: dict[str, AccessToken] = field(default_factory=dict)
    made: int = 0

    def secret(self, kind: str) -> str:
        """A value nobody guesses."""
        self.made += 1
        return hashlib.sha256(f"{kind} {self.made} {self.seed}".encode()).hexdigest()

    def grant(self, sub: str, scopes: frozenset[str]) -> None:
        """An account grants these too."""
        self.granted[sub] = self.granted.get(sub, frozenset()) | scopes

    def new_access(self, sub: str, scopes: frozenset[str]) -> str:
        """An access token."""
        value = f"ya29.a0{self.secret('access')}"
        self.access[value] = AccessToken(sub, scopes, self.clock() + ACCESS_SECONDS)
        return value

    def new_refresh(self, sub: str, scopes: frozenset[str], *, testing: bool = False) -> str:
        """A refresh token; with one too many, the account's oldest dies."""
        living = [each for each in self.refresh.values() if each.sub == sub and not each.dead]
        for each in living[: max(len(living) - MOST_TOKENS + 1, 0)]:
            self.kill(each, "Token has been expired or revoked.")
        value = f"1//0{self.secret('refresh')}"
        until = self.clock() + TESTING_SECONDS if testing else None
        self.refresh[value] = RefreshToken(value, sub, scopes, self.clock(), until)
        return value

    def kill(self, token: RefreshToken, why: str) -> None:
        """End a refresh token, and say why when it is used."""
        token.dead, token.dead_since = why, self.clock()

    def revoke(self, value: str) -> bool:
        """End everything an account granted, by any of its tokens; False when this one is not alive."""
        held = self.refresh.get(value)
        opened = self.access.get(value)
        if held is not None and not held.dead:
            self.revoke_account(held.sub)
            return True
        if opened is not None and opened.until >= self.clock():
            self.revoke_account(opened.sub)
            return True
        return False

    def revoke_account(self, sub: str) -> None:
        """End everything an account granted."""
        self.granted.pop(sub, None)
        for token in self.refresh.values():
            if token.sub == sub and not token.dead:
                self.kill(token, "Token has been expired or revoked.")
        self.access = {value: token for value, token in self.access.items() if token.sub != sub}


class Accounts:
    """Everybody who can sign in: the accounts of all customers, and consumers."""

    def __init__(self, customers: Callable[[], Iterable[Customer]]) -> None:
        """One consumer is there from the start."""
        self._customers = customers
        self.consumers = [Account("1" + "0" * 19 + "7", "sam.rivera.home@gmail.example", ("Sam", "Rivera"))]

    def find(self, key: str) -> Account | None:
        """A living account by its lasting id or its mail."""
        for each in self.consumers:
            if key.lower() in {each.sub, each.email.lower()}:
                return each
        for customer in self._customers():
            user = customer.user(key)
            if user is not None:
                return account_of(customer, user)
        return None

    def known(self) -> list[Account]:
        """Who is signed in at the browser from the start: the admins of every customer, and the consumers."""
        mails = [mail for each in self._customers() for mail in (each.sync_account, each.second_admin)]
        found = [self.find(mail) for mail in mails]
        return [each for each in found if each] + self.consumers


def account_of(customer: Customer, user: User) -> Account:
    """A customer's account, as somebody who signs in."""
    return Account(user.id, user.email, (user.first, user.last), customer)


def named(scopes: str) -> frozenset[str]:
    """Scopes by their long names."""
    return frozenset(LONG.get(each, each) for each in scopes.split())
