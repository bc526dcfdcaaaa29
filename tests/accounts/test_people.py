"""What may be done to districts, schools and people by hand, and what is kept about it."""

from collections.abc import Iterator

import pytest
from django.utils.timezone import now

from accounts import people, tenancy
from accounts.models import AuditEvent, EmailAlias, Membership, Pin, Roles, Status, User
from accounts.people import NotPossible
from integrations.models import Link
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _support() -> Iterator[None]:
    """Everything here stands behind support's door."""
    with tenancy.support():
        yield


@pytest.fixture
def world() -> factories.World:
    return factories.world("Alder")


def trail(action: str) -> AuditEvent:
    return AuditEvent.objects.get(action=action)


def test_a_school_is_made_once() -> None:
    by = factories.staff()
    district = people.create_district(by, "  Springfield USD ")
    school = people.create_school(by, district, "Lincoln High")
    assert people.create_school(by, district, " Lincoln High ") == school
    assert district.name == "Springfield USD"
    line = trail("school.create")
    assert (line.by, line.target, line.district_id) == (by, f"school:{school.pk}", district.pk)


def test_purchased_is_a_switch_with_a_trail(world: factories.World) -> None:
    by = factories.staff()
    assert people.set_purchased(by, world.school, purchased=False, why="Contract ended")
    assert not people.set_purchased(by, world.school, purchased=False, why="Contract ended")
    line = trail("school.purchased")
    assert (line.before, line.after, line.why) == ({"purchased": True}, {"purchased": False}, "Contract ended")


def test_a_first_admin_gets_a_password_that_is_kept_nowhere(world: factories.World) -> None:
    made = people.create_first_admin(
        factories.staff(), world.school, first_name="Zoë", last_name="Núñez", email=" Zoe.N@Example.org "
    )
    assert made.user.check_password(made.password)
    assert made.user.must_change_password
    assert made.user.login_email == "zoe.n@example.org"
    assert made.user.search == "nunez zoe zoe.n@example.org"
    assert Membership.objects.get(user=made.user).roles == [Roles.ADMIN, Roles.TEACHER]
    assert made.password not in str(list(AuditEvent.objects.values()))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"email": "TAKEN@example.org"}, "email already has an account"),
        ({"email": "", "username": "Taken"}, "username already has an account"),
        ({"email": "jdiaz@"}, "isn't complete"),
    ],
)
def test_a_taken_or_broken_handle_is_refused_in_words(
    fields: dict[str, str], says: str, world: factories.World
) -> None:
    people.add_person(
        None,
        world.district,
        school=world.school,
        roles=[Roles.TEACHER],
        first_name="A",
        last_name="B",
        email="taken@example.org",
        username="taken",
    )
    before = User.objects.count()
    with pytest.raises(NotPossible, match=says):
        people.add_person(
            None, world.district, school=world.sister, roles=[Roles.TEACHER], first_name="C", last_name="D", **fields
        )
    assert User.objects.count() == before


def test_the_same_email_in_two_districts_is_two_people(world: factories.World) -> None:
    other = factories.world("Birch")
    first = factories.person(world.district, world.school, email="same@example.org")
    second = factories.person(other.district, other.school, email="same@example.org")
    assert first.pk != second.pk


@pytest.mark.parametrize(
    "roles", [["student", "teacher"], ["assistant", "teacher"], [], ["district_admin"], ["student", "admin"]]
)
def test_roles_that_do_not_go_together_are_refused(roles: list[str], world: factories.World) -> None:
    with pytest.raises(NotPossible):
        people.add_person(None, world.district, school=world.school, roles=roles, first_name="A", last_name="B")


def test_suspending_and_back(world: factories.World) -> None:
    by, membership = factories.staff(), factories.membership(world.student, world.school)
    assert people.suspend(by, membership, "Moved away")
    assert not people.suspend(by, membership, "Moved away")
    assert (membership.status, membership.suspended_by) == (Status.SUSPENDED, "person")
    assert people.disable(by, membership)
    assert people.reactivate(by, membership)
    assert (membership.status, membership.suspended_by) == (Status.ACTIVE, "")
    lines = AuditEvent.objects.filter(target=f"membership:{membership.pk}").order_by("pk")
    assert [line.action for line in lines] == ["membership.suspended", "membership.disabled", "membership.active"]
    assert lines[0].before == {"status": "active", "suspended_by": ""}


def test_a_suspension_by_the_sync_becomes_a_persons(world: factories.World) -> None:
    membership = factories.membership(world.student, world.school)
    Membership.objects.filter(pk=membership.pk).update(status=Status.SUSPENDED, suspended_by="sync")
    assert people.suspend(None, membership)
    assert membership.suspended_by == "person"


def test_deleting_erases_a_person_and_leaves_a_tombstone(world: factories.World) -> None:
    person = world.student
    Link.objects.create(district=world.district, connection=world.connection, user=person, external_id="their-id")
    Pin.objects.create(district=world.district, user=person, field="email")
    EmailAlias.objects.create(district=world.district, user=person, login_email="old@example.org", until=now())
    names = {person.first_name, person.last_name, person.email}
    assert people.delete_person(factories.staff(), person, "Asked by the family")
    assert not people.delete_person(factories.staff(), person)
    row = User.objects.filter(pk=person.pk).values().get()
    assert not names & set(map(str, row.values()))
    assert row["deleted_at"] is not None
    assert set(Membership.objects.filter(user=person).values_list("status", flat=True)) == {Status.DELETED}
    assert not Pin.objects.filter(user=person).exists()
    assert not EmailAlias.objects.filter(user=person).exists()
    assert Link.objects.filter(user=person).count() == 1
    with pytest.raises(NotPossible, match="cannot be undone"):
        people.reactivate(None, factories.membership(person, world.school))


def test_support_staff_belong_to_no_district() -> None:
    made = people.make_support_staff(
        None, email="mina@example.com", first_name="Mina", last_name="Ortiz", role="support"
    )
    assert (made.user.district, made.user.is_staff, made.user.must_change_password) == (None, True, True)
    with pytest.raises(NotPossible):
        people.make_support_staff(None, email="MINA@example.com", first_name="M", last_name="O", role="csm")
