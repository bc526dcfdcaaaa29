"""What people fill in about runs, holds and limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from accounts.deeds import Reason
from rostering import access, listing
from rostering.limits import DEFAULTS
from rostering.models import Change

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.db.models import QuerySet

    from accounts.models import School


READ_FIRST = "Read the list itself first, then come here from its page."


class FirstSync(Reason):
    """Letting the first sync go from a preview that was read."""

    read = forms.BooleanField(label="I have read this preview, people and issues")
    fingerprint = forms.CharField(widget=forms.HiddenInput, error_messages={"required": READ_FIRST})
    field_order = ("read", "why", "fingerprint")


class Decision(Reason):
    """Deciding a hold for a school: the list that was read, and on whose word."""

    authorised_by = forms.CharField(label="Who at the school said so", max_length=200)
    authorised_at = forms.CharField(label="When", max_length=100, help_text="For example: today 9:40 AM.")
    authorised_in = forms.CharField(label="Where", max_length=200, help_text="Call, chat or email, with its reference.")
    fingerprint = forms.CharField(widget=forms.HiddenInput, error_messages={"required": READ_FIRST})
    field_order = ("authorised_by", "authorised_at", "authorised_in", "why", "fingerprint")

    def said(self) -> dict[str, str]:
        """The authorisation, for the trail."""
        return {name: self.cleaned_data[name] for name in ("authorised_by", "authorised_at", "authorised_in")}


class Filter(forms.Form):
    """Which rows of a run to show."""

    kind = forms.ChoiceField(label="What", required=False, choices=[("", "Everything"), *Change.Kind.choices])
    school = forms.TypedChoiceField(label="School", required=False, coerce=int, empty_value=None)
    q = forms.CharField(label="Name", required=False, max_length=200)

    def __init__(self, schools: Iterable[School], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        choices = [("", "Every school"), *((school.pk, school.name) for school in schools)]
        self.fields["school"].choices = choices  # type: ignore[attr-defined]

    def narrow(self, rows: QuerySet[Change]) -> QuerySet[Change]:
        """The rows that this asks for; all of them where it makes no sense."""
        if not self.is_valid():
            return rows
        given = self.cleaned_data
        if given["kind"]:
            rows = rows.filter(kind=given["kind"])
        if given["school"]:
            rows = rows.filter(school=given["school"])
        return access.search(rows, given["q"])

    @property
    def asked(self) -> bool:
        """Whether it leaves anything out."""
        return self.is_valid() and any(self.cleaned_data.values())


class Past(forms.Form):
    """Which syncs to list."""

    status = forms.ChoiceField(label="Status", required=False, choices=[("", "Any"), *listing.STATUSES.items()])
    source = forms.ChoiceField(label="Source", required=False)
    since = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    changed = forms.BooleanField(label="With changes only", required=False)

    def __init__(self, sources: Mapping[str, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["source"].choices = [("", "Every source"), *sources.items()]  # type: ignore[attr-defined]

    @property
    def asked(self) -> bool:
        """Whether it leaves anything out."""
        return self.is_valid() and any(self.cleaned_data.values())


class Why(forms.Form):
    """Why, if somebody wants to say."""

    why = forms.CharField(
        label="Why (optional)",
        required=False,
        max_length=500,
        help_text="Kept in the history of this sync.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class Kept(Why):
    """A decision about the list that was read."""

    fingerprint = forms.CharField(widget=forms.HiddenInput, error_messages={"required": READ_FIRST})


class SameOrNot(Reason):
    """Whether a record of the source is this account."""

    same = forms.TypedChoiceField(
        label="Is this the same person?",
        widget=forms.RadioSelect,
        coerce=lambda word: word == "yes",
        choices=[("yes", "Yes, the same person"), ("no", "No, somebody else")],
    )
    field_order = ("same", "why")


class Limits(Reason):
    """The limits of one district, school or connection; an empty field takes the one above."""

    def __init__(self, own: Mapping[str, float], above: Mapping[str, float], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, limit in DEFAULTS.items():
            self.fields[name] = forms.FloatField(
                label=limit.meaning,
                required=False,
                min_value=limit.lowest,
                max_value=limit.highest,
                initial=own.get(name),
                help_text=f"Empty: {above[name]:g}. From {limit.lowest:g} to {limit.highest:g}.",
                widget=forms.NumberInput(attrs={"step": "any"}),
            )
        self.order_fields([*DEFAULTS, "why"])

    def values(self) -> dict[str, float]:
        """Those that are set here."""
        return {name: self.cleaned_data[name] for name in DEFAULTS if self.cleaned_data[name] is not None}
