"""Stories of a school at Google: its people are put into the sandbox by name, parts of it are mapped, nights pass."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from accounts import tenancy
from integrations import registry
from integrations.google.sandbox import ASKED, Customer, Edits, GoogleSandbox
from integrations.models import Connection, ConnectionState, RoleRule
from tests import factories
from tests.rostering.passing import Nights

STUDENTS, STAFF, ADMINS = "/Students", "/Staff", "/Staff/Administration"
#: Stands for an email made from the name.
MADE = "(made from the name)"


class GoogleStory(Nights):
    """One district whose schools read a customer of Google's sandbox over real HTTP, mapped as the sample is."""

    def __init__(self, sandbox: GoogleSandbox, customer: Customer, schools: Iterable[str]) -> None:
        """New, purchased schools of these names, all of them at one connection; the first one has the mapping."""
        self.sandbox = sandbox
        self.customer = customer
        self.world: Edits = sandbox.world(customer)
        self.names = {}
        with tenancy.support():
            self.district = factories.district()
            self.connection = Connection.objects.create(
                district=self.district,
                kind="gsuite",
                tenant=customer.id,
                tenant_name=customer.name,
                account=customer.known(customer.sync_account).id,
                settings={"account": customer.sync_account, "granted": " ".join(ASKED)},
                state=ConnectionState.CONNECTED,
            )
            self.schools = [factories.school(self.district, name) for name in schools]
            for school in self.schools:
                factories.link(self.connection, school, f"school:{school.pk}")
        self.link_anew()
        for path, role in ((STUDENTS, "student"), (STAFF, "teacher"), (ADMINS, "admin")):
            self.map(path, role)

    def link_anew(self) -> str:
        """The sync account agrees (again); the refresh token."""
        token = self.sandbox.consent(self.customer.sync_account)
        registry.keep(self.tie(), {"refresh_token": token})
        return token

    def map(self, path: str, role: str, school: int = 0, *, sub_units: bool = True) -> str:
        """Whoever is in the unit at a path, or in the group with this mail, has a role; the id of it at Google."""
        group = self.customer.group(path)
        source_id = group.id if group else self.customer.units.at(path).id
        with tenancy.district(self.district.pk):
            RoleRule.objects.create(
                district=self.district,
                connection=self.connection,
                school=self.schools[school],
                kind="group" if group else "ou",
                source_id=source_id,
                name=path,
                role=role,
                sub_units=sub_units,
            )
        return source_id

    def unmap(self, source_id: str) -> None:
        """Nobody has a role by this part any more."""
        with tenancy.district(self.district.pk):
            RoleRule.objects.filter(connection=self.connection, source_id=source_id).delete()

    def student(self, name: str, unit: str = "/Students/2025", **fields: Any) -> str:
        """Add a student; Google's id."""
        return self.somebody(name, unit, **fields)

    def students(self, count: int, unit: str = "/Students/2025", called: str = "Kid") -> list[str]:
        """Add many students: Kid 01, Kid 02 and so on."""
        return [self.student(f"{called} {number:02}", unit) for number in range(1, count + 1)]

    def teacher(self, name: str, **fields: Any) -> str:
        """Add a teacher."""
        return self.somebody(name, STAFF, **fields)

    def admin(self, name: str, **fields: Any) -> str:
        """Add somebody of the administration, which lies below the staff."""
        return self.somebody(name, ADMINS, **fields)

    def somebody(self, name: str, unit: str, *, email: str = MADE, **fields: Any) -> str:
        """Add somebody to a unit; Google's id."""
        first, _, last = name.rpartition(" ")
        made = f"{name.lower().replace(' ', '.')}@{self.customer.domain}"
        key = self.world.add_user(unit, first, last, made if email == MADE else email, **fields)
        self.names[key] = name
        return key
