"""What an e-mail says: one paragraph and one button for each thing told, why it came and how to stop it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from accounts import clock
from accounts.models import Notice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accounts.models import Mail

#: What the button says that leads to what was told.
VERBS: dict[str, str] = {
    Notice.Kind.HOLD: "Review hold",
    Notice.Kind.RECONNECT: "Fix connection",
    Notice.Kind.FAILED: "View connection",
    Notice.Kind.LATE: "View connection",
    Notice.Kind.FIXED: "View sync",
    Notice.Kind.UNDONE: "View sync",
    Notice.Kind.READY: "View accounts",
    Notice.Kind.ANSWER: "View answer",
    Notice.Kind.RESUMED: "View connection",
}
#: What one letter tells in full; the rest stands on the notices page.
IN_FULL = 8


def verb(notice: Notice) -> str:
    """What the button says that leads to what was told; without the promise once it is over."""
    return VERBS.get(notice.kind, "View") if notice.closed_at is None else "View"


def write(rows: Sequence[Mail]) -> EmailMultiAlternatives:
    """One letter to one person about these rows, none of which may be without its notice."""
    first = rows[0]
    more = len(rows) - 1
    values = {
        "name": first.to.first_name,
        "items": [_item(row) for row in rows[:IN_FULL]],
        "left_out": max(len(rows) - IN_FULL, 0),
        "all": _page("notices"),
        "why": _why(rows),
    }
    letter = EmailMultiAlternatives(
        subject=" ".join((first.subject + (f" and {more:,} more" if more else "")).split()),
        body=render_to_string("mail/notice.txt", values).strip() + "\n",
        to=[first.to.email.strip()],
        headers={
            # The same on a second try, so that a letter which arrives twice is known as one.
            "Message-ID": f"<smartpass-{min(row.pk for row in rows)}@{urlsplit(settings.PUBLIC_URL).hostname}>",
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        },
    )
    letter.attach_alternative(render_to_string("mail/notice.html", values), "text/html")
    return letter


def _item(row: Mail) -> dict[str, Any]:
    assert row.notice
    return {
        "title": row.notice.get_kind_display(),
        "school": row.notice.school.name if row.notice.school else row.district.name,
        "text": row.body,
        "when": clock.both(row.notice.at, row.district.timezone),
        "link": settings.PUBLIC_URL + row.notice.link,
        "verb": verb(row.notice),
    }


def _why(rows: Sequence[Mail]) -> str:
    schools = sorted({row.notice.school.name for row in rows if row.notice and row.notice.school})
    if len(schools) == 1 and all(row.notice and row.notice.school for row in rows):
        return f"You get this because you answer for {schools[0]} in SmartPass."
    return f"You get this because you answer for schools of {rows[0].district.name} in SmartPass."


def _page(name: str) -> str:
    return settings.PUBLIC_URL + reverse(name)
