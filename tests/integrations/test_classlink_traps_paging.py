"""The traps in where a listing ends and whether it is whole: totals, limits, order, links, repeats.

Numbered as in the second part of docs/traps.md; the engine's half of each stands with the engine.
"""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from integrations.classlink.sandbox import ClassLinkSandbox, Tenant
from integrations.http import Client
from integrations.oneroster.client import Server, Walk
from integrations.oneroster.doors import Bearer
from integrations.provider import Changed, Malformed, SourceError
from integrations.records import Person
from integrations.sandbox.server import Response, as_json
from tests.integrations.conftest import OpenClassLink
from tests.integrations.recorded_roster import RecordedProvider
from tests.integrations.test_oneroster_client import Told, rows, users


def asked(classlink: ClassLinkSandbox, name: str = "users") -> list[str]:
    """The queries of a collection, without how it is sorted."""
    return [entry.query.partition("&sort")[0] for entry in classlink.log if entry.path.endswith(f"/{name}")]


def read_all(open_classlink: OpenClassLink, tenant: Tenant, **how: Any) -> tuple[list[Person], bool, int | None]:
    """Everybody, whether that is proven to be everybody, and what was announced."""
    source = open_classlink(tenant, **how)
    people = list(source.people([]))
    return people, source.receipt.proven(set(source.receipt.places)), source.receipt.announced


def test_trap_14_a_listing_of_districts_without_a_total_is_read_to_its_end(
    classlink: ClassLinkSandbox, open_classlink: OpenClassLink
) -> None:
    """630 of them, whatever a page holds; the header that is announced never comes."""
    tenants = classlink.add_districts(630, people=1)
    source = open_classlink(tenants[-1])
    listed = source.tenants(source.hosts, source.secrets)
    assert sorted(each.external_id for each in listed) == sorted(str(tenant.tenant_id) for tenant in tenants)
    assert [path for path in classlink.paths() if path.startswith("/applications")] == [
        f"/applications?limit=500&offset={offset}" for offset in (0, 500, 630)
    ]
    classlink.set_faults({"applications_clamp": 100})
    assert source.tenants(source.hosts, source.secrets) == listed
    source.check()


def test_trap_15_a_short_page_is_no_end(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """A thousand asked for, forty given, 270 in all; without a total as well."""
    for total in (True, False):
        classlink.set_faults({"clamp": 40, "total": total})
        people, proven, announced = read_all(open_classlink, tenant, page_size=1000)
        assert (len(people), proven, announced) == (250, True, 270 if total else None)
    assert asked(classlink)[:8] == [f"limit=1000&offset={offset}" for offset in (*range(0, 241, 40), 270)]


@pytest.mark.parametrize(
    ("fault", "announced", "proven"),
    [
        ({"total": False}, None, True),
        ({"total_off": -100}, 170, False),
        ({"total_off": 100}, 370, False),
        ({"total": "-7"}, -7, False),
        ({"total": "many"}, None, True),
        ({"total_changes": True}, 271, False),
    ],
)
def test_trap_16_a_total_decides_no_end_and_is_compared(
    fault: dict[str, Any],
    announced: int | None,
    proven: bool,  # noqa: FBT001
    classlink: ClassLinkSandbox,
    tenant: Tenant,
    open_classlink: OpenClassLink,
) -> None:
    """Everybody is read whatever it says; where it differs, absence means nothing."""
    classlink.set_faults(fault)
    people, *told = read_all(open_classlink, tenant)
    assert (len(people), told) == (250, [proven, announced])


def test_trap_16_rows_that_are_lost_are_found_or_missed(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """One that a page lost is asked for with the next; a page that is empty before its time is told by the total."""
    classlink.set_faults({"lose_rows_at": 2})
    people, proven, announced = read_all(open_classlink, tenant)
    assert (len(people), proven, announced) == (250, True, 270)
    classlink.set_faults({"lose_rows_at": None, "empty_page_at": 3})
    people, proven, announced = read_all(open_classlink, tenant)
    assert (len(people), proven, announced) == (200, False, 270)


@pytest.mark.parametrize("link", ["skips", "foreign"])
def test_trap_17_links_are_not_followed(
    link: str, classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """Neither one that skips a row nor one to another host; the addresses in rows lead nowhere either."""
    classlink.set_faults({"link": link})
    people, proven, _ = read_all(open_classlink, tenant)
    assert (len(people), proven) == (250, True)
    assert asked(classlink) == [f"limit=100&offset={offset}" for offset in (0, 100, 200, 270)]


def test_trap_18_the_order_is_asked_for(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """With every request: without it this server's order is another one each time."""
    people, proven, _ = read_all(open_classlink, tenant)
    assert (len({person.external_id for person in people}), proven) == (250, True)
    queries = [entry.query for entry in classlink.log if "/ims/" in entry.path]
    assert [query for query in queries if not query.endswith("&sort=sourcedId&orderBy=asc")] == []


@pytest.mark.parametrize(("total", "proven"), [("300", False), ("", False)])
def test_trap_18_an_order_that_is_not_kept_is_seen(
    total: str,
    proven: bool,  # noqa: FBT001
    naps: list[float],
) -> None:
    """A server that shuffles all the same: rows come twice, others not at all, and it is known."""

    def shuffled(offset: int, limit: int) -> Any:
        turn = offset // limit * 37
        order = [(turn + place * (1 + offset // limit * 2)) % 300 for place in range(offset, min(300, offset + limit))]
        answer = users([{"sourcedId": f"{number}"} for number in order])
        answer.headers = {"x-total-count": total} if total else {}
        return answer

    walk = walked(shuffled, naps)
    assert (walk.repeated > 0, walk.rows < 300) == (True, True)
    assert (walk.announced == walk.rows) is proven


def walked(page: Any, naps: list[float]) -> Walk:
    """A walk to its end over a server that answers as a function says."""
    with Told(page) as server:
        walk = Server(Client(server.url, "OneRoster", sleep=naps.append), "", Bearer("b"), "shut").walk("user", 100)
        for _ in walk:
            pass
        return walk


def test_trap_19_the_next_page_begins_where_rows_ended(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """By what was received, not by what was asked for."""
    classlink.set_faults({"clamp": 99})
    people, proven, _ = read_all(open_classlink, tenant)
    assert (len(people), proven) == (250, True)
    assert asked(classlink) == [f"limit=100&offset={offset}" for offset in (0, 99, 198, 270)]


@pytest.mark.parametrize(("total", "closed"), [(True, True), (False, False)])
def test_trap_20_rows_that_come_twice_count_once(
    total: bool,  # noqa: FBT001
    closed: bool,  # noqa: FBT001
    classlink: ClassLinkSandbox,
    tenant: Tenant,
    open_classlink: OpenClassLink,
) -> None:
    """The receipt says so; that nobody is missing is only proven where a total says it."""
    classlink.set_faults({"repeat_row_at": 1, "total": total, "steady": True})
    source = open_classlink(tenant)
    people = list(source.people([]))
    ids = [person.external_id for person in people]
    assert len(ids) == len(set(ids))
    assert source.receipt.notes == {"repeated": "1"}
    assert source.receipt.closed is closed
    assert not source.receipt.proven(set())


def test_trap_20_a_whole_page_that_comes_again_stops(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """It is no listing."""
    classlink.set_faults({"repeat_page_at": 2})
    with pytest.raises(Malformed, match="nothing but rows that were already read"):
        read_all(open_classlink, tenant)


def test_trap_20_somebody_who_is_put_before_the_rest_moves_them(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """The last of the page before comes again. Where the revision does not tell, the total does."""
    classlink.set_faults({"insert_at": 2, "insert_times": 1, "perm_rev": "always the same"})
    source = open_classlink(tenant)
    assert len(list(source.people([]))) == 250
    assert (source.receipt.notes, source.receipt.announced) == ({"repeated": "1"}, 271)
    assert not source.receipt.proven(set())


@pytest.mark.parametrize("page", [1, 2, 3])
def test_trap_21_a_revision_that_changes_ends_the_reading(
    page: int, classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """From the orgs before to the orgs after; whoever reads again reads one state."""
    classlink.set_faults({"perm_rev_at": page, "perm_rev_times": 1})
    source = open_classlink(tenant)
    with pytest.raises(Changed):
        list(source.people([]))
    with pytest.raises(RuntimeError):
        _ = source.receipt
    assert len(list(source.people([]))) == 250


def test_trap_21_a_change_after_the_last_person_counts_too(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """The orgs are read again at the end, and belong to the same reading."""
    walk = open_classlink(tenant).people([])
    people = [next(walk) for _ in range(250)]
    classlink.world().touch()
    with pytest.raises(Changed):
        next(walk)
    assert len(people) == 250


@pytest.mark.parametrize("several", [False, True])
def test_trap_22_memory_stays_flat(*, several: bool) -> None:
    """12,000 people cost little more than 4,000: nobody is held, not even those who may be one with others."""

    def peak(count: int) -> float:
        """Megabytes at the worst moment of a listing."""

        def page(offset: int, limit: int) -> Response:
            found = rows(offset, min(count, offset + limit))
            told = [{**row, "userMasterIdentifier": f"M{row['sourcedId']}"} for row in found] if several else found
            return as_json({"users": told, "orgs": []})

        with Told(page) as server:
            source = RecordedProvider("t", {"api": server.url}, {})
            tracemalloc.start()
            read = sum(1 for _ in source.people([]))
            _, worst = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        assert read == count
        return worst / 2**20

    small, large = peak(4_000), peak(12_000)
    assert large - small < 1.5


@pytest.mark.parametrize("fault", [{"page_status_at": 3}, {"page_reset_at": 3}, {"not_json_at": 3}])
def test_trap_23_a_page_that_fails_ends_no_listing(
    fault: dict[str, Any], classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """It raises, there is no receipt, and the next run heals."""
    classlink.set_faults(fault)
    source = open_classlink(tenant)
    with pytest.raises(SourceError):
        list(source.people([]))
    with pytest.raises(RuntimeError):
        _ = source.receipt
    classlink.set_faults(dict.fromkeys(fault))
    assert len(list(source.people([]))) == 250


def test_trap_24_students_and_teachers_may_be_empty(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """They are not asked for: everybody is among the users."""
    classlink.set_faults({"empty": ["students", "teachers", "schools"]})
    people, proven, _ = read_all(open_classlink, tenant)
    assert (len(people), proven) == (250, True)
    assert {entry.path.rpartition("/")[2] for entry in classlink.log if "/ims/" in entry.path} == {"orgs", "users"}
