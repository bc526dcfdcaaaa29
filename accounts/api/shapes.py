"""What the API says of accounts, and what it may be asked of them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.api.reading import Id, Moment, Paged, Strict
from accounts.models import Roles, Status

#: Statuses that an account of a list can have: a deleted one is nobody's.
STANDING = [choice for choice in Status.choices if choice[0] != Status.DELETED]
AT_A_SCHOOL = [choice for choice in Roles.choices if choice[0] != Roles.DISTRICT_ADMIN]
NAME = 200
HANDLE = r"^[A-Za-z0-9._-]+$"
EMAIL = 320


class SchoolShape(serializers.Serializer[Any]):
    """A school."""

    id = Id()
    name = serializers.CharField()


class MembershipShape(serializers.Serializer[Any]):
    """What somebody is at one school, or at the district."""

    id = Id()
    account = Id(source="user_id", help_text="Whose it is.")
    school = SchoolShape(allow_null=True, help_text="Null: at the district.")
    roles = serializers.ListField(child=serializers.ChoiceField(choices=Roles.choices))
    status = serializers.ChoiceField(choices=STANDING)
    grade = serializers.CharField(allow_blank=True)
    number = serializers.CharField(allow_blank=True)
    origin = serializers.CharField(help_text="Who made it: `hand`, or the source's kind.")
    updated_at = Moment()


class AccountShape(serializers.Serializer[Any]):
    """Somebody, with what they are at the schools that the key reaches."""

    id = Id()
    first_name = serializers.CharField(allow_blank=True)
    last_name = serializers.CharField(allow_blank=True)
    email = serializers.CharField(allow_blank=True)
    username = serializers.CharField(allow_null=True)
    memberships = MembershipShape(many=True, source="seen")
    created_at = Moment()
    updated_at = Moment()


class AccountsAsked(Paged):
    """Which accounts. What is said of role, status and school is said of one membership."""

    role = serializers.ChoiceField(required=False, choices=Roles.choices, help_text="Only who has this role.")
    status = serializers.ChoiceField(required=False, choices=STANDING, help_text="Only who has this status.")
    school = Id(required=False, help_text="Only who is at this school.")
    q = serializers.CharField(
        required=False, max_length=NAME, help_text="Only whose name, email or username has all these words."
    )
    updated_since = Moment(required=False, help_text="Only whose account or membership changed at or after this time.")


class NewAccount(Strict):
    """Somebody to add by hand. An email or a username is what they sign in by."""

    first_name = serializers.CharField(max_length=NAME)
    last_name = serializers.CharField(max_length=NAME)
    email = serializers.EmailField(required=False, default="", max_length=EMAIL)
    username = serializers.RegexField(
        HANDLE, required=False, default="", max_length=NAME, help_text="Letters, digits, dot, dash, line."
    )
    school = Id(help_text="One of the key's schools.")
    roles = serializers.ListField(
        child=serializers.ChoiceField(choices=AT_A_SCHOOL),
        min_length=1,
        max_length=3,
        help_text="Student and Assistant stand alone; Admin brings Teacher.",
    )
    grade = serializers.CharField(required=False, default="", allow_blank=True, max_length=40)
    number = serializers.CharField(required=False, default="", allow_blank=True, max_length=80)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse somebody who could not sign in."""
        if not attrs["email"] and not attrs["username"]:
            raise serializers.ValidationError({"email": ["Give an email or a username."]}, code="required")
        return attrs


class AddedAccount(AccountShape):
    """Somebody just added."""

    first_password = serializers.CharField(
        help_text="They sign in with it once and then choose their own. It is shown here only."
    )


class Change(Strict):
    """What every change may say."""

    why = serializers.CharField(
        required=False, default="", max_length=500, help_text="Needed for what a source manages. In the history."
    )
    until = serializers.DateField(
        required=False, default=None, allow_null=True, help_text="The last day on which it is kept from the sync."
    )
    updated_at = Moment(required=False, help_text="As it was read: if it is another one now, nothing is changed.")


class AccountChanged(Change):
    """What to change about somebody."""

    first_name = serializers.CharField(required=False, max_length=NAME)
    last_name = serializers.CharField(required=False, max_length=NAME)
    email = serializers.EmailField(required=False, allow_blank=True, max_length=EMAIL)
    username = serializers.RegexField(HANDLE, required=False, allow_blank=True, max_length=64)


class MembershipChanged(Change):
    """What to change about what somebody is at one school."""

    roles = serializers.ListField(
        child=serializers.ChoiceField(choices=AT_A_SCHOOL), required=False, min_length=1, max_length=3
    )
    grade = serializers.CharField(required=False, allow_blank=True, max_length=40)
    number = serializers.CharField(required=False, allow_blank=True, max_length=80)
    status = serializers.ChoiceField(required=False, choices=STANDING)
    keep = serializers.BooleanField(
        required=False, default=False, help_text="The sync may not change this status. Needs `why`."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What is kept needs a reason."""
        if attrs["keep"] and not attrs["why"]:
            raise serializers.ValidationError({"why": ["Say why, so that others know whether to keep it."]})
        return attrs


class MembershipsAsked(Paged):
    """Which memberships."""

    account = Id(required=False, help_text="Only this account's.")
    school = Id(required=False, help_text="Only at this school.")
    role = serializers.ChoiceField(required=False, choices=Roles.choices)
    status = serializers.ChoiceField(required=False, choices=STANDING)


class KeyShape(serializers.Serializer[Any]):
    """A key, without its text."""

    id = Id()
    name = serializers.CharField()
    hint = serializers.CharField(help_text="What it begins with.")
    created_at = Moment()
    last_used_at = Moment(allow_null=True, help_text="To the minute.")


class DistrictShape(serializers.Serializer[Any]):
    """A district."""

    id = Id()
    name = serializers.CharField()
    timezone = serializers.CharField()


class MakerShape(serializers.Serializer[Any]):
    """Who made the key."""

    id = Id()
    name = serializers.CharField(source="get_full_name")
    email = serializers.CharField(allow_blank=True)


class MeShape(serializers.Serializer[Any]):
    """Whose key this is and how far it reaches."""

    key = KeyShape()
    account = MakerShape(help_text="Who made it.")
    district = DistrictShape()
    district_wide = serializers.BooleanField(help_text="Whether it reaches what belongs to the district itself.")
    schools = SchoolShape(many=True, help_text="The schools it reaches.")
