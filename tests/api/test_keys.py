"""A key opens the API exactly as far as its maker reaches, and no longer than they do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
import time_machine
from django.test import Client

from accounts import people, tenancy, tokens
from accounts.models import ApiToken, AuditEvent, Membership, Roles
from tests import factories
from tests.api.program import BASE, Program, key_of, program, token_row

NOON = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)


def trail(action: str) -> list[AuditEvent]:
    with tenancy.support():
        return list(AuditEvent.objects.filter(action=action))


def test_a_key_says_whose_it_is(world: factories.World) -> None:
    made = key_of(world.admin)
    me = Program(made.shown).get("/me/")
    assert me["key"]["id"] == made.token.pk
    assert me["key"]["hint"] == made.shown[:8]
    assert me["account"] == {"id": world.admin.pk, "name": "AlderDana Moss", "email": world.admin.email}
    assert me["district"]["name"] == "Alder USD"
    assert me["district_wide"] is False
    assert me["schools"] == [{"id": world.school.pk, "name": "Alder High"}]
    whole = program(world.district_admin).get("/me/")
    assert whole["district_wide"] is True
    assert [each["name"] for each in whole["schools"]] == ["Alder High", "Alder Middle"]


def test_only_the_digest_of_a_key_is_kept(world: factories.World) -> None:
    made = key_of(world.admin)
    assert made.shown.startswith("sp_")
    assert len(made.shown) == 43
    row = token_row(made.token.pk)
    assert row.digest == sha256(made.shown.encode()).hexdigest()
    assert made.shown not in str(row.__dict__)
    (line,) = trail("api_key.make")
    assert (line.by_id, line.target) == (world.admin.pk, f"apitoken:{row.pk}")
    assert made.shown not in str(line.__dict__)


def said(header: str | None) -> tuple[int, str, bytes]:
    headers = {} if header is None else {"Authorization": header}
    answer = Client().get(f"{BASE}/me/", headers=headers)
    return answer.status_code, answer.headers["WWW-Authenticate"], answer.content


def test_whatever_opens_nothing_gets_the_same_answer(world: factories.World) -> None:
    made = key_of(world.admin)
    with tenancy.support():
        assert tokens.revoke(world.admin, made.token)
        assert not tokens.revoke(world.admin, made.token)
    nothing = said(None)
    assert nothing[:2] == (401, 'Bearer realm="SmartPass"')
    revoked = f"Bearer {made.shown}"
    wrong = f"Bearer sp_{'x' * 40}"
    strange = ("Bearer", "Bearer x", f"Basic {made.shown}", made.shown, f"Bearer {made.shown} x", "Bearer \xff", "")
    assert {said(header) for header in (revoked, wrong, *strange)} == {nothing}
    assert len(trail("api_key.revoke")) == 1


@pytest.mark.parametrize("how", ["suspended", "disabled", "no longer Admin", "deleted"])
def test_a_key_is_worth_nothing_while_its_maker_is_no_admin(how: str, world: factories.World) -> None:
    key = Program(key_of(world.admin).shown)
    assert key.get("/me/")
    with tenancy.support():
        membership = factories.membership(world.admin, world.school)
        if how == "suspended":
            people.suspend(None, membership)
        elif how == "disabled":
            people.disable(None, membership)
        elif how == "deleted":
            people.delete_person(None, world.admin)
        else:
            Membership.objects.filter(pk=membership.pk).update(roles=[Roles.TEACHER])
    assert key.refused("get", "/me/") == (401, "no_key")


def test_a_key_reaches_what_its_maker_reaches_now(world: factories.World) -> None:
    key = Program(key_of(world.admin).shown)
    assert len(key.get("/me/")["schools"]) == 1
    with tenancy.support():
        Membership.objects.create(
            district=world.district, user=world.admin, school=world.sister, roles=[Roles.ADMIN, Roles.TEACHER]
        )
    assert [each["id"] for each in key.get("/me/")["schools"]] == [world.school.pk, world.sister.pk]


def test_when_a_key_was_used_is_kept_to_the_minute(world: factories.World) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        made = key_of(world.admin)
        key = Program(made.shown)
        assert token_row(made.token.pk).last_used_at is None
        key.get("/me/")
        assert token_row(made.token.pk).last_used_at == NOON
        clock.shift(timedelta(seconds=50))
        key.get("/me/")
        assert token_row(made.token.pk).last_used_at == NOON
        clock.shift(timedelta(seconds=20))
        key.get("/me/")
        assert token_row(made.token.pk).last_used_at == NOON + timedelta(seconds=70)


def test_a_session_opens_nothing_and_a_key_leaves_none(world: factories.World) -> None:
    browser = Client()
    with tenancy.support():
        browser.force_login(world.admin)
    assert browser.get(f"{BASE}/me/").status_code == 401
    assert browser.post(f"{BASE}/accounts/", {}).status_code == 401
    fresh = Client(enforce_csrf_checks=True)
    key = {"Authorization": f"Bearer {key_of(world.admin).shown}"}
    assert fresh.get(f"{BASE}/me/", headers=key).status_code == 200
    assert fresh.post(f"{BASE}/accounts/", "{}", content_type="application/json", headers=key).status_code == 400
    assert not fresh.cookies
    # Somebody else's cookie beside a key changes nothing: the key's maker asks.
    with tenancy.support():
        browser.force_login(world.sister_admin)
    assert browser.get(f"{BASE}/me/", headers=key).json()["account"]["id"] == world.admin.pk


def test_a_key_of_one_district_sees_nothing_of_another(world: factories.World, other: factories.World) -> None:
    key = program(other.district_admin)
    assert b"Alder" not in key.ask("get", "/accounts/").content
    assert key.refused("get", f"/accounts/{world.student.pk}/") == (404, "not_found")


def test_nobody_has_two_keys_of_one_name_nor_too_many(world: factories.World) -> None:
    key_of(world.admin, "Export")
    with pytest.raises(people.NotPossible, match="with this name"):
        key_of(world.admin, " Export ")
    key_of(world.sister_admin, "Export")
    with tenancy.support():
        ApiToken.objects.bulk_create(
            ApiToken(
                district=world.district, user=world.admin, name=f"Key {each}", digest=f"{each:064}", hint="sp_xxxxx"
            )
            for each in range(tokens.MOST - 1)
        )
    with pytest.raises(people.NotPossible, match="Revoke one"):
        key_of(world.admin, "One more")
