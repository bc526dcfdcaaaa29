"""Part of the wall: whom of the source's people somebody may know, and what was refused about them.

A record of the source belongs to a school if one of its places is linked to that school. A
District admin who looks at the whole district also knows of people at no linked place, or
at none at all; nobody else does.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.db.models import BooleanField, Exists, F, Func, JSONField, OuterRef, Q, TextField, Value
from django.db.models.lookups import Contains
from django.shortcuts import get_object_or_404

from accounts.access import memberships_of, reach_of, schools_of
from accounts.models import User
from integrations.access import connections_of
from integrations.models import Link, SchoolLink
from rostering.models import Record, Rejection

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.models import School
    from integrations.models import Connection


#: So many records are named one by one.
FEW = 5_000


def places_of(user: User, at: School | None = None) -> dict[int, dict[str, School]]:
    """By connection: which places of the source are which of the schools this person answers for."""
    mine = schools_of(user, at).values("pk")
    found: dict[int, dict[str, School]] = {}
    for link in SchoolLink.objects.filter(active=True, school__in=mine).select_related("school"):
        found.setdefault(link.connection_id, {})[link.external_id] = link.school
    return found


def records_of(user: User, at: School | None = None, among: QuerySet[Any] | None = None) -> QuerySet[Any]:
    """What the source last said about people this person may know of, with `erased`.

    `erased` says that the account was deleted by a person: then the names are nobody's.
    `among` is what was searched already; the costly look at places then comes after it.
    """
    account = Link.objects.filter(connection=OuterRef("connection_id"), external_id=OuterRef("external_id"))
    records = Record.objects.all() if among is None else among
    records = records.select_related("connection", "connection__district").annotate(
        erased=Exists(account.filter(user__deleted_at__isnull=False))
    )
    reach = reach_of(user)
    if reach.everything or (reach.district_wide and at is None):
        return records
    seen = Q(pk__in=[])
    for connection_id, places in places_of(user, at).items():
        seen |= Q(_one_of("$[*][0]", sorted(places)), connection=connection_id)
    return records.filter(seen)


def people_of(user: User, at: School | None = None) -> QuerySet[User]:
    """The living accounts at the schools this person answers for, or at one of them."""
    return User.objects.filter(deleted_at=None, pk__in=memberships_of(user, at).values("user_id"))


def has_account(user: User, account: User) -> bool:
    """Whether this person may open an account."""
    living = account.deleted_at is None
    return living and (account.pk == user.pk or memberships_of(user).filter(user=account).exists())


def without_account(user: User, records: QuerySet[Any]) -> QuerySet[Any]:
    """Those records that lead to no account this person may open."""
    account = Link.objects.filter(
        connection=OuterRef("connection_id"),
        external_id=OuterRef("external_id"),
        user__deleted_at=None,
        user__in=memberships_of(user).values("user_id"),
    )
    return records.filter(~Exists(account))


def never_linked() -> QuerySet[Any]:
    """All records that lead to no account at all, with `folded`: less than `without_account`, and quick for a district.

    As a rule these are few. They are looked for first and then named, because reading names is what takes time.
    """
    account = Link.objects.filter(connection=OuterRef("connection_id"), external_id=OuterRef("external_id"))
    records = with_text().filter(~Exists(account))
    few = list(records.values_list("pk", flat=True)[: FEW + 1])
    return records if len(few) > FEW else with_text().filter(pk__in=few)


def with_text() -> QuerySet[Any]:
    """All records there are with `folded`, the text they are searched by; narrow them by `records_of`."""
    # Joined by what never changes, so that folding is put into the query and not called row by row.
    return Record.objects.annotate(folded=_folded(F("last_name"), F("first_name"), F("email")))


def with_word(word: str) -> Q:
    """Records with a folded word in a name or in the e-mail.

    Each by itself: a word has no blank in it, and what is joined first would be joined again for each use.
    """
    return reduce(or_, (Q(Contains(_folded(F(name)), word)) for name in ("last_name", "first_name", "email")))


def _folded(*names: F) -> Func:
    folds = "smartpass_fold(%(expressions)s)"
    return Func(*names, template=folds, arg_joiner=" || ' ' || ", output_field=TextField())


def with_number(number: str) -> Q:
    """Records of people whom a school knows by this number."""
    return Q(_one_of("$[*][3]", [number]))


def record_for(user: User, record_id: int) -> Record:
    """What the source said about somebody this person may know of, or Http404."""
    found: Record = get_object_or_404(records_of(user), pk=record_id)
    return found


def account_behind(user: User, record: Record) -> User | None:
    """The account a record leads to, if this person may open it."""
    links = Link.objects.filter(connection=record.connection_id, external_id=record.external_id)
    return next((link.user for link in links.select_related("user") if has_account(user, link.user)), None)


def sources_of(user: User, account: User) -> list[Connection]:
    """The connections that have, or may have, to do with an account this person was let to.

    Those that know them by an id; without one, those that serve a school of theirs.
    """
    mine = connections_of(user).select_related("district").order_by("kind", "pk")
    known = list(mine.filter(pk__in=Link.objects.filter(user=account).values("connection")))
    if known:
        return known
    schools = memberships_of(user).filter(user=account).values("school")
    return list(mine.filter(pk__in=SchoolLink.objects.filter(active=True, school__in=schools).values("connection")))


def names_seen_by(user: User, people: set[int]) -> dict[int, str]:
    """What those people are called whose accounts this person may open; nothing about the others."""
    if not people:
        return {}
    seen = set(memberships_of(user).filter(user__in=people).values_list("user_id", flat=True))
    return {each.pk: each.get_full_name() for each in User.objects.filter(pk__in=seen, deleted_at=None)}


def is_taken(user: User, email: str) -> bool:
    """Whether some account of the district signs in by exactly this e-mail. Tells nothing else about it."""
    handle = email.strip().lower()
    return bool(handle) and User.objects.filter(district=user.district_id, login_email=handle).exists()


def rejections_of(user: User) -> QuerySet[Rejection]:
    """What was refused at this person's schools; District admins also see what was at the district."""
    rejections = Rejection.objects.select_related("connection", "connection__district", "school", "by")
    reach = reach_of(user)
    if reach.everything:
        return rejections
    mine = Q(school__in=schools_of(user).values("pk"))
    return rejections.filter(mine | Q(school=None) if reach.district_wide else mine)


def rejection_for(user: User, rejection_id: int) -> Rejection:
    """Something refused at a school of this person's, or Http404."""
    return get_object_or_404(rejections_of(user), pk=rejection_id)


def _one_of(path: str, values: list[str]) -> Func:
    """Whether what stands in a record's roles at this path is one of the values."""
    test = Func(Value(f"{path} ? (@ == $them[*])"), template="(%(expressions)s)::jsonpath", output_field=TextField())
    them = Value({"them": values}, JSONField())
    return Func(F("roles"), test, them, function="jsonb_path_exists", output_field=BooleanField())
