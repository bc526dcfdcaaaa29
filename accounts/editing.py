"""What an Admin changes about one account, and the rules that keep a school working.

Each function is one transaction with its lines in the audit trail, refuses in words
(NotPossible), and refuses with `Changed` where somebody else was quicker: `seen` is the
version of the row that was on the screen. What a source manages is changed only together
with a pin, or the next sync would take it back.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, models, transaction
from django.db.models import Func, Value
from django.utils.timezone import now

from accounts import audit, people, pins
from accounts.models import AuditEvent, EmailAlias, Membership, Roles, Status, User
from accounts.people import NotPossible
from accounts.words import first_password

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from accounts.models import School
    from accounts.pins import Keep

PROFILE = ("first_name", "last_name", "email", "username")
#: How long a former sign-in e-mail still opens the account, unless somebody new has it.
ALIAS_LASTS = timedelta(days=30)
LAST_ADMIN = "This would leave the school without an Admin. Name another Admin first."


class Changed(NotPossible):
    """Somebody else changed the account after it was read."""


def version(row: User | Membership) -> str:
    """Names this state of a row, for a form to carry."""
    return row.updated_at.isoformat()


@transaction.atomic
def change_person(by: User, person: User, seen: str, values: Mapping[str, str], keep: Keep | None = None) -> list[str]:
    """Change name, email or username; which of them changed.

    What a source manages is pinned with `keep`. A former sign-in email stays good for 30 days.
    """
    held = User.objects.select_for_update().get(pk=person.pk)
    _same(held, seen)
    values = {name: value.strip() for name, value in values.items()}
    after = {name: value for name, value in values.items() if (getattr(held, name) or "") != value}
    if not after:
        return []
    managed = [name for name in pins.OF_THE_PERSON if name in after and held.profile_source is not None]
    if managed and keep is None:
        raise NotPossible("A source manages this. Say why you change it anyway.")
    _still_signs_in(held, values)
    before = {name: getattr(held, name) or "" for name in after}
    _write_person(held, after)
    audit.record(
        by, "person.update", held, district=held.district_id, before=before, after=after, why=keep.why if keep else ""
    )
    for name in managed:
        assert keep is not None
        pins.pin(by, held, None, name, keep)
    person.refresh_from_db()
    return list(after)


@transaction.atomic
def change_membership(
    by: User, membership: Membership, seen: str, values: Mapping[str, Any], keep: Keep | None = None
) -> list[str]:
    """Change roles, grade or number at one school; which of them changed. As `change_person` otherwise."""
    held = _locked(membership)
    _same(held, seen)
    wanted = {
        "roles": people.roles_together(values["roles"], at_district=held.school_id is None),
        "grade": values["grade"].strip(),
        "number": values["number"].strip(),
    }
    before = {name: getattr(held, name) for name, value in wanted.items() if getattr(held, name) != value}
    if set(before.get("roles", [])) == set(wanted["roles"]):
        before.pop("roles")
    if not before:
        return []
    if held.source_id is not None and keep is None:
        raise NotPossible("A source manages this. Say why you change it anyway.")
    after = {name: wanted[name] for name in before}
    if "roles" in after and Roles.ADMIN not in after["roles"]:
        _may_lose_admin(by, held)
    Membership.objects.filter(pk=held.pk).update(**after, updated_at=now())
    why = keep.why if keep else ""
    audit.record(by, "membership.update", held, district=held.district_id, before=before, after=after, why=why)
    if held.source_id is not None:
        assert keep is not None
        for name in after:
            pins.pin(by, held.user, held.school, name, keep)
    membership.refresh_from_db()
    return list(after)


@transaction.atomic
def change_status(by: User, membership: Membership, seen: str, status: str, why: str, keep: Keep | None = None) -> bool:
    """Make somebody active, disabled or suspended at one school, and with `keep` for the sync too.

    False if it was so already. Raises NotPossible for one's own account and for a school's last Admin.
    """
    held = _locked(membership)
    _same(held, seen)
    if status != Status.ACTIVE:
        if held.user_id == by.pk:
            raise NotPossible("This is your own account. Ask another Admin.")
        _may_lose_admin(by, held)
    do = {Status.ACTIVE: people.reactivate, Status.DISABLED: people.disable, Status.SUSPENDED: people.suspend}
    changed = do[Status(status)](by, held, why)
    if keep is not None:
        pins.pin(by, held.user, held.school, "status", keep)
    membership.refresh_from_db()
    return changed


@transaction.atomic
def give_access(
    by: User, person: User, school: School, roles: Iterable[str], grade: str = "", number: str = ""
) -> Membership:
    """Let somebody of the district into one more school, by hand."""
    kept = people.roles_together(roles, at_district=False)
    try:
        with transaction.atomic():
            made = Membership.objects.create(
                district_id=people.district_of(person),
                user=person,
                school=school,
                roles=kept,
                grade=grade.strip(),
                number=number.strip(),
            )
    except IntegrityError:
        raise NotPossible(f"{person.get_full_name()} already has an account at {school.name}.") from None
    after = {"roles": kept, "grade": made.grade, "number": made.number}
    audit.record(by, "membership.create", made, district=made.district_id, after=after)
    return made


@transaction.atomic
def reset_password(by: User, person: User) -> str:
    """A new first password in plain text: show it once, keep it nowhere. Their sessions end.

    Raises NotPossible for somebody without an email or username to sign in by, and for oneself.
    """
    held = User.objects.select_for_update().get(pk=person.pk)
    if held.pk == by.pk:
        raise NotPossible("This is your own account. Use Change password.")
    if not (held.login_email or held.username):
        raise NotPossible("There is no email or username to sign in by. Add one first.")
    plain = first_password()
    held.set_password(plain)
    held.must_change_password = True
    held.save(update_fields=["password", "must_change_password"])
    audit.record(by, "person.password", held, district=held.district_id)
    return plain


@transaction.atomic
def delete(by: User, person: User, typed: str, why: str) -> bool:
    """Erase somebody for good after their email (or name) was typed; False if they were erased already.

    Raises NotPossible for oneself, a school's last Admin, or what was typed wrong.
    """
    if person.pk == by.pk:
        raise NotPossible("This is your own account. Ask another Admin.")
    if typed.strip().casefold() != to_type(person).casefold():
        raise NotPossible("That is not what stands above. Nothing was deleted.")
    memberships = list(Membership.objects.filter(user=person))
    _lock_admins(memberships)
    for membership in memberships:
        _may_lose_admin(by, _locked(membership))
    return people.delete_person(by, person, why)


def to_type(person: User) -> str:
    """What somebody types to say that they mean this account: its email, its username, or the name."""
    return person.email or person.username or person.get_full_name()


def can_take_back(by: User, person: User) -> bool:
    """Whether this account is one that `by` just added and nobody has used."""
    made = AuditEvent.objects.filter(target=audit.name_of(person), action="person.create", by=by)
    unused = person.last_login is None and person.profile_source is None
    return unused and made.exists() and not Membership.objects.filter(user=person, source_id__isnull=False).exists()


@transaction.atomic
def take_back(by: User, person: User) -> bool:
    """Undo adding somebody who has never signed in; False if they are gone already."""
    if not can_take_back(by, person):
        raise NotPossible("This account is in use. It can only be suspended or deleted now.")
    return people.delete_person(by, person, "Undone after adding")


def _same(held: User | Membership, seen: str) -> None:
    if version(held) != seen:
        raise Changed("Somebody changed this account while you were at it. Nothing was saved yet.")


def _still_signs_in(held: User, values: Mapping[str, str]) -> None:
    """Who signs in by a handle keeps one; a source may know people without any."""
    had = held.login_email or held.username
    if had and not values.get("email", held.email) and not values.get("username", held.username or ""):
        raise NotPossible("Keep an email or a username: this person signs in by it.")


def _write_person(held: User, after: Mapping[str, str]) -> None:
    """Write the fields, with what the database derives from them."""
    written: dict[str, Any] = {**after, "updated_at": now()}
    if "username" in after:
        written["username"] = after["username"].lower() or None
    if "email" in after:
        folded = Func(Value(after["email"]), function="smartpass_login_email", output_field=models.TextField(null=True))
        written["login_email"] = folded
    former = held.login_email
    try:
        with transaction.atomic():
            User.objects.filter(pk=held.pk).update(**written)
            User.objects.filter(pk=held.pk).update(search=people.search_text())
    except IntegrityError as refused:
        what = "username" if "username" in str(refused) else "email"
        raise NotPossible(f"This {what} is already used in SmartPass.") from refused
    held.refresh_from_db()
    if "email" in after and held.email and held.login_email is None:
        raise NotPossible(f"The email '{held.email}' isn't complete.")
    if former and former != held.login_email:
        EmailAlias.objects.update_or_create(
            district_id=people.district_of(held),
            login_email=former,
            defaults={"user": held, "until": now() + ALIAS_LASTS},
        )
    # What somebody signs in by now is nobody's former email.
    EmailAlias.objects.filter(district_id=people.district_of(held), login_email=held.login_email).delete()


def _locked(membership: Membership) -> Membership:
    """The row as it stands, for us alone until the end of the transaction."""
    _lock_admins([membership])
    return Membership.objects.select_for_update().get(pk=membership.pk)


def _lock_admins(memberships: list[Membership]) -> None:
    """Where an Admin may go, hold all Admins of the school first, in one order.

    Of two who remove each other the second then waits and is told, and neither waits for ever.
    """
    schools = [each.school_id for each in memberships if each.school_id and Roles.ADMIN in each.roles]
    admins = Membership.objects.select_for_update().filter(school__in=schools, roles__contains=[Roles.ADMIN])
    list(admins.order_by("pk").values_list("pk"))


def _may_lose_admin(by: User, membership: Membership) -> None:
    """Refuse what would leave a school without an Admin, or take Admin from oneself."""
    if membership.status != Status.ACTIVE or Roles.ADMIN not in membership.roles:
        return
    if membership.user_id == by.pk:
        raise NotPossible("You can't take Admin from yourself. Ask another Admin.")
    admins = Membership.objects.filter(school=membership.school_id, status=Status.ACTIVE, roles__contains=[Roles.ADMIN])
    if set(admins.values_list("user_id", flat=True)) <= {membership.user_id}:
        raise NotPossible(LAST_ADMIN)
