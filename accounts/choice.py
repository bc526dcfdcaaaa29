"""Many accounts that one deed is done to: read as the deed needs them, and written down one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from accounts import audit
from accounts.models import AuditEvent, Membership, Roles, User
from accounts.people import NotPossible

if TYPE_CHECKING:
    from django.db.models import QuerySet

#: One request changes no more accounts than this.
AT_ONCE = 20_000
#: Rows that go into one statement.
BATCH = 2_000
TOO_MANY = f"That is more than {AT_ONCE:,} accounts, the most that change at once. Narrow the list first."
CHANGED_MEANWHILE = "Something changed since this list was read. Read it again, then decide."


class Account(NamedTuple):
    """A membership as a deed sees it."""

    pk: int
    user_id: int
    school_id: int | None
    roles: list[str]
    status: str
    source_id: int | None
    origin_label: str
    suspended_by: str


@dataclass
class Plan:
    """What a deed would do: to whom and what they become, whom it leaves out and why.

    `reverted` are those whom tonight's sync would change back.
    """

    rows: list[tuple[Account, Mapping[str, Any]]] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)
    reverted: list[Account] = field(default_factory=list)

    @property
    def accounts(self) -> list[Account]:
        """Those to whom it is done."""
        return [row for row, _ in self.rows]

    @property
    def read(self) -> str:
        """What was read: the same only if the same accounts would become the same."""
        told = [(row.pk, row.roles, row.status, sorted(becomes.items())) for row, becomes in self.rows]
        return sha256(repr((sorted(told), sorted(row.pk for row in self.reverted))).encode()).hexdigest()

    @property
    def sources(self) -> str:
        """Where those come from that a sync would change back."""
        return " and ".join(sorted({row.origin_label for row in self.reverted}))

    def sort_out(self, row: Account, becomes: Mapping[str, Any] | str) -> None:
        """Take an account in with what it becomes, or leave it out with the reason."""
        if isinstance(becomes, str):
            self.left[becomes] += 1
        else:
            self.rows.append((row, becomes))

    def require(self, read: str) -> None:
        """Raise NotPossible unless this is what was read."""
        if self.read != read:
            raise NotPossible(CHANGED_MEANWHILE)


def accounts_in(chosen: QuerySet[Membership]) -> list[Account]:
    """The accounts of a choice. Raises NotPossible if they are too many for one request."""
    rows = [Account(*row) for row in chosen.values_list(*Account.__annotations__)[: AT_ONCE + 1]]
    if len(rows) > AT_ONCE:
        raise NotPossible(TOO_MANY)
    return rows


def lock(chosen: QuerySet[Membership]) -> None:
    """Wait for whoever changes these accounts or the Admins of their schools: what is read next is what they left."""
    ids = list(chosen.order_by().values_list("pk", flat=True)[: AT_ONCE + 1])
    schools = Membership.objects.filter(pk__in=ids).values("school")
    admins = Membership.objects.filter(school__in=schools, roles__contains=[Roles.ADMIN]).values_list("pk", flat=True)
    rows = Membership.objects.filter(pk__in={*ids, *admins})
    list(rows.select_for_update().order_by("pk").values_list("pk"))


def write_down(
    by: User, action: str, lines: Sequence[tuple[int, Mapping[str, Any], Mapping[str, Any]]], why: str
) -> None:
    """A line in the trail for each membership (its id, before, after), as if it had been changed alone."""
    events = [
        AuditEvent(
            district_id=by.district_id,
            by=by,
            action=action,
            target=audit.name_of(Membership(pk=pk)),
            before=before,
            after=after,
            why=why.strip(),
        )
        for pk, before, after in lines
    ]
    AuditEvent.objects.bulk_create(events, batch_size=BATCH)
