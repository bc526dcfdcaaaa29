"""A school's own OneRoster server: its student information system, or whatever stands before it."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.http import Client, Reply
from integrations.oneroster.client import Server
from integrations.oneroster.doors import SCOPES, Bearer, ClientCredentials, Door, OAuth1
from integrations.oneroster.roster import OneRosterProvider
from integrations.provider import Malformed, Refused, SourceError, Unreachable
from integrations.records import Tenant
from integrations.sis.settings import BEARER, OAUTH2, SHA1, STANDARD, SisSettings, server_of, service_of, split

REFUSALS = {
    BEARER: "OneRoster does not accept the bearer token that SmartPass was given.",
    OAUTH2: "OneRoster hands out a token and then does not accept it.",
}
NOT_SIGNED = "OneRoster does not accept the key and secret that SmartPass was given, or this way of signing."
NO_RIGHT = "E-PRIVILEGE-MISSING"
SIGNED = {SHA1: "HMAC-SHA1"}


class SisProvider(OneRosterProvider):
    """One district at a OneRoster server that support opened.

    `settings` and `secrets` are those of `SisSettings`; every host comes from them.
    """

    kind = "sis"
    label = "OneRoster"
    Settings = SisSettings
    secret_settings = frozenset({"secret"})

    @classmethod
    def upstream(cls, settings: Mapping[str, str]) -> Tenant:
        """The server and the key: two districts may share a server with a key each."""
        server = server_of(settings["base_url"])
        return Tenant(f"{server} {settings.get('key', '')}".strip(), server.partition("://")[2])

    def open(self) -> Server:
        """The server at the base URL, behind the door that was chosen."""
        origin, base = split(service_of(self.settings["base_url"], self.settings["version"]))
        return Server(self._client(origin), base, self._door(), REFUSALS.get(self.settings["auth"], NOT_SIGNED))

    def check(self) -> None:
        """At most five requests: a token, one org, one person; a second token, or another version's address.

        Raises a `SourceError` that says which of the settings is wrong, as far as the server tells.
        """
        self._knock()
        reply = self._orgs_page()
        if reply.status == 404:
            raise self._nothing_here()
        if not self.server.rows(reply, "orgs"):
            text = "OneRoster lets SmartPass in and shows it no school: the key opens no district."
            raise Refused(text, NO_RIGHT)
        self.server.first("user")

    def _knock(self) -> None:
        """Fetch the token, where the door has one; say which setting is about what goes wrong there."""
        try:
            self.server.door.headers(self.settings["base_url"])
        except (Unreachable, Malformed) as problem:
            raise type(problem)(f"{problem} That was the token URL.", problem.code) from None
        except Refused as refused:
            asked = " It was asked for by the version and the scope." if refused.code == NO_RIGHT else ""
            raise Refused(f"{refused}{asked}", refused.code) from None

    def _orgs_page(self) -> Reply:
        try:
            return self.server.page("orgs", 1, 0)
        except Unreachable as silent:
            raise Unreachable(f"{silent} That was the base URL, {self.server.http.origin}.", silent.code) from None

    def _nothing_here(self) -> SourceError:
        """What to say of an address at which there is no OneRoster of this version."""
        base_url, version = self.settings["base_url"], self.settings["version"]
        (other,) = STANDARD.keys() - {version}
        _, base = split(service_of(server_of(base_url), other))
        reply = self.server.get(f"{base}/orgs?limit=1")
        if reply.status in {200, 401, 403} and not reply.is_page:
            return Malformed(f"There is no OneRoster {version} at this base URL, but {other} answers there.")
        return Malformed(f"There is no OneRoster at this base URL: {self.server.base} answers with HTTP 404.")

    def _client(self, origin: str) -> Client:
        return Client(origin, self.label, self.limits, self.sleep, public_only=self.public_only)

    def _door(self) -> Door:
        auth, key, secret = self.settings["auth"], self.settings.get("key", ""), self.secrets.get("secret", "")
        if auth == BEARER:
            return Bearer(secret)
        if auth != OAUTH2:
            return OAuth1(key, secret, SIGNED.get(auth, "HMAC-SHA256"))
        origin, target = split(self.settings["token_url"])
        scope = self.settings.get("scope") or SCOPES[self.settings["version"]]
        return ClientCredentials(self._client(origin), target or "/", key, secret, scope)
