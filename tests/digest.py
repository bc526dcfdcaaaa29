"""One word for everything that a page could change, to show that it changed nothing."""

from __future__ import annotations

from typing import Any

from django.db import connections


def digest() -> list[Any]:
    """Every row of what a page could change, as the tables' owner sees them."""
    tables = (
        "accounts_user",
        "accounts_membership",
        "accounts_school",
        "accounts_district",
        "accounts_auditevent",
        "integrations_connection",
        "integrations_schoollink",
        "integrations_sameperson",
        "integrations_stopswitch",
        "rostering_run",
        "rostering_hold",
        "rostering_change",
        "rostering_issue",
        "rostering_rejection",
        "rostering_supportrequest",
        "accounts_notice",
        "accounts_mail",
    )
    with connections["owner"].cursor() as cursor:
        found = []
        for table in tables:
            cursor.execute(f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t")  # noqa: S608
            found.append((table, cursor.fetchone()))
    return found
