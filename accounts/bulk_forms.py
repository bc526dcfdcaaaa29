"""What is asked before many accounts change at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.timezone import now

from accounts import pins

WHY = {"autocomplete": "off"}


class ChangeForm(forms.Form):
    """Why, and whether the sync must leave it so; `kept` is what a tick means, empty where no sync would change it."""

    why = forms.CharField(
        label="Reason (optional)",
        help_text="It stands in the history of each account.",
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs=WHY),
    )
    keep = forms.BooleanField(required=False, initial=True)
    read = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, kept: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["keep"].label = kept
        if not kept:
            del self.fields["keep"]


class ProtectionForm(forms.Form):
    """Why the sync must leave accounts alone, and until which day."""

    why = forms.CharField(
        label="Reason",
        help_text="It tells others whether the protection is still needed.",
        error_messages={"required": "Say why, so that others know whether to keep it."},
        max_length=500,
        widget=forms.TextInput(attrs=WHY),
    )
    until = forms.DateField(
        label="Until (optional)",
        help_text="The last protected day. Without one, the protection stays until somebody removes it.",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    read = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, zone: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone

    def clean_until(self) -> datetime | None:
        """The end of that day where the reader lives; a day that is over protects nobody."""
        day = self.cleaned_data["until"]
        if day is None:
            return None
        until = pins.end_of(day, self.zone)
        if until and until <= now():
            raise forms.ValidationError("That day is over. Choose a later one.")
        return until


class ReleaseForm(forms.Form):
    """Why the sync may change accounts again."""

    why = forms.CharField(label="Reason (optional)", max_length=500, required=False, widget=forms.TextInput(attrs=WHY))
    read = forms.CharField(widget=forms.HiddenInput)
