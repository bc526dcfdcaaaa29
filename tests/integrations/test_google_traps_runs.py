"""The traps of Google's runs: side by side, at another customer, in little memory, and never at the real Google.

Numbered as in the third part of docs/traps.md.
"""

from __future__ import annotations

import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest

from integrations.google.sandbox import Customer, GoogleSandbox
from integrations.google.sandbox.directory import ROOT
from integrations.provider import Malformed
from integrations.sandbox.server import Request, Response, as_json
from tests.integrations.conftest import OpenGoogle
from tests.integrations.gsuite import GOOD, SCHOOL, SCOPE, everybody, unit
from tests.integrations.wire import Scripted


def test_trap_28_runs_side_by_side_never_mix(google: GoogleSandbox, open_google: OpenGoogle) -> None:
    """Each provider has a service of its own: eight at once, each with its own customer's people only."""
    customers = [google.add_customer(200, seed=seed) for seed in range(1, 9)]
    sources = [open_google(each, page_size=20) for each in customers]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(everybody, sources))
    for customer, people in zip(customers, found, strict=True):
        assert sorted(people) == sorted(customer.invented.id_at(at) for at in range(200))
    assert google.together > 1


def test_trap_29_somebody_of_another_customer_stops_everything(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    """The account was linked to one customer; rows of another one mean that it leads elsewhere now."""
    google.set_faults({"foreign_row_at": 2})
    with pytest.raises(Malformed, match="another Google customer"):
        everybody(open_google(customer))
    google.set_faults({"foreign_row_at": None})
    other = google.add_customer(10, seed=2)
    source = open_google(other)
    source.tenant = customer.id
    for asked in (lambda: everybody(source), lambda: source.look_up(other.invented.id_at(0), SCOPE)):
        with pytest.raises(Malformed, match="another Google customer"):
            asked()


class Many(Scripted):
    """A customer of so many people, who cost the test nothing."""

    def __init__(self, count: int) -> None:
        """All of them in one unit."""
        super().__init__()
        self.count = count
        self.asked: set[tuple[str, ...]] = set()

    def answer(self, request: Request) -> Response:
        """A token, the root unit, or a page."""
        if request.path == "/token":
            return as_json({"access_token": "a", "expires_in": 3599})
        self.asked.add(tuple(request.headers[name] for name in ("accept-encoding", "user-agent", "authorization")))
        if not request.path.endswith("/users"):
            return as_json({"organizationUnits": [{"orgUnitId": "id:1", "orgUnitPath": "/", "name": "/"}]})
        start = int(request.first("pageToken", "0"))
        end = min(self.count, start + 500)
        rows = [
            {**GOOD, "orgUnitPath": "/", "id": f"1{at:020}", "primaryEmail": f"u{at:06}@l.example"}
            for at in range(start, end)
        ]
        return as_json({"users": rows, **({"nextPageToken": str(end)} if end < self.count else {})})


def test_trap_30_memory_stays_flat(open_google: OpenGoogle, customer: Customer) -> None:
    """50,000 people cost at most a third more than 5,000; pages are asked for packed."""

    def peak(count: int) -> int:
        """Bytes at the worst moment of a listing."""
        with Many(count) as server:
            source = open_google(customer, [unit(customer, "/")._replace(source_id="id:1")], page_size=500)
            source.tenant, source.hosts = "C01", {"api": server.url, "token": server.url}
            source.settings = {}
            tracemalloc.start()
            read_ = sum(1 for _ in source.people([SCHOOL]))
            _, worst = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert server.asked == {("gzip, deflate", "(gzip)", "Bearer a")}
        assert read_ == count
        return worst

    small, large = peak(5_000), peak(50_000)
    assert large <= 1.3 * small


def test_trap_47_nothing_leads_to_the_real_google(
    google: GoogleSandbox, customer: Customer, open_google: OpenGoogle
) -> None:
    """The library is handed what the API looks like, and its batches, which know one host only, are refused."""
    source = open_google(customer)
    everybody(source)
    service = source._directory._service
    batch = service.new_batch_http_request()
    batch.add(service.users().get(userKey="1"))
    before = len(google.log)
    with pytest.raises(Malformed, match="its own address only"):
        batch.execute()
    with pytest.raises(Malformed, match="only read"):
        service.users().delete(userKey="1").execute()
    assert len(google.log) == before
    assert {entry.path for entry in google.log if not entry.path.startswith(ROOT)} == {"/token"}
