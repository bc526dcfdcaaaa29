"""The only module that turns (user, id) into a row of accounts.

Somebody else's row and a row that does not exist get the same answer, Http404, so that
ids tell nothing. Row-level security stands under this wall; the wall between sister
schools is here alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.timezone import now

from accounts import audit
from accounts.models import AuditEvent, District, Membership, Notice, Pin, Roles, School, Status, User

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet
    from django.http import HttpRequest


@dataclass(frozen=True)
class Reach:
    """How far a person's word goes: everything (support), a district, some schools, or only themselves."""

    user: User
    memberships: tuple[Membership, ...]

    @property
    def everything(self) -> bool:
        """Whether this is somebody of SmartPass."""
        return self.user.is_staff

    @property
    def district_wide(self) -> bool:
        """Whether this is a District admin."""
        return any(Roles.DISTRICT_ADMIN in each.roles for each in self.memberships)

    @property
    def own_schools(self) -> frozenset[int]:
        """The schools of which this person is an Admin."""
        return frozenset(each.school_id for each in self.memberships if each.school_id and Roles.ADMIN in each.roles)

    @cached_property
    def unseen_schools(self) -> tuple[int, ...]:
        """The few schools of the district for whose people a District admin does not answer: no source ever had them.

        Read once a request, and named one by one: a sub-select would be asked of each of 100,000 memberships.
        """
        unlinked = School.objects.filter(district=self.user.district_id, source_links=None)
        return tuple(unlinked.exclude(pk__in=self.own_schools).values_list("pk", flat=True))

    @property
    def administers(self) -> bool:
        """Whether the pages for admins are theirs at all."""
        return self.everything or self.district_wide or bool(self.own_schools)


def person(request: HttpRequest) -> User:
    """Whoever signed in; the page that asks is behind `login_required`."""
    if not request.user.is_authenticated:
        raise PermissionDenied
    return request.user


def reach_of(user: User) -> Reach:
    """What this person may see, read once a request from their active memberships."""
    known: Reach | None = getattr(user, "_reach", None)
    if known is None:
        active = Membership.objects.filter(user=user, status=Status.ACTIVE).select_related("school")
        known = Reach(user, tuple(active.order_by("school__name", "pk")))
        user._reach = known  # type: ignore[attr-defined]  # noqa: SLF001 - lives as long as this request's user
    return known


def admin_reach(request: HttpRequest) -> Reach:
    """The first line of every page for admins; PermissionDenied for everybody else."""
    reach = reach_of(person(request))
    if not reach.administers:
        raise PermissionDenied
    return reach


def schools_of(user: User, at: School | None = None) -> QuerySet[School]:
    """The schools whose people this person answers for; of those only `at`, where a page looks at one.

    A District admin answers for the schools of the district that a source was ever linked to.
    """
    reach = reach_of(user)
    if reach.everything:
        return School.objects.all()
    if at is not None:
        return schools_of(user).filter(pk=at.pk)
    mine = Q(pk__in=reach.own_schools)
    if reach.district_wide:
        mine |= Q(district=user.district_id, source_links__isnull=False)
    return School.objects.filter(mine).distinct()


def accounts_of(user: User) -> QuerySet[User]:
    """The accounts this person may open; deleted ones are nobody's."""
    reach = reach_of(user)
    living = User.objects.filter(deleted_at=None)
    if reach.everything:
        return living
    if not reach.administers:
        return living.filter(pk=user.pk)
    # EXISTS, so that one account is looked up by itself and not among all memberships.
    return living.filter(Q(pk=user.pk) | Exists(memberships_of(user).filter(user=OuterRef("pk"))))


def memberships_of(user: User, at: School | None = None) -> QuerySet[Membership]:
    """The memberships this person may see, of all their schools or of one: a sister school's are not among them."""
    reach = reach_of(user)
    standing = Membership.objects.exclude(status=Status.DELETED)
    if reach.everything:
        return standing
    if reach.district_wide and at is None:
        return standing.filter(district=user.district_id).exclude(school__in=reach.unseen_schools)
    return standing.filter(school__in=schools_of(user, at).values("pk"))


def notices_of(user: User) -> QuerySet[Notice]:
    """What this person is told about the schools they answer for, newest first.

    What was told of a whole district in one go does not stand once more for each of its schools.
    """
    reach = reach_of(user)
    notices = Notice.objects.select_related("school").order_by("-at", "-pk")
    if not reach.administers or reach.everything:
        return notices.none()
    mine = Q(school__in=schools_of(user).values("pk"))
    if reach.district_wide:
        of_district = Notice.objects.filter(
            district=OuterRef("district"),
            school=None,
            kind=OuterRef("kind"),
            about=OuterRef("about"),
            at=OuterRef("at"),
        )
        mine = Q(school=None, district=user.district_id) | (mine & Q(~Exists(of_district)))
    return notices.filter(mine)


def school_for(user: User, school_id: int) -> School:
    """One of the schools this person answers for, or Http404."""
    return get_object_or_404(schools_of(user), pk=school_id)


def account_for(user: User, account_id: int) -> User:
    """An account this person may open, or Http404."""
    return get_object_or_404(accounts_of(user), pk=account_id)


def membership_for(user: User, membership_id: int) -> Membership:
    """A membership this person may see, or Http404."""
    return get_object_or_404(memberships_of(user), pk=membership_id)


def account_to_manage(user: User, account_id: int) -> User:
    """Somebody whose account this Admin may change, or Http404: for teachers, students and support nobody's."""
    reach = reach_of(user)
    if reach.everything or not reach.administers:
        raise Http404
    return account_for(user, account_id)


def memberships_at(user: User, account: User) -> QuerySet[Membership]:
    """Where somebody belongs, as far as this Admin may know, schools by name and the district last."""
    return memberships_of(user).filter(user=account).select_related("school").order_by("school__name", "pk")


def membership_of(user: User, account: User, membership_id: int) -> Membership:
    """One of those, or Http404."""
    return get_object_or_404(memberships_at(user, account), pk=membership_id)


def membership_at_a_school(user: User, account: User, membership_id: int) -> Membership:
    """One of those at a school, or Http404: a role at the district is given by SmartPass or a source."""
    return get_object_or_404(memberships_at(user, account).filter(school__isnull=False), pk=membership_id)


def answers_for_all_of(user: User, account: User) -> bool:
    """Whether this Admin answers for everything somebody is: a District admin, or an Admin of all their schools.

    Who does not may neither delete them nor change how they sign in, or an Admin of one
    school could make themselves one of another.
    """
    reach = reach_of(user)
    if reach.district_wide:
        return True
    standing = Membership.objects.filter(user=account).exclude(status=Status.DELETED)
    return not standing.exclude(school__in=reach.own_schools).exists()


def pins_of(user: User, account: User) -> QuerySet[Pin]:
    """What the sync may not change about somebody, as far as this Admin may know."""
    seen = Q(school=None) | Q(school__in=schools_of(user).values("pk"))
    standing = Q(until=None) | Q(until__gt=now())
    return Pin.objects.filter(seen, standing, user=account).select_related("school").order_by("school__name", "pk")


def pin_of(user: User, account: User, pin_id: int) -> Pin:
    """One of those, or Http404."""
    return get_object_or_404(pins_of(user, account), pk=pin_id)


def schools_to_give(user: User, account: User) -> QuerySet[School]:
    """This Admin's schools at which somebody is not yet."""
    there = Membership.objects.filter(user=account, school__isnull=False).values("school_id")
    return schools_of(user).exclude(pk__in=there).order_by("name")


def actors(user: User, ids: Iterable[int | None]) -> dict[int | None, str]:
    """What to call whoever did something: those this person may see by name, the others by what they are."""
    wanted = {each for each in ids if each}
    of_the_district = set(User.objects.filter(pk__in=wanted, is_staff=False).values_list("pk", flat=True))
    called: dict[int | None, str] = {None: "SmartPass"}
    called |= {each: "Another Admin" if each in of_the_district else "SmartPass support" for each in wanted}
    called |= {each.pk: each.get_full_name() for each in accounts_of(user).filter(pk__in=wanted)}
    return called


def history_of(user: User, account: User) -> QuerySet[AuditEvent]:
    """What people did to somebody, and to their memberships that this Admin may see."""
    memberships = list(memberships_at(user, account))
    events = AuditEvent.objects.filter(target__in=[audit.name_of(each) for each in (account, *memberships)])
    if reach_of(user).district_wide:
        return events
    # How somebody was added at a school of others is that school's own.
    seen = [each.school_id for each in memberships]
    return events.exclude(Q(action="person.create") & ~Q(after__school__in=seen))


def deleted_by(user: User, account_id: int) -> bool:
    """Whether it was this Admin who deleted that account: a second press finds it done."""
    mine = AuditEvent.objects.filter(target=f"user:{account_id}", action="person.delete", by=user)
    return reach_of(user).administers and mine.exists()


def source_of_profile(account: User) -> str:
    """The name of the source that gives somebody's name and email; empty if a person does.

    Only ever a source's name, so that it may be told to whoever sees the account.
    """
    if account.profile_source is None:
        return ""
    labels = Membership.objects.filter(user=account, source_id=account.profile_source).values_list("origin_label")
    return next(iter(labels[:1]), ("its source",))[0]


def home_district(user: User) -> District | None:
    """The district this person belongs to; None for somebody of SmartPass."""
    known: District | None = getattr(user, "_home", None)
    if known is None and user.district_id:
        known = District.objects.filter(pk=user.district_id).first()
        user._home = known  # type: ignore[attr-defined]  # noqa: SLF001 - as above
    return known


def zone_of(user: User) -> str:
    """The time zone this person reads times in: their district's."""
    district = home_district(user)
    return district.timezone if district else "America/New_York"
