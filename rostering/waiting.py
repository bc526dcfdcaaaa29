"""A hold in words: what it would do, to how many, why, and who may decide it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Count

from accounts.models import Membership, Roles
from integrations import registry
from rostering import wording
from rostering.models import Change

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from rostering.models import Hold

#: What approving does, by what all its rows are; anything else is "Apply changes to".
VERBS: dict[str, str] = {
    Change.Kind.CREATE: "Create",
    Change.Kind.ADOPT: "Take over",
    Change.Kind.RELINK: "Link to new ids:",
    Change.Kind.JOIN: "Add",
    Change.Kind.SUSPEND: "Suspend",
    Change.Kind.REACTIVATE: "Reactivate",
    Change.Kind.ROLES: "Change roles of",
    Change.Kind.UPDATE: "Update",
}
MIXED = "Apply changes to"
#: What a hold says of itself before anything else.
NOTHING_HAPPENED: dict[str, str] = {Change.Kind.SUSPEND: "Nobody has been suspended."}


class Deed(NamedTuple):
    """What approving some rows does: "Suspend", "281 students"; `kind` if all of them are of one."""

    verb: str
    people: int
    whom: str
    kind: str

    @property
    def words(self) -> str:
        """For example "Suspend 281 students"."""
        return f"{self.verb} {self.whom}"

    @property
    def so_far(self) -> str:
        """What has happened: nothing."""
        return NOTHING_HAPPENED.get(self.kind, "Nothing has changed.")


def deed(rows: QuerySet[Change]) -> Deed:
    """What approving these rows does."""
    found = list(rows.order_by().values_list("kind").annotate(number=Count("pk")))
    people = rows.order_by().values("user_id").distinct().count()
    kind = found[0][0] if len(found) == 1 else ""
    one, many = ("person", "people")
    if kind == Change.Kind.SUSPEND:
        one, many = _role(rows) or (one, many)
    return Deed(VERBS.get(kind, MIXED), people, f"1 {one}" if people == 1 else f"{people:,} {many}", kind)


def _role(rows: QuerySet[Change]) -> tuple[str, str] | None:
    """What they are called if all of them are the same; Admins are Teachers too."""
    places = rows.order_by().values("school_id").distinct()
    theirs = Membership.objects.filter(user__in=rows.order_by().values("user_id"), school__in=places)
    roles = {role for held in theirs.values_list("roles", flat=True).distinct() for role in held}
    if len(roles) != 1:
        return None
    word = str(Roles(roles.pop()).label)
    word = word if word.startswith(("Admin", "District")) else word.lower()
    return word, f"{word}s"


def reasons(hold: Hold, rows: QuerySet[Change]) -> list[tuple[str, int]]:
    """How many rows have which kind and, of those that suspend, which reason: "Suspended: no longer in Clever"."""
    source = registry.label(hold.connection.kind)
    found = rows.order_by("kind", "why").values_list("kind", "why").annotate(number=Count("pk"))
    grouped: dict[str, int] = {}
    for kind, why, number in found:
        label = str(Change.Kind(kind).label)
        said = f"{label}: {wording.WHYS.get(why, why).format(source=source)}" if why else label
        grouped[said] = grouped.get(said, 0) + number
    return list(grouped.items())
