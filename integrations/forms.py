"""What support fills in to tie a district and its schools to a source."""

from __future__ import annotations

from types import new_class
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from django import forms

from accounts.deeds import Reason
from accounts.models import Roles, School
from accounts.templatetags.smartpass import spaced

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import QuerySet
    from django.http import QueryDict

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

    q = forms.CharField(label="Name or id of the district", required=False, max_length=200)


class FindPlace(forms.Form):
    """Search of what a source shares. An id is searched as it stands, spaces and all."""

    q = forms.CharField(required=False, max_length=300, strip=False)

    def __init__(self, id_word: str, number_word: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["q"].label = f"{id_word}, Name or {number_word}"


class Secret(forms.PasswordInput):
    """A field that never shows what is in it."""

    def __init__(self) -> None:
        super().__init__(attrs={"autocomplete": "new-password"})


class SourceSettings(Reason):
    """What opens a source for one connection: its provider's own fields, and why. Made by `filled_in`.

    `kept` are the secrets that are set: an empty field means the one that is set. `before` is
    what was saved: where an address of it changes, secrets must be typed, or somebody could
    have them sent to an address of their own.
    """

    secrets: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        kept: Mapping[str, str],
        before: Mapping[str, str],
        **given: Any,
    ) -> None:
        self.before = before
        self.untyped: list[str] = []
        if data is not None:
            data = data.copy()
            self.untyped = [name for name in self.secrets if name in kept and not data.get(name, "").strip()]
            for name in self.untyped:
                data[name] = kept[name]
        super().__init__(data, **given)
        for name in self.secrets:
            self.fields[name].widget = Secret()
            if name in kept:
                self.fields[name].help_text = "One is set. Leave this empty to keep it."

    def clean(self) -> dict[str, Any]:
        """A new address gets no secret that nobody typed for it."""
        cleaned = super().clean() or self.cleaned_data
        addresses = [name for name, field in self.fields.items() if isinstance(field, forms.URLField)]
        moved = [name for name in addresses if name in cleaned and _host(cleaned[name]) != _host(self.before.get(name))]
        for name in self.untyped if moved else []:
            self.add_error(name, f"{self.fields[moved[0]].label} is another one. Type this again.")
        return cleaned

    def chosen(self) -> dict[str, Any]:
        """The provider's own fields."""
        return {name: value for name, value in self.cleaned_data.items() if name != "why"}


def filled_in(settings: type[forms.Form], secrets: frozenset[str]) -> type[SourceSettings]:
    """The form of a page that opens a source by these settings."""
    return new_class("FilledIn", (SourceSettings, settings), exec_body=lambda body: body.update(secrets=secrets))


def _host(address: str | None) -> tuple[str, str]:
    parts = urlsplit(address or "")
    return parts.scheme.lower(), parts.netloc.lower()


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
                label=f"{label} {spaced(word)}",
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
