"""What the API says of why somebody is missing, or as they are."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.api.reading import Id, Strict


class StepShape(serializers.Serializer[Any]):
    """One thing that was looked at."""

    title = serializers.CharField(source="step.title", help_text="What was looked at.")
    word = serializers.CharField(source="step.word", allow_blank=True, help_text="What was found.")
    code = serializers.CharField(source="step.code", allow_blank=True, help_text="The reason, if it is not right.")


class ValueShape(serializers.Serializer[Any]):
    """One value: as it is here, as the source says it, and who decided."""

    where = serializers.CharField(help_text="Person, or a school's name.")
    field = serializers.CharField(source="value.field", help_text="What it is, in words.")
    stored = serializers.CharField(source="value.stored")
    said = serializers.CharField(source="value.source", help_text="What the source says.")
    decided = serializers.CharField(source="value.decided", help_text="Who decided: the source's name, or a person.")
    differs = serializers.BooleanField(source="value.differs")


class PlannedShape(serializers.Serializer[Any]):
    """What tonight's sync would do."""

    what = serializers.CharField()
    school = serializers.CharField(help_text="A school's name, or District.")
    why = serializers.CharField(allow_blank=True)


class ExplanationShape(serializers.Serializer[Any]):
    """Why somebody is missing, or as they are, from what one source has to do with them."""

    account = Id(allow_null=True, help_text="Null: there is none that the key may see.")
    name = serializers.CharField()
    connection = Id(allow_null=True, help_text="Null: a person added them, and no source knows them.")
    source_name = serializers.CharField(allow_blank=True)
    code = serializers.CharField(allow_blank=True, help_text="The reason; empty if everything is as it should be.")
    says = serializers.CharField(help_text="The reason in words.")
    helps = serializers.CharField(allow_blank=True, help_text="What to do.")
    owner = serializers.CharField(allow_blank=True, help_text="Who can do it.")
    steps = StepShape(many=True, help_text="What was looked at, in order.")
    values = ValueShape(many=True)
    tonight = PlannedShape(many=True)


class ExplainedShape(serializers.Serializer[Any]):
    """Everybody who was meant, a row for each person and source."""

    results = ExplanationShape(many=True)


class Explaining(Strict):
    """Whom to explain, by one of three names."""

    account = Id(required=False, help_text="An account.")
    email = serializers.CharField(required=False, max_length=320, help_text="Whoever has exactly this email.")
    external_id = serializers.CharField(
        required=False, max_length=200, help_text="Whoever the source knows by this id."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of them."""
        if len(attrs) != 1:
            raise serializers.ValidationError("Give account, email or external_id, and one of them.", code="one_of")
        return attrs
