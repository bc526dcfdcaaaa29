"""What can happen to a ClassLink district beyond its roster: to its application and its bearer."""

from __future__ import annotations

from typing import Any

from integrations.classlink.sandbox.tenants import Tenant
from integrations.oneroster.sandbox import Edits

Row = dict[str, Any]


class TenantEdits(Edits):
    """The verbs of a OneRoster district, and a tenant's own."""

    def __init__(self, tenant: Tenant) -> None:
        """Verbs for `tenant`."""
        super().__init__(tenant)
        self._tenant = tenant

    def change_id(self, user: str, new: str | None = None) -> str:
        """Give somebody another sourcedId; ClassLink's own number of them stays."""
        first = self._tenant.lasting(user)
        key = super().change_id(user, new)
        self._tenant.former[key] = first
        return key

    def rotate_bearer(self) -> str:
        """Another bearer; the old one answers 401 from now on. The new one."""
        self._tenant.new_bearer()
        return self._tenant.bearer

    def revoke(self) -> None:
        """The district cuts us off: 401, while `/applications` goes on showing the same bearer."""
        self._tenant.revoked = True

    def allow(self) -> None:
        """The district lets us in again, with the same bearer."""
        self._tenant.revoked = False

    def disable_application(self) -> None:
        """The district leaves the app switched off: `enabled` is the text "false", the bearer 401 (choice)."""
        self._tenant.enabled = "false"

    def enable_application(self) -> None:
        """The district switches the app on."""
        self._tenant.enabled = "true"

    def set_tenant_status(self, status: str) -> None:
        """What `tenant_status` says; with anything but Active the bearer is 401 (choice)."""
        self._tenant.status = status

    def hide_tenant(self) -> None:
        """The district removes the app: no record, and its bearer is dead."""
        self._tenant.listed = False

    def show_tenant(self) -> None:
        """The district adds the app again."""
        self._tenant.listed = True

    def list_twice(self, *, on: bool = True) -> None:
        """Whether `/applications` has two records for this tenant."""
        self._tenant.twice = on

    def withhold_bearer(self, *, on: bool = True) -> None:
        """Whether the record's bearer is null."""
        self._tenant.without_bearer = on

    def without_oneroster(self, *, on: bool = True) -> None:
        """A district that signs in through ClassLink and has no roster there: no record, blank SourcedIds."""
        self._tenant.oneroster = not on

    def add_login(self, role: str, first: str, last: str, email: str = "", sourced_id: str = "") -> str:
        """Somebody who can sign in and is not in the roster; the word to sign in as."""
        word = f"login-{len(self._tenant.logins) + 1}"
        fields = {"givenName": first, "familyName": last, "email": email, "username": word, "sourcedId": sourced_id}
        self._tenant.logins[word] = {"roles": [{"role": role}], **fields}
        return word
