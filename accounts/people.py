"""What may be done to districts, schools and people by hand.

Each function is one transaction with its line in the audit trail, and may be called
again without doing it twice. Callers stand behind a door (`accounts.tenancy`) that
shows the district; a sync writes the same tables by its own rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.db import IntegrityError, models, transaction
from django.db.models import F, Func, Value
from django.utils.timezone import now

from accounts import audit
from accounts.models import District, EmailAlias, Membership, Pin, Roles, School, StaffRole, Status, User
from accounts.words import first_password

if TYPE_CHECKING:
    from collections.abc import Iterable

#: What the roles of one membership may be; Admin always brings Teacher.
TOGETHER = (
    {Roles.STUDENT},
    {Roles.TEACHER},
    {Roles.ADMIN, Roles.TEACHER},
    {Roles.ASSISTANT},
    {Roles.DISTRICT_ADMIN},
)


#: What no password is the hash of.
UNUSABLE = "!"


class NotPossible(Exception):
    """Why a thing was not done. Nothing was written."""


class NewPerson(NamedTuple):
    """Somebody just made, with their first password in plain text: show it once, keep it nowhere."""

    user: User
    password: str


@transaction.atomic
def create_district(by: User | None, name: str, timezone: str = "America/New_York") -> District:
    """Make a district."""
    district = District.objects.create(name=name.strip(), timezone=timezone)
    audit.record(by, "district.create", district, district=district.pk, after={"name": district.name})
    return district


@transaction.atomic
def create_school(by: User | None, district: District, name: str, *, purchased: bool = False) -> School:
    """Make a school, or give back the one of that name in the district."""
    school, made = School.objects.get_or_create(district=district, name=name.strip(), defaults={"purchased": purchased})
    if made:
        after = {"name": school.name, "purchased": purchased}
        audit.record(by, "school.create", school, district=district.pk, after=after)
    return school


@transaction.atomic
def set_purchased(by: User | None, school: School, *, purchased: bool, why: str = "") -> bool:
    """Say whether a school has bought SmartPass; False if it already said so."""
    changed = School.objects.filter(pk=school.pk).exclude(purchased=purchased).update(purchased=purchased)
    if changed:
        audit.record(
            by,
            "school.purchased",
            school,
            district=school.district_id,
            before={"purchased": not purchased},
            after={"purchased": purchased},
            why=why,
        )
    school.purchased = purchased
    return bool(changed)


def create_first_admin(by: User | None, school: School, *, first_name: str, last_name: str, email: str) -> NewPerson:
    """Make a school's Admin with a readable first password that must be replaced at first sign-in.

    Raises NotPossible where the district already has somebody who signs in by that e-mail.
    """
    return add_person(
        by,
        school.district,
        school=school,
        roles={Roles.ADMIN, Roles.TEACHER},
        first_name=first_name,
        last_name=last_name,
        email=email,
    )


@transaction.atomic
def add_person(  # noqa: PLR0913 - a person has this many sides
    by: User | None,
    district: District,
    *,
    school: School | None,
    roles: Iterable[str],
    first_name: str,
    last_name: str,
    email: str = "",
    username: str = "",
    grade: str = "",
    number: str = "",
    password: str = "",
) -> NewPerson:
    """Make an account by hand, with one membership (`school` null: at the district).

    Without `password` a readable one is made up. Raises NotPossible if the roles do not go
    together, or the e-mail or username is taken or cannot be signed in by.
    """
    kept = roles_together(roles, at_district=school is None)
    person = User(
        district=district,
        first_name=first_name.strip(),
        last_name=last_name.strip(),
        email=email.strip(),
        username=_handle(username) or None,
        must_change_password=True,
    )
    plain = password or first_password()
    person.set_password(plain)
    _save_new(person)
    membership = Membership.objects.create(
        district=district, user=person, school=school, roles=kept, grade=grade.strip(), number=number.strip()
    )
    after = {"roles": kept, "school": membership.school_id}
    audit.record(by, "person.create", person, district=district.pk, after=after)
    return NewPerson(person, plain)


@transaction.atomic
def make_support_staff(by: User | None, *, email: str, first_name: str, last_name: str, role: str) -> NewPerson:
    """Make an account for somebody of SmartPass. Raises NotPossible if the e-mail has one."""
    person = User(
        district=None,
        is_staff=True,
        staff_role=StaffRole(role).value,
        email=email.strip(),
        first_name=first_name.strip(),
        last_name=last_name.strip(),
        must_change_password=True,
    )
    plain = first_password()
    person.set_password(plain)
    _save_new(person)
    audit.record(by, "staff.create", person, district=None, after={"staff_role": person.staff_role})
    return NewPerson(person, plain)


def suspend(by: User | None, membership: Membership, why: str = "") -> bool:
    """Hide a person at one school; the sync does not lift it. False if it was so already."""
    return _set_status(by, membership, Status.SUSPENDED, why)


def disable(by: User | None, membership: Membership, why: str = "") -> bool:
    """Stop a person signing in at one school while staff still see them."""
    return _set_status(by, membership, Status.DISABLED, why)


def reactivate(by: User | None, membership: Membership, why: str = "") -> bool:
    """Let a person in again at one school. Raises NotPossible without a role."""
    return _set_status(by, membership, Status.ACTIVE, why)


@transaction.atomic
def delete_person(by: User | None, person: User, why: str = "") -> bool:
    """Erase a person for good and leave a tombstone, so that no sync brings them back.

    The ids that sources know them by stay; everything that says who they are goes.
    """
    gone = User.objects.filter(pk=person.pk, deleted_at=None).update(
        first_name="",
        last_name="",
        email="",
        login_email=None,
        username=None,
        search="",
        password=UNUSABLE,
        must_change_password=False,
        profile_source=None,
        last_login=None,
        deleted_at=now(),
        updated_at=now(),
    )
    if not gone:
        return False
    EmailAlias.objects.filter(user=person).delete()
    Pin.objects.filter(user=person).delete()
    Membership.objects.filter(user=person).update(
        status=Status.DELETED, suspended_by="", grade="", number="", updated_at=now()
    )
    audit.record(by, "person.delete", person, district=person.district_id, why=why)
    person.refresh_from_db()
    return True


def set_password(person: User, password: str) -> None:
    """Keep a password the person chose; their other sessions end."""
    person.set_password(password)
    person.must_change_password = False
    person.save(update_fields=["password", "must_change_password"])


def search_text() -> Func:
    """The folded text of a user row that lists are searched by, as the database makes it."""
    words = Func(
        Value(" "),
        F("last_name"),
        F("first_name"),
        F("email"),
        F("username"),
        function="concat_ws",
        output_field=models.TextField(),
    )
    return Func(words, function="smartpass_fold", output_field=models.TextField())


@transaction.atomic
def _set_status(by: User | None, membership: Membership, status: Status, why: str) -> bool:
    held = Membership.objects.select_for_update().get(pk=membership.pk)
    if held.status == Status.DELETED:
        raise NotPossible("This person was deleted. That cannot be undone.")
    if status == Status.ACTIVE and not held.roles:
        raise NotPossible("No role left, so they can't sign in. Add a role first.")
    before = {"status": held.status, "suspended_by": held.suspended_by}
    after = {"status": status.value, "suspended_by": "person" if status == Status.SUSPENDED else ""}
    if before == after:
        return False
    Membership.objects.filter(pk=held.pk).update(**after, updated_at=now())
    audit.record(by, f"membership.{status.value}", held, district=held.district_id, before=before, after=after, why=why)
    membership.refresh_from_db()
    return True


def district_of(person: User) -> int:
    """The district somebody belongs to. Raises NotPossible for somebody of SmartPass, who has none."""
    if person.district_id is None:
        raise NotPossible("Somebody of SmartPass belongs to no district.")
    return person.district_id


def roles_together(roles: Iterable[str], *, at_district: bool) -> list[str]:
    """The roles of one membership as they are kept, Teacher beside Admin. Raises NotPossible if they don't fit."""
    wanted = {Roles(role) for role in roles}
    if Roles.ADMIN in wanted:
        wanted.add(Roles.TEACHER)
    if wanted not in TOGETHER:
        raise NotPossible("These roles don't go together. Student and Assistant stand alone.")
    if (Roles.DISTRICT_ADMIN in wanted) != at_district:
        raise NotPossible("District admin is a role at the district, every other one at a school.")
    return sorted(role.value for role in wanted)


def _handle(words: str) -> str:
    return words.strip(" \t\r\n").lower()


def _save_new(person: User) -> None:
    """Insert; the database folds the e-mail and says if it, or the username, is taken."""
    login_email = Func(Value(person.email), function="smartpass_login_email", output_field=models.TextField(null=True))
    try:
        with transaction.atomic():
            person.save(force_insert=True)
            User.objects.filter(pk=person.pk).update(login_email=login_email, search=search_text())
    except IntegrityError as refused:
        what = "username" if "username" in str(refused) else "email"
        raise NotPossible(f"This {what} already has an account here.") from refused
    person.refresh_from_db()
    if person.email and person.login_email is None:
        raise NotPossible(f"The email '{person.email}' isn't complete.")
