"""What an Admin fills in about one account."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import validate_email
from django.utils.timezone import localdate

from accounts import clock, pins, resolving
from accounts.models import Membership, Roles, School, Status, User

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

#: Roles that are held at a school.
AT_A_SCHOOL = [(role.value, role.label) for role in Roles if role is not Roles.DISTRICT_ADMIN]
STATUSES = [(status.value, status.label) for status in Status if status is not Status.DELETED]
USERNAME = re.compile(r"[a-z0-9._-]{3,64}")
SHORTEST_PASSWORD = 8
HOW_TO_HANDLE = "Use an email address, or a username of 3 to 64 letters, digits, dots, dashes or underscores."
QUIET = {"autocomplete": "off"}


def name_field(label: str) -> forms.CharField:
    """A first or last name: any letters."""
    says = {"required": f"Enter a {label.lower()}."}
    return forms.CharField(label=label, max_length=80, error_messages=says, widget=forms.TextInput(attrs=QUIET))


def username_of(words: str) -> str:
    """A username as it is kept. Raises ValidationError for what cannot be one."""
    username = resolving.folded(unicodedata.normalize("NFC", words))
    if not USERNAME.fullmatch(username):
        raise forms.ValidationError(HOW_TO_HANDLE)
    return username


def email_of(words: str) -> str:
    """An email that may be signed in by. Raises ValidationError for what is not complete."""
    try:
        validate_email(words.strip())
    except forms.ValidationError:
        raise forms.ValidationError(f"The email '{words.strip()}' isn't complete.") from None
    return words.strip()


class RolesForm(forms.Form):
    """Roles at one school, with grade and number."""

    roles = forms.MultipleChoiceField(
        label="Roles",
        choices=AT_A_SCHOOL,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose a role."},
        help_text="Admin brings Teacher, which is needed to write passes. Student and Assistant stand alone.",
    )
    grade = forms.CharField(
        label="Grade (optional)", max_length=20, required=False, widget=forms.TextInput(attrs=QUIET)
    )
    number = forms.CharField(
        label="Student or staff number (optional)", max_length=64, required=False, widget=forms.TextInput(attrs=QUIET)
    )

    def clean_roles(self) -> list[str]:
        """Refuse what does not go together, in the words of the role it is about."""
        roles: list[str] = self.cleaned_data["roles"]
        if len(roles) > 1 and Roles.ASSISTANT in roles:
            raise forms.ValidationError("An Assistant can't have another role.")
        if len(roles) > 1 and Roles.STUDENT in roles:
            raise forms.ValidationError("A Student can't have another role at the same school.")
        return roles


class AddForm(RolesForm):
    """Somebody new at one school. `in_use` says whose the email or username is, if it is taken."""

    field_order = ("school", "first_name", "last_name", "handle", "roles", "grade", "number", "password")

    school = forms.ModelChoiceField(queryset=School.objects.none(), label="School", empty_label="Choose a school")
    first_name = name_field("First name")
    last_name = name_field("Last name")
    handle = forms.CharField(
        label="Email or username",
        max_length=254,
        widget=forms.TextInput(attrs={**QUIET, "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": "Enter an email or a username."},
        help_text="What they sign in with.",
    )
    password = forms.CharField(
        label="First password (optional)",
        strip=False,
        required=False,
        max_length=256,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Leave it blank and we make up one that is easy to read out. "
        "They choose their own when they first sign in.",
    )

    def __init__(self, reader: User, schools: QuerySet[School], at: School | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reader = reader
        self.in_use: resolving.InUse | None = None
        self.at: School | None = at
        self.fields["school"].queryset = schools  # type: ignore[attr-defined]
        if at is not None:
            # Carried in the form: another tab may look at another school by now.
            self.fields["school"].widget = forms.HiddenInput()
            self.initial["school"] = at.pk

    def clean_handle(self) -> str:
        """An email or a username, folded as far as it is compared."""
        handle: str = self.cleaned_data["handle"]
        return email_of(handle) if "@" in handle else username_of(handle)

    def clean_password(self) -> str:
        """Nothing, or long enough."""
        password: str = self.cleaned_data["password"]
        if password and len(password) < SHORTEST_PASSWORD:
            raise forms.ValidationError("Use at least 8 characters.")
        return password

    def clean(self) -> dict[str, Any]:
        """Find out whether the email or username is somebody's."""
        cleaned = super().clean() or self.cleaned_data
        self.at = cleaned.get("school", self.at)
        if cleaned.get("handle") and cleaned.get("school"):
            self.in_use = resolving.in_use(self.reader, cleaned["handle"], cleaned["school"])
            if self.in_use:
                self.add_error("handle", said_of(self.in_use, cleaned["handle"], cleaned["school"]))
        return cleaned


def said_of(found: resolving.InUse, handle: str, school: School) -> str:
    """Why a handle cannot be given, without a word about whoever the reader may not know."""
    if found.person is None:
        return f"This {'email' if '@' in handle else 'username'} is already used in SmartPass."
    name = found.person.first_name or found.person.get_full_name()
    if found.how == resolving.SUSPENDED:
        return f"{name} already has an account here, and it is suspended."
    if found.how == resolving.MINE:
        return f"{name} already has an account, but not at {school.name}."
    return f"{name} already has an account."


class GiveForm(RolesForm):
    """One more school for somebody."""

    field_order = ("school", "roles", "grade", "number")

    school = forms.ModelChoiceField(queryset=School.objects.none(), label="School", empty_label="Choose a school")

    def __init__(self, schools: QuerySet[School], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["school"].queryset = schools  # type: ignore[attr-defined]


class KeepForm(forms.Form):
    """Why something is kept from the sync, and until when."""

    why = forms.CharField(
        label="Why",
        max_length=500,
        widget=forms.TextInput(attrs=QUIET),
        error_messages={"required": "Say why, so that others know whether to keep it."},
    )
    until = forms.DateField(
        label="Until (optional)",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="After this day the sync decides again.",
        error_messages={"invalid": "Write the day like 2027-06-30."},
    )

    def __init__(self, zone: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone

    def clean_until(self) -> Any:
        """The end of that day, where this district is."""
        day = self.cleaned_data["until"]
        if day and day < localdate(timezone=clock.zone(self.zone)):
            raise forms.ValidationError("This day is over. Choose a later one, or leave it empty.")
        return pins.end_of(day, self.zone)

    def keep(self) -> pins.Keep:
        """What was said, once it is valid."""
        return pins.Keep(self.cleaned_data["why"], self.cleaned_data.get("until"))


class ProtectForm(KeepForm):
    """What the sync may not change."""

    field_order = ("what", "why", "until")

    what = forms.ChoiceField(label="What to keep")

    def __init__(self, choices: Iterable[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["what"].choices = list(choices)  # type: ignore[attr-defined]


class Edited(KeepForm):
    """What changes a row that others may change: `seen` is its version on the screen.

    Where no source manages the row there is nothing to keep from one, and nothing is asked.
    """

    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, zone: str, *args: Any, managed: bool, **kwargs: Any) -> None:
        super().__init__(zone, *args, **kwargs)
        if not managed:
            del self.fields["why"], self.fields["until"]
        self.managed = managed

    def keep_if_managed(self) -> pins.Keep | None:
        """What was said where a source manages the row."""
        return self.keep() if self.managed else None


class ProfileForm(Edited):
    """Name, and for whoever may change it what somebody signs in by."""

    field_order = ("first_name", "last_name", "email", "username", "why", "until", "seen")

    first_name = name_field("First name")
    last_name = name_field("Last name")
    email = forms.CharField(
        label="Email",
        max_length=254,
        required=False,
        widget=forms.TextInput(attrs={**QUIET, "inputmode": "email", "autocapitalize": "none", "spellcheck": "false"}),
        help_text="The former email still works for 30 days, unless somebody new gets it.",
    )
    username = forms.CharField(
        label="Username (optional)",
        max_length=64,
        required=False,
        widget=forms.TextInput(attrs={**QUIET, "autocapitalize": "none", "spellcheck": "false"}),
    )

    def __init__(self, person: User, reader: User, zone: str, *args: Any, whole: bool, **kwargs: Any) -> None:
        super().__init__(zone, *args, managed=person.profile_source is not None, **kwargs)
        self.person = person
        self.reader = reader
        if not whole:
            del self.fields["email"], self.fields["username"]
        for name in ("first_name", "last_name"):
            # A source may know somebody by one name; that need not be invented here.
            self.fields[name].required = bool(getattr(person, name)) or not self.managed

    def clean_email(self) -> str:
        """Empty, as it was, or one that may be signed in by and is nobody else's."""
        email: str = self.cleaned_data["email"].strip()
        return email if email in ("", self.person.email) else self._free(email_of(email))

    def clean_username(self) -> str:
        """Empty, as it was, or one that is nobody else's."""
        username: str = resolving.folded(self.cleaned_data["username"])
        return username if username in ("", self.person.username) else self._free(username_of(username))

    def _free(self, handle: str) -> str:
        taken = resolving.holder(self.reader, handle, self.person.district_id)
        if taken is None or taken.person == self.person:
            return handle
        if taken.person is None:
            what = "email" if "@" in handle else "username"
            raise forms.ValidationError(f"This {what} is already used in SmartPass.")
        raise forms.ValidationError(f"{taken.person.get_full_name()} already has it.")


class MembershipForm(RolesForm, Edited):
    """What somebody is at one school."""

    field_order = ("roles", "grade", "number", "why", "until", "seen")

    def __init__(self, membership: Membership, zone: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(zone, *args, managed=membership.source_id is not None, **kwargs)


class StatusForm(KeepForm):
    """What somebody may do at one school, and whether the sync may change that again."""

    field_order = ("status", "why", "keep_it", "until", "seen")

    seen = forms.CharField(widget=forms.HiddenInput)
    status = forms.ChoiceField(label="Status", choices=STATUSES, widget=forms.RadioSelect)
    keep_it = forms.BooleanField(label="Keep my change", required=False)

    def __init__(self, zone: str, *args: Any, managed: bool, **kwargs: Any) -> None:
        super().__init__(zone, *args, **kwargs)
        self.fields["why"].label = "Why (optional)"
        self.fields["why"].required = False
        self.fields["keep_it"].help_text = "The sync may not change this status. Say why."
        self.managed = managed
        if not managed:
            del self.fields["keep_it"], self.fields["until"]

    def clean(self) -> dict[str, Any]:
        """What is kept needs a reason; what is not has no end."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("keep_it") and not cleaned.get("why"):
            self.add_error("why", "Say why, so that others know whether to keep it.")
        return cleaned

    def keep_if_wanted(self) -> pins.Keep | None:
        """What was said, if the change is to be kept."""
        return self.keep() if self.cleaned_data.get("keep_it") else None


class DeleteForm(forms.Form):
    """Typed, so that nobody is deleted by a slip."""

    typed = forms.CharField(max_length=320, widget=forms.TextInput(attrs={**QUIET, "spellcheck": "false"}))
    why = forms.CharField(label="Reason", max_length=500, widget=forms.TextInput(attrs=QUIET))

    def __init__(self, to_type: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["typed"].label = f"Type {to_type} to delete this account"
