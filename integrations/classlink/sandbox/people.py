"""How ClassLink's sign-in side shows somebody: `my/info` and the claims of an id_token.

`SourcedId` is blank where the district has no OneRoster; `UserId` is ClassLink's own
number and stays when the SourcedId changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from integrations.classlink.sandbox.tenants import Tenant
from integrations.oneroster.sandbox.rosters import STAMP

Row = dict[str, Any]
#: ClassLink's words and levels; only 3 and 4 are known from outside.
ROLES = {
    "student": ("Student", 4),
    "districtAdministrator": ("Tenant Administrator", 1),
    "systemAdministrator": ("Tenant Administrator", 1),
    "siteAdministrator": ("Building Administrator", 2),
    "principal": ("Building Administrator", 2),
    "guardian": ("Parent", 5),
    "parent": ("Parent", 5),
    "relative": ("Parent", 5),
}
TEACHER = ("Teacher", 3)


class SignIn(NamedTuple):
    """Who signs in: a tenant, and a sourcedId or the word of a login without a roster row."""

    tenant: int
    user: str


def person_of(tenant: Tenant, user: str) -> Row | None:
    """The row behind a sign-in, in the roster, once in the roster, or never in it."""
    return tenant.logins.get(user) or tenant.ever(user)


def user_number(tenant: Tenant, user: str) -> int:
    """ClassLink's own number of somebody."""
    seed = f"{tenant.tenant_id} {tenant.lasting(user)}".encode()
    return 1_000_000 + int(hashlib.sha256(seed).hexdigest()[:7], 16)


def info(tenant: Tenant, user: str, row: Row, faults: Mapping[str, Any]) -> Row:
    """`GET /v2/my/info`."""
    role, level = _role(row, faults)
    orgs = [each["org"] for each in row["roles"] if each.get("org")]
    building = tenant.orgs_by_id.get(orgs[0], {}).get("name", "") if orgs else ""
    return {
        "UserId": user_number(tenant, user),
        "TenantId": tenant.tenant_id,
        "StateId": 5,
        "StateName": "California",
        "BuildingId": 1,
        "AuthenticationType": 1,
        "DisplayName": _display(row),
        "FirstName": row["givenName"],
        "LastName": row["familyName"],
        "Email": row["email"],
        "LoginId": row["username"],
        "ImagePath": "",
        "LanguageId": 1,
        "Language": "English",
        "DefaultTimeFormat": 12,
        "Profile": role,
        "ProfileId": level,
        "Tenant": tenant.name,
        "Building": building,
        "Role": role,
        "Role_Level": level,
        "LastAccessTime": STAMP,
        "OrgId": orgs if faults.get("org_id") == "list" else "",
        "SourcedId": row["sourcedId"] if tenant.oneroster else "",
        "or_email": row["email"],
    }


def claims(tenant: Tenant, user: str, row: Row, faults: Mapping[str, Any]) -> Row:
    """What an id_token says of somebody; `address` is an object, and `email` is there even when it is empty."""
    return {
        "sub": str(user_number(tenant, user)),
        "login_hint": row["username"],
        "email": row["email"],
        "email_verified": True,
        "name": _display(row),
        "profile": _role(row, faults)[0],
        "address": {"locality": tenant.name, "region": "CA"},
    }


def _role(row: Row, faults: Mapping[str, Any]) -> tuple[str, int]:
    word = row["roles"][0]["role"] if row["roles"] else ""
    shown = ROLES.get(word, TEACHER)
    return TEACHER if faults.get("flatten") and "Administrator" in shown[0] else shown


def _display(row: Row) -> str:
    return f"{row['givenName']} {row['familyName']}".strip()
