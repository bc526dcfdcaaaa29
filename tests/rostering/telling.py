"""What the tests of notices share: two schools with an Admin each, and what these are told."""

from __future__ import annotations

from typing import NamedTuple

from django.core import mail as django_mail

from accounts import mail, tenancy
from accounts.models import Notice, Roles, User
from rostering.models import Run
from tests import factories
from tests.rostering.stories import Story

#: What a source does wrong.
SILENT = {"page_status_at": 1}
NOT_JSON = {"not_json_at": 1}
WELL = {"not_json_at": None}


class Told(NamedTuple):
    """A notice: what of, at which school, and whether it is true still."""

    kind: str
    school: str
    true: bool = True


class Cast(NamedTuple):
    """Two schools with an Admin each, and a District admin."""

    story: Story
    admin: User
    sister: User
    head: User

    def told(self) -> list[Told]:
        """Every notice there is, oldest first."""
        return [
            Told(each.kind, each.school.name if each.school else "District", each.closed_at is None)
            for each in self.notices()
        ]

    def notices(self) -> list[Notice]:
        """The notices themselves."""
        with tenancy.district(self.story.district.pk):
            return list(Notice.objects.select_related("school").order_by("pk"))

    def letters(self) -> list[tuple[str, str]]:
        """What leaves the outbox now: to whom, and the subject."""
        django_mail.outbox.clear()
        mail.send_due()
        names = {self.admin.email: "North", self.sister.email: "South", self.head.email: "District"}
        return sorted((names[each.to[0]], str(each.subject)) for each in django_mail.outbox)

    def fails(self) -> Run:
        """A night on which the source answers nonsense."""
        self.story.sandbox.set_faults(NOT_JSON)
        run = self.story.night()
        self.story.sandbox.set_faults(WELL)
        return run


def gathered(story: Story) -> Cast:
    """The Admins of a story's two schools, and its first night."""
    with tenancy.support():
        north, south = story.schools
        made = Cast(
            story,
            factories.person(story.district, north, Roles.ADMIN, email="north@example.org"),
            factories.person(story.district, south, Roles.ADMIN, email="south@example.org"),
            factories.person(story.district, None, Roles.DISTRICT_ADMIN, first_name="Ravi", last_name="Patel"),
        )
    story.students(30)
    story.student("Riley Fox", 1)
    story.night()
    assert made.told() == []
    return made


def leave(cast: Cast, many: int) -> None:
    for key in [key for key, name in cast.story.names.items() if name.startswith("Kid")][:many]:
        cast.story.world.delete_user(key)
        del cast.story.names[key]
