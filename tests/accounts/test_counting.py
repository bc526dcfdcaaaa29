"""The numbers over the accounts list: the same as counting by hand, whoever looks and whatever is asked for."""

# ruff: noqa: S608 - the statements come from the catalogue and from Django

from __future__ import annotations

import random
from itertools import combinations, product

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from accounts import tenancy
from accounts.asking import ANY, STATUSES, Asked
from accounts.directory import Counts, Listing
from accounts.models import ROLE_BITS, STANDS, STATUS_BITS, Membership, Roles, School, Status, User
from tests import factories

TOGETHER: tuple[list[str], ...] = ([], ["student"], ["teacher"], ["admin", "teacher"], ["admin"], ["assistant"])
SOURCES = ("By hand", "Clever")


@pytest.fixture
def world(committed_db: None) -> factories.World:
    del committed_db
    with tenancy.support():
        return factories.world("Alder")


@pytest.fixture
def crowd(world: factories.World) -> factories.World:
    """Sixty people, each at none to three of the schools and perhaps at the district, in every state there is."""
    draw = random.Random(8)
    with tenancy.support():
        schools = (world.school, world.sister, factories.school(world.district))
        for number in range(60):
            person = User.objects.create(
                district=world.district, last_name=f"Moss{number}", last_login=draw.choice([None, now()])
            )
            for school in draw.sample(schools, draw.randint(0, 3)):
                _place(draw, person, school, draw.choice(TOGETHER))
            if draw.random() < 0.1:
                _place(draw, person, None, ["district_admin"])
        Membership.objects.create(
            district=world.district, user=world.admin, school=world.sister, roles=["admin", "teacher"]
        )
    return world


def _place(draw: random.Random, person: User, school: School | None, roles: list[str]) -> None:
    status = draw.choice([each for each in Status if roles or each != Status.ACTIVE])
    Membership.objects.create(
        district_id=person.district_id or 0,
        user=person,
        school=school,
        roles=roles,
        status=status,
        suspended_by="person" if status == Status.SUSPENDED else "",
        origin_label=draw.choice(SOURCES),
    )


def _by_hand(user: User, at: School | None, asked: Asked) -> tuple[Counts, set[int]]:
    """What `Listing` must say, from the rows one by one."""
    wide = user.memberships.filter(roles__contains=["district_admin"]).exists()
    mine = set(user.memberships.filter(roles__contains=["admin"]).values_list("school_id", flat=True))
    linked = set(School.objects.filter(source_links__isnull=False).values_list("pk", flat=True))
    seen = {at.pk} if at else linked | mine | {None} if wide else mine
    rows = [
        row
        for row in Membership.objects.filter(district=user.district_id).select_related("user")
        if row.school_id in seen
        and row.status != Status.DELETED
        and asked.source in ("", row.origin_label)
        and not (asked.never and row.user.last_login)
    ]
    statuses = STATUSES if asked.status == ANY else (asked.status,)
    listed = [row for row in rows if row.status in statuses]
    people: dict[int, set[str]] = {}
    for row in listed:
        people.setdefault(row.user_id, set()).update(row.roles)
    of_role = [row for row in listed if asked.role in ("", *row.roles)]
    counts = Counts(
        roles={role: sum(role in roles for roles in people.values()) for role in Roles.values},
        people=len(people),
        several=sum(len(roles) > 1 for roles in people.values()),
        lines={status: sum(row.status == status for row in of_role) for status in statuses},
        hidden={
            status: 0 if asked.status == ANY else len({row.user_id for row in rows if row.status == status})
            for status in STATUSES
            if status != asked.status
        },
    )
    return counts, {row.pk for row in of_role}


def test_everything_is_counted_as_by_hand(crowd: factories.World) -> None:
    looking = [(crowd.district_admin, None), (crowd.district_admin, crowd.sister), (crowd.admin, None)]
    looking += [(crowd.admin, crowd.school), (crowd.sister_admin, None)]
    asking = product(("", *Roles.values), (*STATUSES, ANY), ("", *SOURCES), (False, True))
    with tenancy.district(crowd.district.pk):
        for role, status, source, never in asking:
            asked = Asked(role=role, status=status, source=source, never=never)
            for user, at in looking:
                counts, rows = _by_hand(user, at, asked)
                listing = Listing(user, at, asked)
                assert listing.counts == counts, (user, at, asked)
                assert set(listing.rows.values_list("pk", flat=True)) == rows, (user, at, asked)
                assert len(listing) == len(rows)


def test_a_standing_says_the_roles_and_the_status_and_nothing_else(committed_db: None) -> None:
    del committed_db
    every = [sorted(some) for number in range(len(Roles.values) + 1) for some in combinations(Roles.values, number)]
    with connections["owner"].cursor() as cursor:
        cursor.execute("""
            SELECT pg_get_expr(adbin, adrelid)
            FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
            WHERE adrelid = 'accounts_membership'::regclass AND attname = 'standing'
        """)
        (kept,) = cursor.fetchone()
        for roles, status in product(every, Status):
            cursor.execute(f"SELECT {kept} FROM (SELECT %s::text[] AS roles, %s AS status) m", [roles, status])
            bits = STANDS + sum(ROLE_BITS[role] for role in roles)
            assert cursor.fetchone() == (bits * STATUS_BITS.get(status, 0),), (roles, status)
    apart = [bit * status for bit in (*ROLE_BITS.values(), STANDS) for status in STATUS_BITS.values()]
    assert sum(apart).bit_count() == len(apart)


@pytest.mark.parametrize("asked", [Asked(), Asked(status=ANY, role="teacher"), Asked(source="Clever")])
def test_a_whole_district_is_counted_in_its_index_alone(asked: Asked, world: factories.World) -> None:
    with tenancy.district(world.district.pk), connection.cursor() as cursor:
        with CaptureQueriesContext(connection) as queries:
            assert Listing(world.district_admin, None, asked).counts.people >= 0
        # A handful of rows is read as it lies, if that is not forbidden.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {queries.captured_queries[-1]['sql']}")
        plan = " ".join(line for (line,) in cursor.fetchall())
    assert "Index Only Scan using membership_by_person" in plan
    assert "SubPlan" not in plan


def test_no_policy_asks_its_setting_row_by_row(committed_db: None) -> None:
    del committed_db
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT tablename, policyname, qual FROM pg_policies WHERE qual LIKE '%current_setting%'")
        policies = cursor.fetchall()
    assert {"own_row", "one_district"} <= {name for _, name, _ in policies}
    for table, name, asked in policies:
        assert asked.count("current_setting") == asked.count("( SELECT"), (table, name)
