"""Why somebody is as they are, through the API: as the page says it, and to nobody else."""

from __future__ import annotations

import pytest

from accounts import tenancy
from accounts.models import User
from integrations.models import Link
from tests import factories
from tests.api.program import Program, program


@pytest.fixture
def known(world: factories.World) -> User:
    """The student as the source knows them."""
    with tenancy.support():
        Link.objects.create(
            district=world.district, connection=world.connection, user=world.student, external_id="5f9-jordan"
        )
    return world.student


def test_somebody_is_explained_by_account_email_or_id(admin: Program, known: User, world: factories.World) -> None:
    (told,) = admin.get("/explain/", account=known.pk)["results"]
    assert (told["account"], told["name"]) == (known.pk, "AlderJordan Moss")
    assert (told["connection"], told["source_name"]) == (world.connection.pk, "Clever")
    assert told["code"] == "E-NOT-SHARED-HERE"
    assert told["says"] == "Clever doesn't list AlderJordan Moss at your school."
    assert told["owner"] == "your Clever admin"
    assert told["steps"][0]["title"]
    assert {"where", "field", "stored", "said", "decided", "differs"} == told["values"][0].keys()
    assert admin.get("/explain/", email=known.email.upper())["results"] == [told]
    assert admin.get("/explain/", external_id="5f9-jordan")["results"] == [told]


def test_who_is_made_by_hand_is_explained_too(admin: Program, world: factories.World) -> None:
    (told,) = admin.get("/explain/", account=world.teacher.pk)["results"]
    assert told["code"] == "E-BY-HAND"


def test_one_name_is_needed(admin: Program, known: User) -> None:
    for query in ("", f"?account={known.pk}&email={known.email}"):
        assert admin.refused("get", f"/explain/{query}") == (400, "not_valid")


def test_nobody_else_is_told(known: User, world: factories.World, other: factories.World) -> None:
    for who in (world.sister_admin, other.admin, other.district_admin):
        key = program(who)
        answers = {
            key.ask("get", f"/explain/?{query}").content
            for query in (
                f"account={known.pk}",
                f"account={2**40}",
                f"email={known.email}",
                "email=nobody@example.org",
                "external_id=5f9-jordan",
                "external_id=nobody",
            )
        }
        assert len(answers) == 1
        assert b"not_found" in answers.pop()
