"""Stories of a district at ClassLink: its people are put into the sandbox by name, and nights pass."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from accounts import tenancy
from accounts.models import District
from integrations.classlink.sandbox import ClassLinkSandbox, Tenant
from integrations.classlink.sandbox.edits import TenantEdits
from integrations.models import Connection, ConnectionState
from tests import factories
from tests.rostering.passing import Nights, Row

#: Stands for an email made from the name.
MADE = "(made from the name)"
#: The sandbox's id of a district's own org.
DISTRICT = "D1"


class ClassLinkStory(Nights):
    """One district, tied to a tenant of ClassLink's sandbox over real HTTP."""

    def __init__(
        self, sandbox: ClassLinkSandbox, tenant: Tenant, schools: Iterable[str], district: District | None = None
    ) -> None:
        """Link the first schools of the tenant to new, purchased ones of these names, in a new district or this one."""
        self.sandbox = sandbox
        self.tenant = tenant
        self.world: TenantEdits = sandbox.world(tenant)
        self.places = [str(row["sourcedId"]) for row in tenant.orgs() if row["type"] == "school"]
        self.names = {}
        self._number = 0
        with tenancy.support():
            self.district = district or factories.district()
            self.connection = Connection.objects.create(
                district=self.district,
                kind="classlink",
                tenant=str(tenant.tenant_id),
                tenant_name=tenant.name,
                state=ConnectionState.CONNECTED,
            )
            self.schools = [factories.school(self.district, name) for name in schools]
            for school, place in zip(self.schools, self.places, strict=False):
                factories.link(self.connection, school, place)

    def student(self, name: str, *schools: int, **fields: Any) -> str:
        """Add a student at these schools (the first one if none is named); the sourcedId."""
        return self.person(name, "student", *schools, **{"grades": ["09"], **fields})

    def teacher(self, name: str, *schools: int, **fields: Any) -> str:
        """Add a teacher."""
        return self.person(name, "teacher", *schools, **fields)

    def students(self, count: int, school: int = 0, called: str = "Kid") -> list[str]:
        """Add many students at one school: Kid 01, Kid 02 and so on."""
        return [self.student(f"{called} {number:02}", school) for number in range(1, count + 1)]

    def person(self, name: str, word: str, *schools: int, **fields: Any) -> str:
        """Add somebody with one role, in OneRoster's word, at these schools."""
        return self.somebody(name, [self.role(word, school) for school in schools or (0,)], **fields)

    def role(self, word: str, school: int = 0) -> Row:
        """One role at a school."""
        return {"role": word, "org": self.places[school]}

    def somebody(self, name: str, roles: list[Row], *, key: str = "", email: str = MADE, **fields: Any) -> str:
        """Add somebody with exactly these roles and fields, under this id or the next one."""
        self._number += 1
        key = key or str(1000 + self._number)
        first, _, last = name.rpartition(" ")
        login = name.lower().replace(" ", ".")
        told = {"givenName": first, "familyName": last, "username": login, "identifier": f"N{self._number}"}
        told["email"] = f"{login}@lincoln.example" if email == MADE else email
        self.world.put_user(key, {**told, "roles": roles, **fields})
        self.names[key] = name
        return key
