"""How a night writes those who are new."""

from __future__ import annotations

from accounts import tenancy
from accounts.models import Membership
from rostering.models import Change
from tests.rostering.stories import Story


def test_newcomers_are_written_in_the_order_of_their_ids(story: Story) -> None:
    for number in range(60):
        story.student(f"Ana Ruiz{number}")
    run = story.night()
    with tenancy.district(story.district.pk):
        written = list(Change.objects.filter(run=run).order_by("pk").values_list("user_id", flat=True))
        joined = list(Membership.objects.filter(user__in=written).order_by("pk").values_list("user_id", flat=True))
    assert len(written) == 60
    assert written == joined == sorted(written)
