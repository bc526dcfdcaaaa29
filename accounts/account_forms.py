"""What an Admin changes about one account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.timezone import localdate

from accounts import clock, pins, resolving
from accounts.adding_forms import QUIET, RolesForm, email_of, name_field, username_of
from accounts.models import Membership, Status, User

if TYPE_CHECKING:
    from collections.abc import Iterable

STATUSES = [
    (Status.ACTIVE.value, "Active: can use SmartPass."),
    (Status.DISABLED.value, "Disabled: can't sign in. Staff still see them and can write passes."),
    (Status.SUSPENDED.value, "Suspended: hidden from everyone. Nothing is deleted."),
]


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

    typed = forms.CharField(
        max_length=320,
        error_messages={"required": "Type it, so that nobody is deleted by a slip."},
        widget=forms.TextInput(attrs={**QUIET, "spellcheck": "false"}),
    )
    why = forms.CharField(
        label="Reason",
        max_length=500,
        error_messages={"required": "Say why."},
        widget=forms.TextInput(attrs=QUIET),
    )

    def __init__(self, to_type: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["typed"].label = f"Type {to_type} to delete this account"
