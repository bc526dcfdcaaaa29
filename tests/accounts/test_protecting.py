"""What a sync must leave alone at a school, said for many accounts at once."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils.timezone import now

from accounts import protecting, tenancy
from accounts.models import Membership, Pin
from tests import factories
from tests.accounts.many import PROTECT, RELEASE, add, ids, of, pins, row, said, trail
from tests.accounts.reading import browser, press, text, words


@pytest.fixture
def world(committed_db: None) -> factories.World:
    del committed_db
    with tenancy.support():
        return factories.world("Alder")


def test_protecting_and_back(world: factories.World) -> None:
    admin = browser(world.admin)
    over, held, new = add(world, "Fox"), add(world, "Bell"), add(world, "Ito")
    with tenancy.support():
        for pk, until in ((over, now() - timedelta(hours=1)), (held, None)):
            user = Membership.objects.get(pk=pk).user_id
            Pin.objects.create(district=world.district, user_id=user, school=world.school, field="*", until=until)
    path = PROTECT + ids(over, held, new)
    assert "Protect 2 accounts?" in text(admin, path)
    assert "Say why, so that others know whether to keep it." in words(press(admin, path))
    tomorrow = (now().astimezone(ZoneInfo("America/New_York")) + timedelta(days=1)).date()
    assert "That day is over." in words(press(admin, path, why="Leave", until="2020-01-01"))
    answer = press(admin, path, why="On leave", until=tomorrow.isoformat())
    assert "2 accounts protected. 1 account left out: already protected." in said(admin, answer)
    assert pins(over) == pins(new) == [("*", world.school.pk, "On leave")]
    midnight = datetime.combine(tomorrow, time(23, 59, 59), ZoneInfo("America/New_York"))
    with tenancy.support():
        assert Pin.objects.get(user=row(new).user_id).until == midnight
    assert trail(new)[-1][:3] == ("pin.set", {}, {"field": "*", "why": "On leave", "until": midnight.isoformat()})
    answer = press(admin, RELEASE + ids(over, held, new, of(world.teacher, world.school)))
    assert "3 accounts no longer protected. 1 account left out: not protected." in said(admin, answer)
    assert pins(over) == pins(held) == pins(new) == []
    assert trail(new)[-1][:3] == ("pin.remove", {"field": "*"}, {})


def test_a_protection_that_holds_at_a_sister_school_too_is_not_for_one_school_to_end(world: factories.World) -> None:
    pk = add(world, "Fox", "teacher")
    member = row(pk)
    with tenancy.support():
        Pin.objects.create(district=world.district, user_id=member.user_id, field="*", why="Agreed")
        Membership.objects.create(
            district=world.district, user_id=member.user_id, school=world.sister, roles=["teacher"]
        )
        Pin.objects.create(district=world.district, user_id=member.user_id, school=world.sister, field="roles")
    admin, chief = browser(world.admin), browser(world.district_admin)
    assert protecting.EVERYWHERE in said(admin, admin.get(RELEASE + ids(pk)))
    assert press(chief, RELEASE + ids(pk)).status_code == 302
    assert pins(pk) == [("roles", world.sister.pk, "")]
