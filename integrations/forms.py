"""What support fills in to tie a district and its schools to a source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from accounts.deeds import Reason
from accounts.models import Roles, School

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import QuerySet

#: What a source's word may mean: an empty value means that such people are not synced.
MEANINGS = (
    ("student", "Student"),
    ("teacher", "Teacher"),
    ("admin teacher", "Admin and Teacher"),
    (Roles.DISTRICT_ADMIN.value, "District admin"),
    ("", "Nobody: not synced"),
)


class FindTenant(forms.Form):
    """Search of the districts that our key opens at a source."""

    q = forms.CharField(label="District Name or id", required=False, max_length=200)


class TypedName(Reason):
    """A confirmation by typing the name of what is meant."""

    typed = forms.CharField(
        max_length=200,
        error_messages={"required": "Type it, so that nothing is done by a slip."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("typed", "why")

    def __init__(self, name: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name = name
        self.fields["typed"].label = f"Type {name} to confirm"

    def clean_typed(self) -> str:
        """Must be the name, give or take case and spaces."""
        typed: str = self.cleaned_data["typed"]
        if typed.split() and " ".join(typed.split()).casefold() == " ".join(self.name.split()).casefold():
            return typed
        raise forms.ValidationError(f"That is not the same name. Type {self.name}.")


class LinkSchool(Reason):
    """Which of our schools a source school is, confirmed by typing our school's name."""

    school = forms.ModelChoiceField(queryset=School.objects.none(), label="SmartPass school")
    typed = forms.CharField(
        label="Type the SmartPass school's name to confirm",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("school", "typed", "why")

    def __init__(self, schools: QuerySet[School], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["school"].queryset = schools  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The typed name must be the chosen school's."""
        cleaned = super().clean() or self.cleaned_data
        school, typed = cleaned.get("school"), cleaned.get("typed", "")
        if school and typed and " ".join(typed.split()).casefold() != " ".join(school.name.split()).casefold():
            self.add_error("typed", f"That is not the name of the school you chose. Type {school.name}.")
        return cleaned


class RoleMapping(Reason):
    """What each of the source's words means in one district."""

    def __init__(self, label: str, in_force: Mapping[str, list[str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.words = list(in_force)
        for word in self.words:
            self.fields[f"word_{word}"] = forms.ChoiceField(
                label=f"{label} {word.replace('_', ' ')}",
                choices=MEANINGS,
                required=False,
                initial=" ".join(sorted(in_force[word])),
            )
        self.order_fields([*(f"word_{word}" for word in self.words), "why"])

    def chosen(self) -> dict[str, list[str]]:
        """The roles for each word."""
        return {word: self.cleaned_data[f"word_{word}"].split() for word in self.words}


class Purchased(Reason):
    """Whether a school has bought SmartPass."""

    purchased = forms.BooleanField(label="This school has bought SmartPass", required=False)
    field_order = ("purchased", "why")


class Pause(Reason):
    """Until when a source's syncs rest, and why."""

    until = forms.DateField(
        label="Start again on (optional)",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Syncs start again by themselves with that day's 11:00 PM Eastern. Empty: until somebody resumes.",
    )
    field_order = ("until", "why")


class SchoolsMaySync(Reason):
    """Whether Admins of the schools may start a sync themselves."""

    may = forms.BooleanField(label="Admins of its schools may start a sync themselves", required=False)
    field_order = ("may", "why")
