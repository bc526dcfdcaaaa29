"""Google's authorization endpoint: from a request to a code, by way of the pages a person sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from integrations.google.sandbox import pages
from integrations.google.sandbox.accounts import SCOPES, SIGN_IN, Account, Accounts, Tokens, named
from integrations.sandbox.server import Request, Response

AUTHORIZE = "/o/oauth2/v2/auth"
#: Google does not say how long; ten minutes is what RFC 6749 recommends at most.
CODE_SECONDS = 600
Faults = Mapping[str, Any]


@dataclass(slots=True)
class Client:
    """Our app as Google knows it. `redirect_uris` are compared byte for byte."""

    id: str
    secret: str
    name: str = "SmartPass"
    redirect_uris: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Flow:
    """One person on the way through the pages."""

    fields: dict[str, str]
    state: str | None
    scopes: list[str]
    account: str = ""
    warned: bool = False


@dataclass(slots=True)
class Code:
    """One code: whose, for which scopes, and what has to be said to use it."""

    sub: str
    scopes: frozenset[str]
    fields: dict[str, str]
    until: float
    offline: bool
    used: bool = False


class Consenting:
    """Answers the authorization endpoint and the pages behind it; `codes` are what it gave."""

    def __init__(self, client: Client, accounts: Accounts, tokens: Tokens, clock: Callable[[], float]) -> None:
        """`signed_in` are the mails at the browser, None for every admin and consumer there is."""
        self._client = client
        self._accounts = accounts
        self._tokens = tokens
        self._clock = clock
        self._flows: dict[str, Flow] = {}
        self.codes: dict[str, Code] = {}
        self.signed_in: list[str] | None = None

    def answer(self, request: Request, faults: Faults) -> Response | None:
        """The answer; None for a path that is not its own."""
        if request.path == AUTHORIZE:
            return self._begin(request, faults)
        steps = {pages.CHOOSER: self._chosen, pages.UNVERIFIED: self._warned, pages.CONSENT: self._answered}
        step = steps.get(request.path)
        if step is None:
            return None
        form = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        flow = dict(form).get("flow", "")
        if request.method != "POST" or flow not in self._flows:
            return pages.page(400, "Something went wrong", "<p>Begin again.</p>")
        return step(flow, form, faults)

    def _begin(self, request: Request, faults: Faults) -> Response:
        pairs = parse_qsl(request.raw_query, keep_blank_values=True)
        if request.method == "POST":
            pairs += parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        fields = dict(pairs)
        wrong = self._wrong(fields, faults)
        if wrong:
            return pages.refused(wrong)
        # The state goes back byte for byte, so it is taken from the query as it was sent.
        state = dict(pair.partition("=")[::2] for pair in request.raw_query.split("&")).get("state")
        scopes = list(dict.fromkeys(sorted(named(fields["scope"]))))
        flow = self._tokens.secret("flow")
        self._flows[flow] = Flow(fields, state, scopes)
        return self._choose(flow, fields, faults)

    def _wrong(self, fields: dict[str, str], faults: Faults) -> str:
        """The error that Google draws; "" when the request is right."""
        if "auth_error" in faults:
            return str(faults["auth_error"])
        asked = named(fields.get("scope", ""))
        checks = (
            ("client_id", fields.get("client_id") == self._client.id, "invalid_client"),
            ("redirect_uri", fields.get("redirect_uri") in self._client.redirect_uris, "redirect_uri_mismatch"),
            ("response_type", fields.get("response_type") == "code", "unsupported_response_type"),
            ("scope", bool(asked) and asked <= SIGN_IN | SCOPES.keys(), "invalid_scope"),
        )
        for name, right, error in checks:
            if not right:
                return error if fields.get(name) else "invalid_request"
        return "" if _well_formed(fields) else "invalid_request"

    def _choose(self, flow: str, fields: dict[str, str], faults: Faults) -> Response:
        signed_in = self._signed_in()
        hint = fields.get("login_hint", "")
        hinted = [each for each in signed_in if hint.lower() in {each.email.lower(), each.sub}]
        if "none" in fields.get("prompt", "").split():
            return self._back(flow, {"error": "interaction_required" if signed_in else "login_required"})
        if hinted and "select_account" not in fields.get("prompt", "").split():
            return self._go_on(flow, hinted[0], faults)
        shown = [each for each in signed_in if fields.get("hd", "") in {"", "*", each.hosted}]
        return pages.chooser(flow, shown, self._client.name)

    def _signed_in(self) -> list[Account]:
        if self.signed_in is None:
            return self._accounts.known()
        return [each for each in map(self._accounts.find, self.signed_in) if each]

    def _chosen(self, flow: str, form: list[tuple[str, str]], faults: Faults) -> Response:
        fields = dict(form)
        account = self._accounts.find(fields.get("account") or fields.get("email", "").strip())
        if account is None:
            return pages.page(200, "Couldn't find your Google Account", "<p>Go back and try another one.</p>")
        user = account.customer.user(account.sub) if account.customer else None
        if user and (user.suspended or user.archived):
            return pages.page(403, "Your account has been suspended", "<p>Contact your domain admin.</p>")
        return self._go_on(flow, account, faults)

    def _go_on(self, flow: str, account: Account, faults: Faults) -> Response:
        """The policies of the account's organization, the warning, then the consent page if it is needed."""
        at = self._flows[flow]
        at.account = account.sub
        blocked = _policy(account)
        if blocked:
            return pages.refused(blocked, account.email)
        if faults.get("unverified") and not at.warned and set(at.scopes) - SIGN_IN:
            return pages.unverified(flow, self._client.name)
        before = self._tokens.granted.get(account.sub)
        asks = "consent" in at.fields.get("prompt", "").split()
        if before is not None and set(at.scopes) <= before and not asks:
            return self._allow(flow, account, frozenset(at.scopes), first=False)
        return pages.consent(flow, account, self._client.name, [each for each in at.scopes if each not in SIGN_IN])

    def _warned(self, flow: str, _: list[tuple[str, str]], faults: Faults) -> Response:
        self._flows[flow].warned = True
        account = self._accounts.find(self._flows[flow].account)
        return self._go_on(flow, account, faults) if account else pages.refused("invalid_request")

    def _answered(self, flow: str, form: list[tuple[str, str]], _: Faults) -> Response:
        at = self._flows[flow]
        account = self._accounts.find(at.account)
        if account is None or _policy(account):
            return pages.refused("invalid_request")
        if dict(form).get("answer") != "continue":
            return self._back(flow, {"error": "access_denied"})
        ticked = {value for name, value in form if name == "scope"}
        granted = {each for each in at.scopes if each in SIGN_IN or each in ticked or pages.ALL in ticked}
        if not granted:
            return self._back(flow, {"error": "access_denied"})
        return self._allow(flow, account, frozenset(granted), first=True)

    def _allow(self, flow: str, account: Account, granted: frozenset[str], *, first: bool) -> Response:
        """Remember the grant and go back with a code. Google: a refresh token comes of a consent only."""
        at = self._flows[flow]
        offline = at.fields.get("access_type") == "offline" and first
        union = granted
        if at.fields.get("include_granted_scopes") == "true":
            union |= self._tokens.granted.get(account.sub, frozenset())
        self._tokens.grant(account.sub, granted)
        code = f"4/0A{self._tokens.secret('code')}"
        self.codes[code] = Code(account.sub, union, at.fields, self._clock() + CODE_SECONDS, offline)
        told = {"code": code, "scope": shuffled(union, code), "authuser": "0", "prompt": "consent" if first else "none"}
        return self._back(flow, {**told, "hd": account.hosted} if account.hosted else told)

    def _back(self, flow: str, fields: dict[str, str]) -> Response:
        at = self._flows.pop(flow)
        uri = at.fields["redirect_uri"]
        state = [] if at.state is None else [f"state={at.state}"]
        joined = "&" if urlsplit(uri).query else "?"
        return Response(302, headers={"Location": f"{uri}{joined}{'&'.join([*state, urlencode(fields)])}"})


def _well_formed(fields: Mapping[str, str]) -> bool:
    """Whether the challenge and the switches of a request are ones that Google knows."""
    method = fields.get("code_challenge_method", "plain")
    challenged = "code_challenge" in fields or "code_challenge_method" in fields
    if challenged and (method not in {"S256", "plain"} or not fields.get("code_challenge")):
        return False
    known = (("access_type", {"online", "offline"}), ("include_granted_scopes", {"true", "false"}))
    return all(fields.get(name, "") in {"", *values} for name, values in known)


def shuffled(scopes: frozenset[str], seed: str) -> str:
    """Scopes in an order that nobody can rely on, sign-in ones by their short names nowhere."""
    return " ".join(sorted(scopes, key=lambda each: (hash_of(f"{seed} {each}"), each)))


def hash_of(text: str) -> int:
    """A number for a text, the same on every machine."""
    number = 0
    for letter in text:
        number = (number * 131 + ord(letter)) % 1_000_003
    return number


def _policy(account: Account) -> str:
    """What the organization has against this app: by the account, or by the nearest unit above it that says so."""
    customer = account.customer
    user = customer.user(account.sub) if customer else None
    if customer is None or user is None:
        return ""
    if account.email in customer.policies:
        return customer.policies[account.email]
    unit = customer.state.unit_of(user)
    while unit not in customer.policies and customer.units.by_id[unit].parent != unit:
        unit = customer.units.by_id[unit].parent
    return customer.policies.get(unit, "")
