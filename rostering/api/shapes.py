"""What the API says of sources, syncs and holds, and what it may be asked of them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.api.reading import Id, Moment, Paged, Strict
from accounts.api.shapes import SchoolShape
from integrations import registry
from integrations.models import ConnectionState
from rostering.models import Change, Hold, Issue, RunState, Trigger
from rostering.wording import FIELDS

KINDS = [(kind, registry.label(kind)) for kind in registry.PROVIDERS]
CHANGED = list(FIELDS.items())
CHANGE_KINDS, HOLD_STATES, SEVERITIES = Change.Kind.choices, Hold.State.choices, Issue.Severity.choices
#: No reason is longer.
WHY = 500
#: No list of people, kinds or schools in a request is longer.
MANY = 1000


class LinkShape(serializers.Serializer[Any]):
    """Which school of the source is which school here."""

    school = SchoolShape()
    external_id = serializers.CharField(help_text="The source's own id of it.")
    external_name = serializers.CharField(allow_blank=True)


class TroubleShape(serializers.Serializer[Any]):
    """What is wrong."""

    code = serializers.CharField(help_text="A reason code that does not change: `E-SOURCE-DOWN` …")
    text = serializers.CharField(help_text="The same in words.")


class ConnectionShape(serializers.Serializer[Any]):
    """A source from which the key's schools take their people."""

    id = Id()
    kind = serializers.ChoiceField(choices=KINDS)
    name = serializers.CharField(help_text="What the source calls the district.")
    state = serializers.ChoiceField(choices=ConnectionState.choices)
    status = serializers.CharField(help_text="How it stands, in the words of the pages: Connected, On hold …")
    trouble = TroubleShape(allow_null=True)
    paused_until = Moment(allow_null=True, help_text="When a pause ends by itself.")
    may_sync = serializers.BooleanField(help_text="Whether the key may start a sync, or must ask SmartPass for one.")
    may_pause = serializers.BooleanField(help_text="Whether the key may pause and resume it.")
    schools = LinkShape(many=True, help_text="Those of the key's schools that it serves.")
    last_run = Id(allow_null=True, help_text="The newest sync.")
    last_good_run = Id(allow_null=True, help_text="The newest sync that brought the accounts into line.")


class SteeredShape(serializers.Serializer[Any]):
    """What was done to a connection."""

    message = serializers.CharField(help_text="What was done, in words.")
    connection = ConnectionShape()


class RunShape(serializers.Serializer[Any]):
    """A sync, with what it did at the key's schools."""

    id = Id()
    connection = Id(source="connection_id")
    trigger = serializers.ChoiceField(choices=Trigger.choices)
    preview = serializers.BooleanField(help_text="It only looked at what it would do.")
    state = serializers.ChoiceField(choices=RunState.choices)
    status = serializers.CharField(help_text="The state of the key's part, in the words of the pages: On hold …")
    step = serializers.CharField(allow_blank=True, help_text="Where it is: fetch, match, plan, confirm, guard, apply.")
    night = serializers.DateField(allow_null=True, help_text="The date, in Eastern time, of the 11 PM it answers for.")
    undoes = Id(source="undoes_id", allow_null=True, help_text="The sync that it turns back.")
    counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="What it did at the key's schools: kind of change -> how many."
    )
    held = serializers.IntegerField(help_text="How many of its changes at the key's schools wait for a decision.")
    trouble = TroubleShape(allow_null=True)
    created_at = Moment()
    started_at = Moment(allow_null=True)
    applied_at = Moment(allow_null=True, help_text="When the accounts were written; null if they were not.")
    finished_at = Moment(allow_null=True)


class DifferenceShape(serializers.Serializer[Any]):
    """A field that differs."""

    field = serializers.ChoiceField(choices=CHANGED)
    before = serializers.CharField(allow_null=True)
    after = serializers.CharField(allow_null=True)


class ChangeShape(serializers.Serializer[Any]):
    """What a sync does to one person at one school."""

    id = Id()
    kind = serializers.ChoiceField(choices=CHANGE_KINDS, help_text="The weightiest thing it does.")
    account = Id(help_text="Whose account. That of a newcomer exists once the change was done.")
    name = serializers.CharField()
    external_id = serializers.CharField(help_text="The person's id at the source.")
    school = SchoolShape(allow_null=True, help_text="Null: at the district.")
    differences = DifferenceShape(many=True)
    why = serializers.CharField(allow_blank=True, help_text="Why somebody leaves.")
    hold = Id(allow_null=True, help_text="The hold that keeps it, or kept it.")
    fate = serializers.CharField(allow_blank=True, help_text="What became of it, if it did not simply happen.")


class IssueShape(serializers.Serializer[Any]):
    """Something about a person that needs an eye."""

    id = Id()
    code = serializers.CharField(help_text="A reason code that does not change: `E-NO-EMAIL` …")
    severity = serializers.ChoiceField(choices=SEVERITIES)
    account = Id(allow_null=True)
    name = serializers.CharField()
    external_id = serializers.CharField()
    school = SchoolShape(allow_null=True)
    says = serializers.CharField(help_text="What the code means.")
    helps = serializers.CharField(help_text="What to do about it.")


class HoldShape(serializers.Serializer[Any]):
    """Changes that wait for a person, because they are many or weighty."""

    id = Id()
    connection = Id(source="connection_id")
    run = Id(source="run_id", help_text="The sync in which its list stands.")
    school = SchoolShape(allow_null=True, help_text="Null: at the district.")
    state = serializers.ChoiceField(choices=HOLD_STATES)
    reason = serializers.CharField(help_text="The limit that was reached.")
    text = serializers.CharField(help_text="Why it waits, with the numbers, in words.")
    people = serializers.IntegerField()
    needs_second = serializers.BooleanField(help_text="Two people must agree to release it.")
    has_first_yes = serializers.SerializerMethodField(help_text="The first of them has agreed to this list.")
    fingerprint = serializers.CharField(allow_blank=True, help_text="Names the list. Send it with the decision.")
    opened_at = Moment()
    refreshed_at = Moment()
    decided_at = Moment(allow_null=True)

    def get_has_first_yes(self, hold: Hold) -> bool:
        """Whether the first yes is kept for the list as it is."""
        return hold.first_yes_by_id is not None and hold.first_yes_for == hold.fingerprint


class DecidedShape(serializers.Serializer[Any]):
    """What was decided."""

    message = serializers.CharField(help_text="What was done, in words.")
    hold = HoldShape(help_text="The hold as it is now. What a decision about a part left waits on.")


class NothingMore(Strict):
    """Nothing to say: the address says it all."""


class Pausing(Strict):
    """Until when syncs rest, and why."""

    why = serializers.CharField(max_length=WHY, help_text="It stands in the history.")
    until = serializers.DateField(
        required=False,
        default=None,
        allow_null=True,
        help_text="The day from which syncs start again by themselves; null: until somebody resumes.",
    )


class ForeseenShape(serializers.Serializer[Any]):
    """What an undo would do."""

    possible = serializers.BooleanField()
    refusal = serializers.CharField(allow_blank=True, help_text="Why it is not possible.")
    people = serializers.IntegerField(help_text="People it turns back.")
    stays = serializers.IntegerField(help_text="Of them, how many stay as they are, wholly or in part.")
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="Kind of change -> people.")


class Undoing(Strict):
    """Why, and which part of it."""

    why = serializers.CharField(max_length=WHY, help_text="It stands in the history.")
    schools = serializers.ListField(
        child=Id(), required=False, min_length=1, max_length=MANY, help_text="Left out: all of the key's schools."
    )


class RunsAsked(Paged):
    """Which syncs."""

    connection = Id(required=False, help_text="Only of this connection.")
    state = serializers.ChoiceField(required=False, choices=RunState.choices)


class ChangesAsked(Paged):
    """Which changes."""

    kind = serializers.ChoiceField(required=False, choices=CHANGE_KINDS)
    school = Id(required=False, help_text="Only at this school.")


class HoldsAsked(Paged):
    """Which holds."""

    state = serializers.ChoiceField(required=False, choices=HOLD_STATES)
    connection = Id(required=False, help_text="Only of this connection.")


class Deciding(Strict):
    """A decision about a list that was read, or about a part of it."""

    fingerprint = serializers.CharField(max_length=64, help_text="The hold's, as it was read.")
    why = serializers.CharField(max_length=WHY, help_text="It stands in the history.")
    kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=CHANGE_KINDS), required=False, max_length=len(Change.Kind)
    )
    people = serializers.ListField(child=Id(), required=False, max_length=MANY, help_text="Only these accounts.")
    schools = serializers.ListField(child=Id(), required=False, max_length=MANY, help_text="Only at these schools.")
