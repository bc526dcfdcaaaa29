"""What templates say the same way everywhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import template

from accounts import clock
from accounts.models import Roles

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.core.paginator import Page

register = template.Library()
#: Where a word begins inside another: siteAdministrator.
JOINED = re.compile(r"(?<=[a-z])[A-Z]")


@register.filter
def moment(value: datetime | None, zone: str = "America/New_York") -> str:
    """A time in Eastern and in the reader's zone; "Not yet" for none."""
    return clock.both(value, zone) if value else "Not yet"


@register.filter
def briefly(value: datetime | None, zone: str = "America/New_York") -> str:
    """A time for a table, in the reader's zone; "Never" for none."""
    return clock.briefly(value, zone) if value else "Never"


@register.filter
def roles(names: Iterable[str] | str) -> str:
    """Roles in words: "Admin, Teacher"."""
    listed = names.split() if isinstance(names, str) else list(names)
    return ", ".join(Roles(name).label for name in listed) or "Nobody: not synced"


@register.filter
def spaced(word: str) -> str:
    """A source's word for a role as people write it: "district admin", "site administrator"."""
    return JOINED.sub(lambda found: f" {found[0].lower()}", word).replace("_", " ")


@register.filter
def grouped(number: int) -> str:
    """A number with its thousands apart: "1,284"."""
    return f"{number:,}"


@register.simple_tag
def page_numbers(page: Page[Any]) -> list[int]:
    """The numbers of a list's pages worth showing; 0 where some are left out."""
    shown = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return [number if isinstance(number, int) else 0 for number in shown]


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: Any) -> str:
    """This page's address with some parameters changed (empty: left out) and the page number dropped."""
    asked = context["request"].GET.copy()
    asked.pop("page", None)
    for name, value in changes.items():
        asked.pop(name, None)
        if value not in ("", None):
            asked[name] = str(value)
    return f"?{asked.urlencode()}"


@register.simple_tag(takes_context=True)
def page_link(context: dict[str, Any], number: int) -> str:
    """The address of another page of this list, with its filters kept."""
    query = context["request"].GET.copy()
    query["page"] = str(number)
    return f"?{query.urlencode()}"
