"""What a guide to one kind of source consists of: words for a school, and the form that says all is ready."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django import forms

from integrations import registry

if TYPE_CHECKING:
    from django.http import QueryDict


class Ready(forms.Form):
    """That everything is shared at the source, with what SmartPass needs for linking it."""

    #: How support calls what `details` holds, in the order of the form.
    facts: ClassVar[Mapping[str, str]]

    @classmethod
    @abstractmethod
    def begun(cls, school: str) -> Self:
        """The form as it is first seen by this school ("" where a whole district looks)."""

    @classmethod
    @abstractmethod
    def sent(cls, given: QueryDict, school: str) -> Self:
        """The form as it was sent; nothing is judged yet if a button only asked for other lines."""

    @abstractmethod
    def details(self) -> dict[str, Any]:
        """What support reads."""

    def doubts(self) -> list[str]:
        """What was accepted and is worth a second look."""
        return []


def says_nothing(said: Mapping[str, str], zone: str) -> list[str]:
    """For a source that says nothing about itself."""
    del said, zone
    return []


@dataclass(frozen=True)
class Guide:
    """`needs` is who can set it up and how long it takes, `promise` by when SmartPass answers.

    `asks` stands over the form `ready`, which is None where SmartPass opens the connection
    and a school has nothing to send. `notes` turns what a source says about itself
    (`Receipt.notes`) into sentences, `mend` is where to look first when it does not let us in.
    """

    kind: str
    needs: str
    takes: str
    promise: timedelta
    mend: str
    asks: str = ""
    ready: type[Ready] | None = None
    notes: Callable[[Mapping[str, str], str], list[str]] = says_nothing

    @property
    def label(self) -> str:
        """The source's name."""
        return registry.label(self.kind)

    @property
    def line(self) -> str:
        """What it does, in one line."""
        return f"Takes your students and staff from {self.label} and keeps them right, every night."

    @property
    def about(self) -> str:
        """Tells requests about this kind of source apart from others."""
        return f"source:{self.kind}"

    @property
    def steps(self) -> str:
        """The template with the steps of setting it up."""
        return f"rostering/setup/{self.kind}.html"

    @property
    def fields(self) -> str:
        """The template with the fields of `ready`."""
        return f"rostering/setup/{self.kind}_form.html"
