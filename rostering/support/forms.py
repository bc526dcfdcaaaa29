"""What a school fills in when it asks SmartPass, and support when it answers."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from django import forms

if TYPE_CHECKING:
    from collections.abc import Mapping

#: So many schools fit into one request.
MOST_SCHOOLS = 50
SCHOOLS_AT_FIRST = 1


class Question(forms.Form):
    """A question to SmartPass."""

    words = forms.CharField(
        label="What do you need?",
        max_length=4000,
        error_messages={"required": "Write what you need."},
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="Leave out passwords. SmartPass sees your school and who asks.",
    )

    def about(self) -> str:
        """Names the question, so that the same one sent twice is one request."""
        words = " ".join(self.cleaned_data["words"].split())
        return hashlib.sha256(words.encode()).hexdigest()[:16]


class AboutSource(forms.Form):
    """A wish to use a source that SmartPass sets up with the school."""

    words = forms.CharField(
        label="Anything we should know (optional)",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="For example which schools, and from when.",
    )


class ReadyToSync(forms.Form):
    """That everything is shared in Clever, with what SmartPass needs for linking it. Schools are repeatable."""

    district_name = forms.CharField(label="Clever District Name", max_length=200)

    def __init__(self, rows: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.rows = max(1, min(rows, MOST_SCHOOLS))
        for row in range(self.rows):
            number = f" {row + 1}" if self.rows > 1 else ""
            self.fields[f"school_{row}"] = forms.CharField(
                label=f"Clever School Name{number}", max_length=200, required=row == 0
            )
            self.fields[f"number_{row}"] = forms.CharField(
                label=f"School ID{number} (optional)",
                max_length=100,
                required=False,
                help_text="The number your district gives the school in Clever.",
            )
        self.fields["shared"] = forms.BooleanField(
            label="All records of these schools are shared with SmartPass in Clever",
            error_messages={"required": "Share the records in Clever first, then tick this."},
        )
        self.fields["rows"] = forms.IntegerField(widget=forms.HiddenInput, required=False, initial=self.rows)

    def details(self) -> dict[str, Any]:
        """What support reads."""
        given = self.cleaned_data
        named = [(given[f"school_{row}"], given[f"number_{row}"]) for row in range(self.rows)]
        schools = [f"{name} (School ID {number})" if number else name for name, number in named if name]
        return {"district": given["district_name"], "schools": schools, "all_shared": True}


def ready_form(asked: Mapping[str, Any] | None, initial: Mapping[str, Any]) -> ReadyToSync:
    """The form as it was sent; with one school more, and nothing judged yet, if that was the wish."""
    if asked is None:
        return ReadyToSync(SCHOOLS_AT_FIRST, initial=dict(initial))
    rows = _number(asked.get("rows", ""))
    if "more" in asked:
        kept = {name: asked[name] for name in asked if name not in {"rows", "more"}}
        return ReadyToSync(rows + 1, initial=kept)
    return ReadyToSync(rows, data=asked)


def _number(words: str) -> int:
    return int(words) if str(words).isdecimal() and len(words) < 4 else SCHOOLS_AT_FIRST


class Answer(forms.Form):
    """What the school reads."""

    answer = forms.CharField(
        label="Answer to the school",
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 8, "cols": 80}),
        help_text="Every Admin of the school reads it. No passwords.",
    )
