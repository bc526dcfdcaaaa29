"""What a listing and an answer about one person prove, where the orgs or the address itself cannot be believed."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.provider import Malformed
from integrations.records import Found
from integrations.sandbox.server import Request, Response, as_json
from tests.integrations.recorded_roster import Recorded, RecordedProvider


class Doubtful(Recorded):
    """Says that there are `total` orgs.

    After `lost` more questions about one person it knows nobody; `instead` answers all of them.
    """

    def __init__(self) -> None:
        super().__init__("1p2")
        self.total: int | None = len(self.rows["orgs"])
        self.lost: int | None = None
        self.instead: dict[str, Any] | None = None

    def answer(self, request: Request) -> Response:
        """As recorded, but for that."""
        if request.path.startswith("/users/") and self.lost is not None:
            self.lost -= 1
            if self.lost < 0:
                return as_json({"error": "Not found"}, 404)
        if request.path.startswith("/users/") and self.instead:
            return as_json({"user": self.instead})
        response = super().answer(request)
        if request.path == "/orgs" and self.total is not None:
            response.headers = {**response.headers, "X-Total-Count": str(self.total)}
        return response


def read(server: Doubtful) -> tuple[int, bool, dict[str, Any]]:
    """How many people come, whether absence means anything, and what is noted."""
    source = RecordedProvider("t", {"api": server.url}, {})
    people = len(list(source.people([])))
    return people, source.receipt.proven(set()), dict(source.receipt.notes)


def test_orgs_that_are_not_all_there_prove_nothing() -> None:
    """Without the district's own org its administrators would seem to be somebody at a school elsewhere."""
    with Doubtful() as server:
        people, *told = read(server)
        assert told == [True, {}]
        district = server.rows["orgs"].pop(0)
        left = len(server.rows["orgs"])
        doubt = f"The source announced {left + 1} schools and other orgs and sent {left}."
        assert read(server) == (people, False, {"open": doubt})
        server.total = None
        server.rows["orgs"] += [district, district]
        assert read(server) == (people, False, {"open": "The source sent some orgs twice, so others may be missing."})
        server.total = left + 1
        assert read(server) == (people, True, {})


def test_an_address_that_leads_nowhere_from_one_moment_on_says_nothing_of_anybody() -> None:
    """Whoever is there is asked about after each answer that somebody is not."""
    with Doubtful() as server:
        source = RecordedProvider("t", {"api": server.url}, {})
        assert source.look_up("nobody", []) == Found("gone")
        somebody = str(server.rows["users"][-1]["sourcedId"])
        server.lost = 0
        with pytest.raises(Malformed, match="does not answer about single people"):
            source.look_up(somebody, [])


def test_a_guardian_under_another_id_is_no_answer() -> None:
    """A server that does not tell capitals apart gives somebody else's record, whoever that is."""
    with Doubtful() as server:
        source = RecordedProvider("t", {"api": server.url}, {})
        guardian = {"sourcedId": "G-1", "roles": [{"role": "guardian"}]}
        server.rows["users"] += [guardian]
        assert source.look_up("G-1", []) == Found("out_of_scope")
        server.instead = guardian
        with pytest.raises(Malformed, match="with another person"):
            source.look_up("g-1", [])


def test_a_school_that_is_withdrawn_meanwhile_is_not_shared() -> None:
    """It was there before the people and is not after them: who is missing from it left nobody."""
    with Doubtful() as server:
        server.total = None
        source = RecordedProvider("t", {"api": server.url}, {})
        schools = {str(row["sourcedId"]) for row in server.rows["orgs"] if row["type"] == "school"}
        walk = source.people([])
        next(walk)
        server.rows["orgs"] = [row for row in server.rows["orgs"] if row["sourcedId"] != min(schools)]
        list(walk)
        assert set(source.receipt.places) == schools - {min(schools)}
        assert (source.receipt.proven(schools), source.receipt.proven(set())) == (False, True)
