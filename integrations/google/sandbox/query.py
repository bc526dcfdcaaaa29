"""The `query` of users.list, and the `fields` of everything."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from integrations.google.sandbox.errors import Refusal, Refused, invalid
from integrations.google.sandbox.people import User

Row = dict[str, Any]
QUOTED = r"'(?:[^'\\]|\\.)*'"
#: A clause: a name, an operator, and a value in quotes or without blanks; or a bare word.
CLAUSE = re.compile(
    rf"\s*(?:(\w+)\s*(=|:)\s*({QUOTED}|[^\s']*)|({QUOTED}|[^\s'=:]+))(?=\s|$)",
    re.DOTALL,
)
FLAGS: dict[str, Callable[[User], bool]] = {
    "isSuspended": lambda user: user.suspended,
    "isArchived": lambda user: user.archived,
    "isAdmin": lambda user: user.role == "super",
    "isDelegatedAdmin": lambda user: user.role == "delegated",
}
WORDS: dict[str, Callable[[User], tuple[str, ...]]] = {
    "email": lambda user: tuple(user.mails),
    "givenName": lambda user: (user.first,),
    "familyName": lambda user: (user.last,),
    "name": lambda user: (user.first, user.last, f"{user.first} {user.last}"),
    "externalId": lambda user: (user.number,),
}


class Query(NamedTuple):
    """What is asked: the path of a unit ("" when it is empty, None for any), and tests that all have to hold."""

    path: str | None
    tests: tuple[Callable[[User], bool], ...]

    def holds(self, user: User) -> bool:
        """Whether an account passes every test; its unit is not asked here."""
        return all(test(user) for test in self.tests)


def read(text: str) -> Query:
    """A query. Google: clauses are joined by blanks and all have to hold; what it does not know is a 400."""
    path: str | None = None
    tests: list[Callable[[User], bool]] = []
    at = 0
    while text[at:].strip():
        found = CLAUSE.match(text, at)
        if found is None:
            raise invalid("query")
        at = found.end()
        name, operator, value = found[1], found[2], _unquoted(found[3] or found[4] or "")
        if name == "orgUnitPath" and operator == "=":
            path = value
        else:
            tests.append(_test(name, operator, value))
    return Query(path, tuple(tests))


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL) if value.startswith("'") else value


def _test(name: str | None, operator: str | None, value: str) -> Callable[[User], bool]:
    wanted = value.lower()
    if name is None:
        return lambda user: any(wanted in word.lower() for key in ("name", "email") for word in WORDS[key](user))
    if name in FLAGS and operator == "=" and wanted in {"true", "false"}:
        flag = FLAGS[name]
        return lambda user: flag(user) == (wanted == "true")
    if name not in WORDS:
        raise invalid("query")
    words = WORDS[name]
    if operator == "=":
        return lambda user: any(wanted == word.lower() for word in words(user))
    if wanted.endswith("*"):
        return lambda user: any(word.lower().startswith(wanted[:-1]) for word in words(user))
    return lambda user: any(wanted in word.lower() for word in words(user))


Mask = dict[str, Any]


def mask(text: str) -> Mask | None:
    """A `fields` parameter as a tree of names; None when everything is wanted. 400 when it cannot be read."""
    if not text or text == "*":
        return None
    tree: Mask = {}
    rest = _selection(text, tree)
    if rest:
        raise _selection_is_wrong(text)
    return tree


def masked(value: Any, tree: Mask | None) -> Any:
    """Only what the mask names, at every depth. A name that is not there gives nothing, and no error."""
    if not tree or "*" in tree:
        return value
    if isinstance(value, list):
        return [masked(each, tree) for each in value]
    if not isinstance(value, dict):
        return value
    held = {name: masked(value[name], below) for name, below in tree.items() if name in value}
    return {name: each for name, each in held.items() if not (tree[name] and each == {})}


def _selection(text: str, tree: Mask) -> str:
    """Read names joined by commas into the tree; what is left behind them."""
    while True:
        found = re.match(r"\s*([\w*$/-]+)\s*", text)
        if found is None:
            raise _selection_is_wrong(text)
        text = text[found.end() :]
        here = tree
        for name in found[1].split("/"):
            here = here.setdefault(name, {})
        if text.startswith("("):
            text = _selection(text[1:], here)
            if not text.startswith(")"):
                raise _selection_is_wrong(text)
            text = text[1:].lstrip()
        if not text.startswith(","):
            return text
        text = text[1:]


def _selection_is_wrong(text: str) -> Refused:
    return Refused(Refusal(400, "invalidParameter", f"Invalid field selection {text[:40]}", rpc="INVALID_ARGUMENT"))
