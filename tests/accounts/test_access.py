"""Who may open what: the five kinds of people against everybody's rows."""

from collections.abc import Iterator

import pytest
from django.http import Http404

from accounts import access, tenancy
from accounts.models import Membership, Roles, User
from integrations.access import connection_for, school_links_of
from rostering.access import changes_of, hold_for, issues_of, run_for
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _support() -> Iterator[None]:
    """The wall tested here must hold by itself, without row-level security under it."""
    with tenancy.support():
        yield


@pytest.fixture
def world() -> factories.World:
    factories.world("Birch")
    return factories.world("Alder")


def names(people: object) -> set[str]:
    return {each.first_name.removeprefix("Alder") for each in people}  # type: ignore[attr-defined]


def test_each_sees_the_people_they_answer_for(world: factories.World) -> None:
    here, there = {"Dana", "Jordan", "Toni"}, {"Sasha", "Riley"}
    assert names(access.accounts_of(world.admin)) == here
    assert names(access.accounts_of(world.sister_admin)) == there
    assert names(access.accounts_of(world.district_admin)) == here | there | {"Ravi"}
    assert names(access.accounts_of(world.teacher)) == {"Toni"}
    assert names(access.accounts_of(world.student)) == {"Jordan"}
    assert access.accounts_of(factories.staff()).count() == User.objects.count()


def test_a_district_admin_answers_only_for_schools_with_a_source(world: factories.World) -> None:
    apart = factories.school(world.district, "Alder Night School")
    factories.person(world.district, apart, Roles.STUDENT, first_name="AlderQuinn")
    assert "Quinn" not in names(access.accounts_of(world.district_admin))
    with pytest.raises(Http404):
        access.school_for(world.district_admin, apart.pk)


def test_of_a_person_at_two_schools_each_admin_sees_their_own_half(world: factories.World) -> None:
    Membership.objects.create(
        district=world.district, user=world.student, school=world.sister, roles=[Roles.STUDENT], grade="12"
    )
    seen = access.memberships_of(world.sister_admin).filter(user=world.student)
    assert [each.school for each in seen] == [world.sister]
    assert access.account_for(world.sister_admin, world.student.pk) == world.student
    theirs = factories.membership(world.student, world.school)
    with pytest.raises(Http404):
        access.membership_for(world.sister_admin, theirs.pk)


def test_a_suspended_admin_sees_nothing(world: factories.World) -> None:
    Membership.objects.filter(user=world.admin).update(status="suspended", suspended_by="person")
    reach = access.reach_of(User.objects.get(pk=world.admin.pk))
    assert not reach.administers
    assert reach.memberships == ()


def test_a_deleted_person_is_nobodys(world: factories.World) -> None:
    Membership.objects.filter(user=world.student).update(status="deleted")
    with pytest.raises(Http404):
        access.account_for(world.admin, world.student.pk)


def test_of_a_run_each_sees_their_part(world: factories.World) -> None:
    for admin, who in ((world.admin, world.student), (world.sister_admin, world.sister_student)):
        assert run_for(admin, world.run.pk) == world.run
        assert set(changes_of(admin, world.run).values_list("user_id", flat=True)) == {who.pk}
    assert changes_of(world.district_admin, world.run).count() == 3
    assert [each.user_id for each in issues_of(world.admin, world.run)] == [world.student.pk]
    assert list(issues_of(world.sister_admin, world.run)) == []
    assert hold_for(world.admin, world.hold.pk) == world.hold
    for outsider in (world.sister_admin, world.teacher, world.student):
        with pytest.raises(Http404):
            hold_for(outsider, world.hold.pk)
    for outsider in (world.teacher, world.student):
        with pytest.raises(Http404):
            run_for(outsider, world.run.pk)


def test_previews_are_supports(world: factories.World) -> None:
    seen = factories.run(world.connection, preview=True, applied_at=None)
    with pytest.raises(Http404):
        run_for(world.district_admin, seen.pk)
    assert run_for(factories.staff(), seen.pk) == seen


def test_a_connection_is_seen_by_those_it_serves(world: factories.World) -> None:
    assert connection_for(world.admin, world.connection.pk) == world.connection
    assert [each.school for each in school_links_of(world.admin, world.connection)] == [world.school]
    assert school_links_of(world.district_admin, world.connection).count() == 2
    with pytest.raises(Http404):
        connection_for(world.teacher, world.connection.pk)
