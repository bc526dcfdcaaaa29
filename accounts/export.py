"""Accounts as a sheet for a spreadsheet: everything a list shows, and no password, ever."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from django.utils.timezone import localtime

from accounts.models import Roles, Status
from accounts.people import NotPossible
from accounts.sheets import harmless

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.models import Membership

#: A sheet is made whole, in the memory of one request.
MOST = 150_000
HEADINGS = (
    "Last name",
    "First name",
    "Email",
    "Username",
    "School",
    "Roles",
    "Status",
    "Grade",
    "Student number",
    "Source",
    "Last sign-in (Eastern)",
)
FIELDS = (
    "user__last_name",
    "user__first_name",
    "user__email",
    "user__username",
    "school__name",
    "roles",
    "status",
    "grade",
    "number",
    "origin_label",
    "user__last_login",
)
ROLES = {role.value: str(role.label) for role in Roles}
STATUSES = {status.value: str(status.label) for status in Status}


def sheet(rows: QuerySet[Membership]) -> bytes:
    """The rows in their order, with a mark before it by which Excel knows UTF-8.

    Raises NotPossible if they are more than MOST.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    number = 0
    for row in rows.values_list(*FIELDS)[: MOST + 1].iterator(chunk_size=5_000):
        number += 1
        writer.writerow(map(harmless, _cells(row)))
    if number > MOST:
        raise NotPossible(f"That is more than {MOST:,} accounts, which is more than one sheet holds. Narrow the list.")
    return out.getvalue().encode("utf-8-sig")


def _cells(row: tuple[Any, ...]) -> list[str]:
    *texts, roles, status, grade, number, source, signed_in = row
    words = ", ".join(ROLES[each] for each in roles)
    when = f"{localtime(signed_in):%Y-%m-%d %H:%M}" if signed_in else ""
    return [*(text or "" for text in texts), words, STATUSES[status], grade, number, source, when]
