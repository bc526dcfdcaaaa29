"""What templates say the same way everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template

from accounts import clock
from accounts.models import Roles

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

register = template.Library()


@register.filter
def moment(value: datetime | None, zone: str = "America/New_York") -> str:
    """A time in Eastern and in the reader's zone; "Not yet" for none."""
    return clock.both(value, zone) if value else "Not yet"


@register.filter
def roles(names: Iterable[str] | str) -> str:
    """Roles in words: "Admin, Teacher"."""
    listed = names.split() if isinstance(names, str) else list(names)
    return ", ".join(Roles(name).label for name in listed) or "Nobody: not synced"


@register.filter
def spaced(word: str) -> str:
    """A source's word for a role as people write it: "district admin"."""
    return word.replace("_", " ")


@register.simple_tag(takes_context=True)
def page_link(context: dict[str, Any], number: int) -> str:
    """The address of another page of this list, with its filters kept."""
    query = context["request"].GET.copy()
    query["page"] = str(number)
    return f"?{query.urlencode()}"
