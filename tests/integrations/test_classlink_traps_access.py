"""The traps in whose roster is read, and with what: tenants, bearers, what is kept, refusals.

Numbered as in the second part of docs/traps.md; the engine's half of each stands with the engine.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from integrations.classlink.provider import ClassLinkProvider
from integrations.classlink.sandbox import ClassLinkSandbox, Tenant
from integrations.provider import Refused
from tests.integrations.conftest import Kept, OpenClassLink


def asked(classlink: ClassLinkSandbox) -> list[tuple[str, int]]:
    """The last word of every path that was asked for, with the status."""
    return [(entry.path.rpartition("/")[2], entry.status) for entry in classlink.log]


def test_trap_03_a_tenant_is_a_text_here_and_a_number_there(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """`2222` in the listing is the district that is linked as "2222"; another way to write it is another one."""
    assert tenant.row()["tenant_id"] == 2222
    source = open_classlink(tenant)
    (listed,) = source.tenants(source.hosts, source.secrets)
    assert (listed.external_id, listed.name) == ("2222", tenant.name)
    source.check()
    with pytest.raises(Refused):
        ClassLinkProvider("02222", classlink.hosts(), classlink.secrets()).check()


def test_trap_03_a_tenant_that_is_a_text_everywhere(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """The same district."""
    row = {**tenant.row(), "tenant_id": "2222"}
    classlink.set_faults({"applications": {"status": 1, "applications": row}})
    open_classlink(tenant).check()


def test_trap_08_what_was_kept_of_another_tenant_opens_nothing(
    classlink: ClassLinkSandbox, open_classlink: OpenClassLink, kept: Kept
) -> None:
    """A provider given another district's secrets looks up its own, and keeps those."""
    here, there = classlink.add_district(20), classlink.add_district(30, seed=2)
    open_classlink(here).check()
    open_classlink(there).check()
    told: dict[str, str] = {}
    secrets = {**classlink.secrets(), **kept[str(there.tenant_id)]}
    source = ClassLinkProvider(str(here.tenant_id), classlink.hosts(), secrets, keep=told.update)
    assert len(list(source.people([]))) == 20
    assert told == kept[str(here.tenant_id)]


def test_trap_09_districts_with_the_same_ids_are_read_side_by_side(
    classlink: ClassLinkSandbox, open_classlink: OpenClassLink, kept: Kept
) -> None:
    """Each by its own bearer, at its own path; a bearer of one opens nothing of another."""
    tenants = [classlink.add_district(60 + seed, seed=seed) for seed in range(1, 5)]

    def read(tenant: Tenant) -> tuple[int, set[str]]:
        people = list(open_classlink(tenant, page_size=10).people([]))
        return len(people), {person.email.rpartition("@")[2] for person in people if person.email}

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(read, tenants))
    assert [count for count, _ in found] == [61, 62, 63, 64]
    domains = [domain for _, theirs in found for domain in theirs]
    assert len(domains) == len(set(domains)) == 4
    assert {key: each["bearer"] for key, each in kept.items()} == {
        str(tenant.tenant_id): tenant.bearer for tenant in tenants
    }
    first, second = (kept[str(tenant.tenant_id)] for tenant in tenants[:2])
    crossed = {**classlink.secrets(), **first, "segment": second["segment"]}
    classlink.log.clear()
    mended: dict[str, str] = {}
    assert len(list(ClassLinkProvider("2222", classlink.hosts(), crossed, keep=mended.update).people([]))) == 61
    assert [entry.status for entry in classlink.log if second["segment"] in entry.path] == [401]
    assert mended == first


def test_trap_50_a_bearer_that_changed_is_found_and_kept(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink, kept: Kept
) -> None:
    """Between two nights and in the middle of one; the listing is read once for it."""
    list(open_classlink(tenant).people([]))
    for _ in range(2):
        bearer = classlink.world().rotate_bearer()
        classlink.log.clear()
        source = open_classlink(tenant)
        assert len(list(source.people([]))) == 250
        assert kept["2222"]["bearer"] == bearer
        assert asked(classlink)[:5] == [
            *(("orgs", 401), ("applications", 200), ("applications", 200), ("orgs", 200), ("orgs", 200))
        ]
    walk = open_classlink(tenant).people([])
    people = [next(walk)]
    bearer = classlink.world().rotate_bearer()
    people += walk
    assert (len(people), kept["2222"]["bearer"]) == (250, bearer)


def test_trap_50_the_same_bearer_again_means_that_we_are_shut_out(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink, kept: Kept
) -> None:
    """One look at the listing, nothing tried again, nothing forgotten: who is let in again goes on."""
    list(open_classlink(tenant).people([]))
    before = dict(kept["2222"])
    classlink.world().revoke()
    classlink.log.clear()
    with pytest.raises(Refused) as caught:
        list(open_classlink(tenant).people([]))
    assert caught.value.code == "E-GRANT-REVOKED"
    assert asked(classlink) == [("orgs", 401), ("applications", 200), ("applications", 200)]
    assert kept["2222"] == before
    classlink.world().allow()
    assert len(list(open_classlink(tenant).people([]))) == 250


def test_trap_50_a_second_change_in_one_night_is_for_the_next(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink
) -> None:
    """The listing is read once more and not again."""
    classlink.set_faults({"perm_rev": "the same"})
    list(open_classlink(tenant).people([]))
    walk = open_classlink(tenant).people([])
    next(walk)
    classlink.world().rotate_bearer()
    for _ in range(100):
        next(walk)
    classlink.world().rotate_bearer()
    classlink.log.clear()
    with pytest.raises(Refused):
        list(walk)
    assert ("applications", 200) not in asked(classlink)


def test_trap_50_an_application_added_anew_is_another_path(
    classlink: ClassLinkSandbox, tenant: Tenant, open_classlink: OpenClassLink, kept: Kept
) -> None:
    """A district that removed us and let us in again is found at its new address the same night."""
    list(open_classlink(tenant).people([]))
    left, tenant.application_id = tenant.application_id, "%2fanother%3D"
    classlink.world().rotate_bearer()
    classlink.set_faults({"path_status": {f"/{left}": 401}})
    classlink.log.clear()
    assert len(list(open_classlink(tenant).people([]))) == 250
    # The new bearer is the new application's: the old path never sees it.
    assert len([entry for entry in classlink.log if left in entry.path]) == 1
    assert kept["2222"]["segment"] == "%2fanother%3D"


@pytest.mark.parametrize(
    ("verb", "args", "said"),
    [
        ("disable_application", {}, "not switched it on"),
        ("set_tenant_status", {"status": "Suspended"}, "not active but suspended"),
        ("withhold_bearer", {}, "not given SmartPass a key for this district yet"),
        ("hide_tenant", {}, "must share its roster with SmartPass"),
    ],
)
def test_trap_50_a_record_that_is_not_usable_says_why(
    verb: str, args: dict[str, Any], said: str, classlink: ClassLinkSandbox, open_classlink: OpenClassLink
) -> None:
    """To whoever connects the district, and to a night whose bearer died with it; other districts go on."""
    here, there = classlink.add_district(20), classlink.add_district(30, seed=2)
    open_classlink(here).check()
    getattr(classlink.world(here), verb)(**args)
    classlink.world(here).revoke()
    for source in (open_classlink(here), ClassLinkProvider("2222", classlink.hosts(), classlink.secrets())):
        with pytest.raises(Refused, match=said) as caught:
            source.check()
        assert caught.value.code == "E-GRANT-REVOKED"
    assert len(list(open_classlink(there).people([]))) == 30
