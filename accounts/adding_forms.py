"""What an Admin fills in to make an account, and the fields that later change it."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.core.validators import validate_email

from accounts import resolving
from accounts.models import Roles, School, User

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import QueryDict

#: Roles that are held at a school.
AT_A_SCHOOL = [(role.value, role.label) for role in Roles if role is not Roles.DISTRICT_ADMIN]
USERNAME = re.compile(r"[a-z0-9._-]{3,64}")
SHORTEST_PASSWORD = 8
HOW_TO_HANDLE = "Use an email address, or a username of 3 to 64 letters, digits, dots, dashes or underscores."
QUIET = {"autocomplete": "off"}


def name_field(label: str) -> forms.CharField:
    """A first or last name: any letters."""
    says = {"required": f"Enter a {label.lower()}."}
    return forms.CharField(label=label, max_length=80, error_messages=says, widget=forms.TextInput(attrs=QUIET))


def school_field() -> forms.ModelChoiceField[School]:
    """Which of the reader's schools; the form says which those are."""
    return forms.ModelChoiceField(
        queryset=School.objects.none(),
        label="School",
        empty_label="Choose a school",
        error_messages={"required": "Choose a school."},
    )


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


def put(form: forms.Form, name: str, value: str) -> None:
    """Put a value into a form that was sent, for it to be shown with."""
    typed = cast("QueryDict", form.data).copy()
    typed[name] = value
    form.data = typed


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

    school = school_field()
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
        if "school" not in cleaned and self.at:
            # What is not this Admin's is not said back to them: the form looks where they look.
            put(self, "school", str(self.at.pk))
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

    school = school_field()

    def __init__(self, schools: QuerySet[School], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["school"].queryset = schools  # type: ignore[attr-defined]
