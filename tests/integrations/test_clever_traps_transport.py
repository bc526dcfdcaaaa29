"""The traps on the way from Clever to us: broken, empty, repeated and throttled answers, dead tokens.

Numbered as in docs/traps.md; the engine's half of each stands with the engine.
"""

from __future__ import annotations

import logging
from typing import Any

import pytest

from integrations.clever.provider import CleverProvider
from integrations.clever.sandbox import CleverSandbox, District
from integrations.http import Limits
from integrations.provider import Malformed, Refused, SourceError, Unreachable
from tests.integrations.conftest import IMPATIENT, OpenClever
from tests.integrations.reading import read_all


@pytest.mark.parametrize("fault", [{"page_status_at": 3}, {"page_status_at": 3, "page_status": 500}])
def test_trap_18_a_failed_page_is_no_end(
    fault: dict[str, Any], sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """It raises, and the next run heals."""
    sandbox.set_faults(fault)
    source = open_clever(district)
    with pytest.raises(Unreachable):
        read_all(source)
    with pytest.raises(RuntimeError):
        _ = source.receipt
    sandbox.set_faults(dict.fromkeys(fault))
    assert len(read_all(source)) == 250
    assert source.receipt.closed


@pytest.mark.parametrize("fault", ["lose_rows_at", "end_at"])
def test_trap_18_a_page_that_lost_rows_is_not_proven(
    fault: str, sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """Nothing looks wrong, but the count tells."""
    sandbox.set_faults({fault: 2})
    source = open_clever(district)
    assert len(read_all(source)) < 250
    assert not source.receipt.proven(set(source.receipt.places))


def test_trap_18_a_school_unshared_during_the_walk_is_not_proven(
    sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """It was there before and is not there after."""
    source = open_clever(district)
    linked = {place.external_id for place in source.places()}
    walk = source.people([])
    next(walk)
    sandbox.world().unshare_school(min(linked))
    list(walk)
    assert set(source.receipt.places) == linked - {min(linked)}
    assert not source.receipt.proven(linked)


def test_trap_19_an_empty_roster_is_told_honestly(
    sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """Status 200, nobody, no schools: nothing is yielded and no linked school is proven."""
    source = open_clever(district)
    linked = {place.external_id for place in source.places()}
    sandbox.set_faults({"no_data": True})
    assert read_all(source) == {}
    assert (source.receipt.rows, source.receipt.places) == (0, [])
    assert not source.receipt.proven(linked)
    source.check()


def test_trap_20_a_revoked_token_is_read_once_more_and_refused(
    sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """One look at the token list, no retry, and other districts are unaffected."""
    other = sandbox.add_district(people=30, schools=1, seed=2)
    source = open_clever(district)
    source.check()
    sandbox.world(district).revoke()
    sandbox.log.clear()
    with pytest.raises(Refused) as caught:
        read_all(source)
    assert caught.value.code == "E-GRANT-REVOKED"
    assert [entry.path for entry in sandbox.log] == [f"/v3.1/districts/{district.id}", "/oauth/tokens"]
    assert len(read_all(open_clever(other))) == 30


def test_trap_20_a_rotated_token_is_found(sandbox: CleverSandbox, district: District, open_clever: OpenClever) -> None:
    """In the middle of a walk, which goes on at the same page."""
    source = open_clever(district)
    walk = source.people([])
    people = [next(walk)]
    sandbox.world().rotate_token()
    people += walk
    assert len(people) == 250
    paths = sandbox.paths()
    assert sum(path.startswith("/oauth/tokens") for path in paths) == 2
    again = paths.index(next(path for path in paths if "starting_after" in path))
    assert paths[again] == paths[again + 2]


def test_trap_20_the_token_list_is_read_once_more_and_not_again(
    sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """A second rotation in one run is for the next run."""
    source = open_clever(district)
    walk = source.people([])
    next(walk)
    sandbox.world().rotate_token()
    for _ in range(100):
        next(walk)
    sandbox.world().rotate_token()
    with pytest.raises(Refused):
        list(walk)
    assert sum(path.startswith("/oauth/tokens") for path in sandbox.paths()) == 2


def test_trap_36_more_than_one_page(sandbox: CleverSandbox, district: District, open_clever: OpenClever) -> None:
    """270 rows at a hundred a page, and at two thousand."""
    assert len(read_all(open_clever(district, page_size=100))) == 250
    assert sum(entry.path == "/v3.1/users" for entry in sandbox.log) == 3
    assert len(read_all(open_clever(district, page_size=CleverProvider.page_size))) == 250


@pytest.mark.parametrize("empty_end", [False, True])
def test_trap_37_next_is_followed_exactly(
    *, empty_end: bool, sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """The version once, the limit kept, the same host; an empty last page is an end."""
    sandbox.set_faults({"empty_last_page": True} if empty_end else {})
    district_page = f"/v3.1/districts/{district.id}"
    ids = [district.roster.id_at(99), district.roster.id_at(199), district.roster.id_at(269)]
    pages = ["/v3.1/users?limit=100&count=true", *(f"/v3.1/users?limit=100&count=true&starting_after={i}" for i in ids)]
    schools = ["/v3.1/schools?limit=10000"]
    if empty_end:
        schools.append(f"/v3.1/schools?limit=10000&starting_after={district.schools()[-1]['id']}")
    assert len(read_all(open_clever(district))) == 250
    token = f"/oauth/tokens?owner_type=district&district={district.id}"
    assert sandbox.paths() == [token, district_page, *schools, *(pages if empty_end else pages[:3]), *schools]


@pytest.mark.parametrize("fault", ["foreign_next_at", "doubled_next_at", "bare_next_at"])
def test_trap_37_a_next_that_leads_elsewhere_is_malformed(
    fault: str, sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """It is not asked for."""
    sandbox.set_faults({fault: 2})
    with pytest.raises(Malformed):
        read_all(open_clever(district))
    assert sum(entry.path.endswith("/users") for entry in sandbox.log) == 2


def test_trap_38_a_next_that_repeats_ends_with_an_error(
    sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """After that page, not never."""
    sandbox.set_faults({"repeat_next_at": 2})
    with pytest.raises(Malformed, match="already read"):
        read_all(open_clever(district))
    assert sum(entry.path == "/v3.1/users" for entry in sandbox.log) == 2


def test_trap_39_a_rate_limit_is_waited_for(
    sandbox: CleverSandbox, district: District, open_clever: OpenClever, naps: list[float]
) -> None:
    """An empty 429 with two buckets: a bounded pause, then the same page again."""
    sandbox.set_faults({"rate_limit": 3, "rate_bucket": 1200})
    sandbox.clock = lambda: 1_800_000_000.0 + sum(naps)
    assert len(read_all(open_clever(district))) == 250
    assert len(naps) == 1
    assert naps[0] == 60
    limited = [index for index, entry in enumerate(sandbox.log) if entry.status == 429]
    paths = sandbox.paths()
    assert [paths[index] for index in limited] == [paths[index + 1] for index in limited]


def test_trap_39_a_reset_far_ahead_is_not_slept_through(
    sandbox: CleverSandbox, district: District, open_clever: OpenClever, naps: list[float]
) -> None:
    """Ninety seconds at a time, and then later."""
    sandbox.set_faults({"rate_limit": 0, "rate_reset_in": 5_000_000})
    with pytest.raises(Unreachable) as caught:
        read_all(open_clever(district))
    assert caught.value.code == "E-RATE"
    assert naps == [90.0] * IMPATIENT.pauses


@pytest.mark.parametrize(("status", "asked"), [(400, 1), (401, 1), (403, 1), (404, 1), (413, 1), (500, 3), (503, 3)])
def test_trap_40_what_is_asked_again(
    status: int, asked: int, sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """Failures are, refusals are not; a 401 reads the token list once."""
    sandbox.set_faults({"page_status_at": 2, "page_status": status})
    with pytest.raises(SourceError) as caught:
        read_all(open_clever(district))
    expected = {401: Refused, 403: Refused, 500: Unreachable, 503: Unreachable}
    assert type(caught.value) is expected.get(status, Malformed)
    pages = [entry for entry in sandbox.log if entry.path == "/v3.1/users"]
    assert len(pages) == 1 + asked
    lists = [entry for entry in sandbox.log if entry.path == "/oauth/tokens"]
    assert len(lists) == (2 if status == 401 else 1)


def test_trap_40_a_failure_that_passes_heals(
    sandbox: CleverSandbox, district: District, open_clever: OpenClever
) -> None:
    """Two bad answers and a reset connection on the way to the whole roster."""
    sandbox.set_faults({"page_status_at": 2, "page_status_times": 2, "page_reset_at": 3, "page_reset_times": 1})
    assert len(read_all(open_clever(district))) == 250


def test_trap_41_nothing_secret_in_logs_or_errors(
    sandbox: CleverSandbox, district: District, open_clever: OpenClever, caplog: pytest.LogCaptureFixture
) -> None:
    """A good run, a bad page, a dead token: no token, no client secret, no name."""
    caplog.set_level(logging.DEBUG)
    source = open_clever(district)
    people = read_all(source)
    told = [repr(source)]
    for fault in ({"page_status_at": 1}, {"not_json_at": 1}, {"page_401_from": 1}):
        sandbox.faults = dict(fault)
        with pytest.raises(SourceError) as caught:
            read_all(source)
        told += [str(caught.value), repr(caught.value)]
    written = caplog.text + "".join(told)
    secrets = [district.token, *sandbox.secrets().values(), "Bearer", "Basic"]
    names = {person.last_name for person in people.values() if len(person.last_name) > 4}
    assert "/v3.1/users" in caplog.text
    assert [word for word in {*secrets, *names} if word in written] == []


def test_a_slow_page_is_given_up(sandbox: CleverSandbox, district: District, open_clever: OpenClever) -> None:
    """The read time-out, then tries, then later."""
    sandbox.set_faults({"page_slow_at": 2, "slow_seconds": 1})
    with pytest.raises(Unreachable):
        read_all(open_clever(district, limits=Limits(read=0.2, attempts=2)))
