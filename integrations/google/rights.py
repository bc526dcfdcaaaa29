"""What the linked account may read, right by right."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from integrations.google.api import Directory
from integrations.google.faults import GROUPS, UNITS, USERS, Fault, not_given
from integrations.google.grant import Grant
from integrations.provider import Refused
from integrations.records import Right

#: Google: any one of these opens the groups and who is in them.
GROUP_SCOPES = frozenset(
    f"https://www.googleapis.com/auth/admin.directory.{each}" for each in ("group", "group.readonly")
)
NOT_ASKED = "Groups not requested"
#: What a broken permission itself is called: no right of the role is to blame, and none is looked at further.
OF_A_ROLE = frozenset({"E-PRIVILEGE-MISSING"})


def may_read_groups(grant: Grant, granted: str) -> bool:
    """Whether the permission covers groups: as Google said last, or else as it was granted."""
    scopes = grant.scopes if grant.scopes is not None else frozenset(granted.split())
    return not scopes.isdisjoint(GROUP_SCOPES)


def look(directory: Directory, grant: Grant, account: str, granted: str) -> list[Right]:
    """Five requests: a token, units, users, groups, the account itself. Raises what no right explains."""
    found = [
        _tried("units", lambda: f"{len(directory.units()):,}"),
        _tried("users", lambda: _many(directory.count_users())),
    ]
    if may_read_groups(grant, granted):
        found.append(_tried("groups", lambda: _many(directory.count_groups())))
    else:
        found.append(Right("groups", None, NOT_ASKED))
    return [*_about(directory, account), *found]


def needed(rights: Iterable[Right], *, groups: bool) -> None:
    """Raise `Refused` for the first right that is needed and missing."""
    privileges = {"units": UNITS, "users": USERS, **({"groups": GROUPS} if groups else {})}
    for right in rights:
        if right.name in privileges and not right.ok:
            text = right.detail if right.ok is False else not_given(privileges[right.name])
            raise Refused(text, right.code or "E-PRIVILEGE-MISSING")


def _tried(name: str, ask: Callable[[], str]) -> Right:
    try:
        return Right(name, ok=True, detail=ask())
    except Refused as refused:
        if refused.code not in OF_A_ROLE:
            raise
        return Right(name, ok=False, detail=str(refused), code=refused.code)


def _about(directory: Directory, account: str) -> list[Right]:
    """Who it is, and whether it is a super admin, which works but gives SmartPass more than it needs."""
    try:
        row = directory.user(account) if account else None
    except (Fault, Refused):
        row = None
    if row is None:
        return [Right("account", bool(account), account)]
    return [Right("account", ok=True, detail=account), Right("super_admin", ok=row.get("isAdmin") is True)]


def _many(counted: tuple[int, bool]) -> str:
    count, more = counted
    return f"more than {count:,}" if more else f"{count:,}"
