"""What a school fills in when it asks SmartPass, and support when it answers."""

from __future__ import annotations

import hashlib

from django import forms


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


class Answer(forms.Form):
    """What the school reads."""

    answer = forms.CharField(
        label="Answer to the school",
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 8, "cols": 80}),
        help_text="Every Admin of the school reads it. No passwords.",
    )
