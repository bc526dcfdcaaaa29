"""How Google says no, in each of its shapes, and what that means for us."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from integrations.http import Reply
from integrations.provider import Malformed, Refused, SourceError, Unreachable

SOURCE = "Google"

DOMAIN_SHUT = (
    "Google's admin settings of this domain keep SmartPass out. An administrator has to allow it: Security > Access and"
    " data control > API controls, where SmartPass must be Trusted."
)
NOT_OUR_PROJECT = "Google says that SmartPass's own project may not use its directory."
WRONG_DOMAIN = "The linked account belongs to no Google Workspace domain. Link the school's own Google account."
WAIT = "Google asks us to wait longer than we may."

#: Google: our own project has not switched its API on. Its domain is that of the limits, so it is looked for first.
OURS = frozenset({"accessnotconfigured", "service_disabled"})
NO_SCOPE = frozenset({"insufficientpermissions", "access_token_scope_insufficient"})
SHUT = frozenset({"domaincannotuseapis"})
DAILY = frozenset({"dailylimitexceeded"})
THROTTLED = frozenset(
    {
        *("quotaexceeded", "userratelimitexceeded", "ratelimitexceeded"),
        *("rate_limit_exceeded", "resource_exhausted", "usagelimits"),
    }
)
FORBIDDEN = frozenset({"forbidden", "permission_denied"})
#: Where a refusal comes as plain text: what it says, and the reason that has elsewhere.
SPOKEN = (
    ("has not been used in project", "accessnotconfigured"),
    ("insufficient authentication scopes", "insufficientpermissions"),
    ("cannot use apis", "domaincannotuseapis"),
    ("daily limit", "dailylimitexceeded"),
    ("rate limit", "ratelimitexceeded"),
    ("quota exceeded", "quotaexceeded"),
    ("rate higher than configured", "quotaexceeded"),
    ("not authorized to access", "forbidden"),
)


class Privilege(NamedTuple):
    """Something the sync account must be allowed to read: its name, and its line in the role."""

    thing: str
    line: str


UNITS = Privilege("organizational units", "Organizational Units > Read")
USERS = Privilege("users", "Users > Read")
GROUPS = Privilege("groups", "Groups > Read")


class Fault(Exception):
    """One refusal as Google gave it. `reasons` are all the words it has for why, in lower case."""

    def __init__(self, reply: Reply) -> None:
        """Read whatever shape it came in; never fails."""
        self.reply = reply
        self.status = reply.status
        self.reasons, self.text = _read(reply)
        super().__init__(f"HTTP {reply.status}")

    def is_of(self, reasons: frozenset[str]) -> bool:
        """Whether one of these is among the reasons."""
        return not self.reasons.isdisjoint(reasons)

    @property
    def throttles(self) -> bool:
        """Whether the same question may be asked again, later. Google: throttling is mostly a 403."""
        return self.status == 403 and self.is_of(THROTTLED) and not self.is_of(OURS | NO_SCOPE | SHUT | DAILY)

    @property
    def is_forbidden(self) -> bool:
        """Whether this very thing may not be seen: it is not ours, or the role does not reach it."""
        return self.status == 403 and self.is_of(FORBIDDEN) and not self.is_of(OURS | NO_SCOPE | SHUT | DAILY)

    @property
    def names_no_unit(self) -> bool:
        """Google: a path that it does not know is a 400, not an empty list."""
        return self.status == 400 and "invalid_ou_id" in self.text

    def means(self, right: Privilege) -> SourceError:
        """The error that stops a run which was reading what `right` is about."""
        told = self._told(right)
        if told is not None:
            return told
        if "invalid domain" in self.text or "domain not found" in self.text:
            return Refused(WRONG_DOMAIN, "E-WRONG-DOMAIN")
        if self.status != 403:
            return Malformed(self._said())
        # A web page is no answer of the directory: something before it turned us away.
        return Refused(no_right(right), "E-PRIVILEGE-MISSING") if self.reasons else Unreachable(self._said())

    def _told(self, right: Privilege) -> SourceError | None:
        """What a reason of its own means. Those of the limits come last: our project's is of their kind, too."""
        meanings: list[tuple[frozenset[str], SourceError]] = [
            (OURS, Refused(NOT_OUR_PROJECT, "E-CLIENT-REFUSED")),
            (NO_SCOPE, Refused(not_given(right), "E-PRIVILEGE-MISSING")),
            (SHUT, Refused(DOMAIN_SHUT, "E-ADMIN-POLICY")),
            (DAILY | THROTTLED, Unreachable(WAIT, "E-RATE")),
        ]
        return next((error for reasons, error in meanings if self.is_of(reasons)), None)

    def _said(self) -> str:
        return f"{SOURCE} answered {self.reply.where} with HTTP {self.status}."


def no_right(right: Privilege) -> str:
    """The role lacks a line, or is limited to a part of the organization."""
    return (
        f"The sync account's role can't read {right.thing}. Tick Admin API Privileges > {right.line} in the role, and"
        " assign it for the whole organization."
    )


def not_given(right: Privilege) -> str:
    """A box of Google's permission page was not ticked."""
    return f"SmartPass was not given permission to read {right.thing}. Link G Suite again and tick every box."


def _read(reply: Reply) -> tuple[frozenset[str], str]:
    """Google: (a) code, message, errors; (b) with status and details; (c) without errors; (d) text; (e) a page;
    (f) as OAuth says it.
    """  # noqa: D205  one list of six
    if reply.is_page:
        return frozenset(), ""
    said = reply.body.decode("utf-8", "replace")
    try:
        body = json.loads(said, strict=False)
    except (ValueError, RecursionError):
        body = None
    error = body.get("error") if type(body) is dict else None
    if type(error) is str:
        return frozenset({error.lower()}), str(body.get("error_description", "")).lower()
    if type(error) is not dict:
        return _spoken(said), said.lower()
    text = str(error.get("message", ""))
    rows = [*_rows(error, "errors"), *_rows(error, "details")]
    words = {str(row[name]).lower() for row in rows for name in ("reason", "domain") if name in row}
    words.add(str(error.get("status", "")).lower())
    return frozenset(words - {"", "global", "googleapis.com"}) or _spoken(text), text.lower()


def _rows(error: dict[str, Any], name: str) -> list[dict[str, Any]]:
    listed = error.get(name)
    return [row for row in listed if type(row) is dict] if type(listed) is list else []


def _spoken(text: str) -> frozenset[str]:
    lowered = text.lower()
    return frozenset(reason for words, reason in SPOKEN if words in lowered)
