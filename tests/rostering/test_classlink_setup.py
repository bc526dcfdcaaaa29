"""A school sets up ClassLink: seven steps, and its identifiers letter by letter."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now

from accounts.models import AuditEvent
from rostering.models import SupportRequest
from tests import factories
from tests.desk import rows, supported, world
from tests.rostering.identifiers import fresh
from tests.rostering.pages import HELP, INTEGRATIONS, browser, card, plain, press, read

__all__ = ["fresh", "supported", "world"]

CLASSLINK = f"{INTEGRATIONS}classlink/"
READY = f"{CLASSLINK}ready/"
ONE = {
    "tenant_name": "Alder USD", "tenant_id": "2041", "rows": "1",
    "sourced_id_0": "0042", "name_0": "Alder High", "identifier_0": "4402",
}  # fmt: skip
NONE = {"sourced_id_0": "", "name_0": "Alder High", "identifier_0": ""}
TABLE = 'Sourced ID\tName\tIdentifier\n0042\tAlder High\t4402\r\na b\t"Alder, Middle"\t\n\n'


def asked(**having: Any) -> SupportRequest:
    (found,) = rows(SupportRequest, kind="ready", **having)
    assert isinstance(found, SupportRequest)
    return found


def fields(html: str) -> dict[str, str]:
    """The names and values of a form's text fields."""
    found = re.findall(r'<input type="(?:text|hidden)" name="(\w+)"(?: value="([^"]*)")?', html)
    return {name: value for name, value in found if name not in {"csrfmiddlewaretoken", "token"}}


def refused(world: factories.World, **given: str) -> str:
    page = press(world.admin, READY, **{**ONE, **given})
    assert rows(SupportRequest, kind="ready") == []
    return page


def test_seven_steps_and_a_form(fresh: factories.World) -> None:
    html = browser(fresh.admin).get(CLASSLINK).content.decode()
    page = plain(html)
    assert len(re.findall(r"<li>", html.split('id="setup"', 1)[1].split("</ol>", 1)[0])) == 7
    for words in ("SmartPass Roster Server Connection", "Send us these identifiers", "Can take up to 48 hours."):
        assert words in page
    assert fields(html) == {**dict.fromkeys(ONE, ""), **NONE, "rows": "1"}


def test_what_is_sent_waits_for_two_days_at_most(fresh: factories.World) -> None:
    page = press(fresh.admin, READY, **ONE)
    request = asked()
    assert request.details == {
        "tenant_name": "Alder USD",
        "tenant_id": "2041",
        "orgs": [{"sourced_id": "0042", "name": "Alder High", "identifier": "4402"}],
    }
    assert timedelta(hours=47) < request.due_at - now() <= timedelta(hours=48)
    assert "Set up ClassLink Waiting for SmartPass" in page
    assert "What you sent: Alder USD, Tenant ID 2041 Name Sourced ID Identifier Alder High 0042 4402" in page
    assert "is not a number" not in page
    assert "Send us these identifiers" not in page
    assert "ClassLink Waiting for SmartPass" in card(fresh.admin, "classlink")
    assert "Clever Not set up" in card(fresh.admin, "clever")
    assert "Alder High 0042 4402" in read(fresh.admin, HELP)
    assert "This waits already" in press(fresh.admin, READY, **ONE)
    assert len(rows(SupportRequest, kind="ready")) == 1
    assert rows(AuditEvent, action="request.ask")[-1].after["about"] == "source:classlink"


def test_a_sourced_id_is_kept_letter_by_letter(fresh: factories.World) -> None:
    press(fresh.admin, READY, **{**ONE, "sourced_id_0": " 0042 |é/ "})
    assert asked().details["orgs"][0]["sourced_id"] == " 0042 |é/ "
    assert "(contains a space)" in read(fresh.admin, CLASSLINK)


def test_a_tenant_id_that_is_no_number_is_doubted_and_sent(fresh: factories.World) -> None:
    page = press(fresh.admin, READY, **{**ONE, "tenant_id": "alder"})
    assert "The Tenant ID alder is not a number." in page
    assert asked().details["tenant_id"] == "alder"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"tenant_name": " "}, "Tenant Name : Fill in the Tenant Name."),
        ({"tenant_id": ""}, "Tenant ID : Fill in the Tenant ID."),
        ({"sourced_id_0": ""}, "School 1, Sourced ID : Fill in the Sourced ID of school 1."),
        ({"sourced_id_0": "  "}, "School 1, Sourced ID : A Sourced ID is more than spaces."),
        ({"name_0": ""}, "School 1, Name : Fill in the Name of school 1."),
        ({"identifier_0": ""}, "School 1, Identifier : Fill this in, or tick that you don't know it."),
        (
            {"rows": "2", "sourced_id_1": "0042", "name_1": "Other", "unknown_1": "on"},
            "School 2, Sourced ID : School 1 has the same Sourced ID.",
        ),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(
    given: dict[str, str], says: str, fresh: factories.World
) -> None:
    page = refused(fresh, **given)
    assert says in page
    assert page.count("Something needs a second look. Nothing was sent.") == 1


def test_ids_that_differ_in_case_or_space_are_two(fresh: factories.World) -> None:
    more = {"rows": "3", "sourced_id_1": "0042 ", "name_1": "B", "sourced_id_2": "42", "name_2": "C"}
    press(fresh.admin, READY, **{**ONE, **more, "unknown_1": "on", "unknown_2": "on"})
    assert [org["sourced_id"] for org in asked().details["orgs"]] == ["0042", "0042 ", "42"]


def test_a_school_more_and_a_school_less(fresh: factories.World) -> None:
    client = browser(fresh.admin)
    more = client.post(READY, {**ONE, "more": "1"}).content.decode()
    assert 'role="alert"' not in more
    assert fields(more) == {**ONE, "rows": "2", "sourced_id_1": "", "name_1": "", "identifier_1": ""}
    less = client.post(READY, {**fields(more), "sourced_id_1": "x y", "remove": "0"}).content.decode()
    assert fields(less) == {**ONE, "sourced_id_0": "x y", "name_0": "", "identifier_0": ""}
    assert "data-doubted hidden" in less.split("Sourced ID")[0]
    assert "data-doubted>Contains a space" in less
    none = client.post(READY, {**ONE, "remove": "0"}).content.decode()
    assert fields(none) == {**ONE, **NONE, "name_0": ""}
    assert rows(SupportRequest, kind="ready") == []


@pytest.mark.parametrize("button", [{"paste": "1"}, {}])
def test_a_table_becomes_schools_to_look_at(button: dict[str, str], fresh: factories.World) -> None:
    html = browser(fresh.admin).post(READY, {**ONE, **NONE, "table": TABLE, "token": "x", **button}).content.decode()
    assert "2 schools came from the table. Look at them, then send." in html
    assert fields(html) == {
        **ONE, "rows": "2", "sourced_id_1": "a b", "name_1": "Alder, Middle", "identifier_1": "",
    }  # fmt: skip
    assert rows(SupportRequest, kind="ready") == []
    press(fresh.admin, READY, **fields(html), unknown_1="on")
    assert [org["sourced_id"] for org in asked().details["orgs"]] == ["0042", "a b"]


def test_commas_do_and_what_is_there_is_not_there_twice(fresh: factories.World) -> None:
    table = '0042,Alder High,4402\n0043,"Alder, Middle",\n'
    html = browser(fresh.admin).post(READY, {**ONE, "table": table}).content.decode()
    assert [fields(html)[name] for name in ("rows", "sourced_id_1", "name_1")] == ["2", "0043", "Alder, Middle"]


def test_a_table_of_another_shape_is_shown_again(fresh: factories.World) -> None:
    page = refused(fresh, **NONE, table="0042,Alder High,4402\n0043,Alder Middle,1,2\n")
    assert "Paste from a table : Line 2 has 4 columns. We need 3: Sourced ID, Name, Identifier." in page
    assert "0043,Alder Middle,1,2" in page
    assert "Fill in the Sourced ID" not in page
    many = "".join(f"{number}\tSchool\t1\n" for number in range(301))
    assert "300 schools fit into one request." in refused(fresh, **NONE, table=many)


def test_three_hundred_schools_can_be_sent(fresh: factories.World) -> None:
    table = "".join(f"{number:04}\tSchool {number}\t\n" for number in range(300))
    html = browser(fresh.admin).post(READY, {**ONE, **NONE, "table": table}).content.decode()
    ticks = {f"unknown_{number}": "on" for number in range(300)}
    press(fresh.admin, READY, **fields(html), **ticks)
    assert len(asked().details["orgs"]) == 300
