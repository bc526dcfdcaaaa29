"""Where accounts come from, what is asked of SmartPass, and help."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils.timezone import now

from accounts.models import Membership
from integrations.models import Connection, SchoolLink
from rostering.models import Change, Hold, Issue, Run, RunState
from tests import factories
from tests.journeys.states import State, press, submit

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.factories import World

CARDS, HELP = "/accounts/integrations/", "/help/"
CLEVER, CLASSLINK, ONEROSTER = (f"{CARDS}{kind}/" for kind in ("clever", "classlink", "sis"))
TIE = "/accounts/connections/{world.connection.pk}/"


def quiet(world: World) -> None:
    """Nothing waits, nobody needs an eye, and people came from Clever."""
    Hold.objects.all().update(state=Hold.State.REJECTED)
    Issue.objects.all().update(closed_at=now(), closed_by=world.run)
    came = [world.admin, world.teacher, world.student, world.sister_student]
    Membership.objects.filter(user__in=came).update(source_id=world.connection.pk)


def tie(**fields: Any) -> Callable[[World], None]:
    """The connection is like this."""

    def given(world: World) -> None:
        quiet(world)
        Connection.objects.filter(pk=world.connection.pk).update(**fields)

    return given


def warned(world: World) -> None:
    """People need an eye."""
    quiet(world)
    for _ in range(4):
        factories.issue(world.run, world.student, world.school)


def going(world: World) -> None:
    """A sync goes."""
    quiet(world)
    factories.run(world.connection, state=RunState.RUNNING, applied_at=None, finished_at=None)


def asked(world: World) -> None:
    """A sync was asked for, and the promise is over."""
    quiet(world)
    factories.request(
        world.admin, world.school, kind="sync", connection=world.connection, due_at=now() - timedelta(hours=1)
    )


def alone(world: World) -> None:
    """No source at all."""
    quiet(world)
    SchoolLink.objects.all().delete()


def sent(world: World) -> None:
    """No source yet, and SmartPass was told that all is ready."""
    alone(world)
    details = {"district": "Alder USD", "schools": ["Alder High (School ID 44)"], "all_shared": True}
    factories.request(world.admin, world.school, kind="ready", about="source:clever", details=details, words="")


def identified(world: World) -> None:
    """No source yet, and SmartPass was sent the identifiers of schools in ClassLink."""
    alone(world)
    orgs = [
        {"sourced_id": "school 0042", "name": "Alder High", "identifier": "4402"},
        {"sourced_id": "7_1111", "name": "Alder Middle", "identifier": ""},
    ]
    details = {"tenant_name": "Alder USD", "tenant_id": "2041", "orgs": orgs}
    factories.request(world.admin, world.school, kind="ready", about="source:classlink", details=details, words="")


def rostered_by(kind: str, **fields: Any) -> Callable[[World], None]:
    """The district takes its people from this source, and from no other."""

    def given(world: World) -> None:
        tie(state="disconnected")(world)
        other = factories.connection(world.district, kind=kind)
        for link in (world.link, world.sister_link):
            SchoolLink.objects.filter(pk=link.pk).update(active=False)
            factories.link(other, link.school)
        factories.run(other)
        came = [world.admin, world.teacher, world.student, world.sister_student]
        Membership.objects.filter(user__in=came).update(source_id=other.pk)
        Connection.objects.filter(pk=other.pk).update(**fields)

    return given


def several(world: World) -> None:
    """A district with three connections and a school without one."""
    quiet(world)
    for name in ("Alder North", "Alder South"):
        more = factories.connection(world.district)
        Connection.objects.filter(pk=more.pk).update(tenant_name=name)
        factories.link(more, factories.school(world.district))
    factories.school(world.district, "Alder Night School")
    receipt = {"places": ["5f9"], "as_of": "2026-11-20T09:00:00Z", "notes": {"paused_until": "2099-08-10"}}
    Run.objects.filter(pk=world.run.pk).update(receipt=receipt)


def previewed(**fields: Any) -> Callable[[World], None]:
    """Paused, with a preview of what resuming would do."""

    def given(world: World) -> None:
        tie(state="paused", paused_by=world.district_admin)(world)
        run = factories.run(world.connection, preview=True, applied_at=None, **fields)
        factories.change(run, world.student, world.school)

    return given


def planned(number: int) -> Callable[[World], None]:
    """The preview of so many changes."""

    def given(world: World) -> None:
        previewed()(world)
        ahead = Run.objects.get(preview=True)
        Change.objects.filter(run=ahead).delete()
        for _ in range(number):
            factories.change(ahead, world.student, world.school)

    return given


def answered(world: World) -> None:
    """Many questions, some with answers."""
    for number in range(30):
        done = {"state": "answered", "answer": "Yes.", "answered_at": now()} if number % 2 else {}
        factories.request(world.admin, world.school, about=str(number), **done)


def pasted(table: str) -> Callable[[Page], None]:
    """Open the place for a table, paste one and press the button."""

    def then(page: Page) -> None:
        page.get_by_text("Paste from a table").first.click()
        page.get_by_label("Schools, one a line").fill(table)
        page.get_by_role("button", name="Add these schools").click()
        page.wait_for_load_state()

    return then


def unasked(world: World) -> None:
    """Nothing was asked."""
    world.request.delete()


def told(page: Page) -> None:
    """Say that all is ready."""
    page.get_by_label("All records of these schools").check()
    submit("We're ready to sync", Clever_District_Name="Alder USD")(page)


def gone(page: Page) -> None:
    """Disconnect, typing the source's name."""
    submit("Disconnect", Type="Clever", Reason="We leave Clever")(page)


READING: dict[str, Any] = {"state": RunState.RUNNING, "step": "fetch", "people_read": 812, "people_expected": 1305}
FAILED: dict[str, Any] = {"state": RunState.FAILED, "step": "fetch", "problem_text": "Clever isn't answering."}
PAUSED = tie(state="paused", paused_until=now() + timedelta(days=4))
GONE = tie(state="disconnected")
REVOKED_FIELDS = {"state": "needs_attention", "problem": "E-GRANT-REVOKED"}
REVOKED = tie(**REVOKED_FIELDS, problem_text="Clever no longer accepts our access.")
SHUT_OUT = {**REVOKED_FIELDS, "problem_text": "ClassLink no longer accepts our access."}
DOUBT = {"Tenant_ID": "alder"}
STATES = [
    State("integrations", "connected", CARDS, given=quiet),
    State("integrations", "on hold", CARDS),
    State("integrations", "warnings", CARDS, given=warned),
    State("integrations", "in progress", CARDS, given=going),
    State("integrations", "waiting and late", CARDS, given=asked),
    State("integrations", "paused", CARDS, who="district_admin", given=PAUSED),
    State("integrations", "needs attention", CARDS, given=REVOKED),
    State("integrations", "disconnected", CARDS, given=GONE),
    State("integrations", "setting up", CARDS, given=tie(state="setting_up")),
    State("integrations", "not set up", CARDS, given=alone),
    State("integrations", "ready sent", CARDS, given=sent),
    State("integrations", "identifiers sent", CARDS, given=identified),
    State("integrations", "classlink", CARDS, given=rostered_by("classlink")),
    State("integrations", "oneroster", CARDS, given=rostered_by("sis")),
    State("integrations", "many", CARDS, who="district_admin", given=several),
    State("integrations", "schools may sync", CARDS, given=tie(schools_may_sync=True)),
    State("integrations", "not yours", CARDS, who="teacher", status=403),
    State("source", "clever connected", CLEVER, given=quiet),
    State("source", "clever needs attention", CLEVER, given=REVOKED),
    State("source", "clever paused", CLEVER, who="district_admin", given=PAUSED),
    State("source", "clever many", CLEVER, who="district_admin", given=several),
    State("source", "clever not set up", CLEVER, given=alone),
    State("source", "clever ready sent", CLEVER, given=sent),
    State("source", "classlink not set up", CLASSLINK, given=alone),
    State("source", "classlink not used", CLASSLINK, given=quiet),
    State("source", "classlink identifiers sent", CLASSLINK, given=identified),
    State("source", "classlink connected", CLASSLINK, given=rostered_by("classlink")),
    State("source", "classlink needs attention", CLASSLINK, given=rostered_by("classlink", **SHUT_OUT)),
    State("source", "oneroster connected", ONEROSTER, who="district_admin", given=rostered_by("sis")),
    State("source", "not there", ONEROSTER, status=404),
    State("ready", "clever empty", f"{CLEVER}ready/"),
    State("ready", "clever wrong", f"{CLEVER}ready/", then=submit("We're ready to sync")),
    State("ready", "clever one school more", f"{CLEVER}ready/", then=submit("Add another school")),
    State("ready", "classlink empty", f"{CLASSLINK}ready/"),
    State("ready", "classlink wrong", f"{CLASSLINK}ready/", then=submit("We're ready to sync", Sourced_ID=" ")),
    State("ready", "classlink doubted", f"{CLASSLINK}ready/", then=submit("+ Add a school", Sourced_ID="a b", **DOUBT)),
    State("ready", "classlink pasted", f"{CLASSLINK}ready/", then=pasted("0042\tAlder High\t44\na b\tAlder Low\t")),
    State("ready", "classlink not a table", f"{CLASSLINK}ready/", then=pasted("1,2,3,4")),
    State("source", "clever setting up", CLEVER, given=tie(state="setting_up")),
    State("source", "clever disconnected", CLEVER, given=GONE),
    State("source", "clever not yours", CLEVER, who="teacher", status=403),
    State("ready", "clever sent", f"{CLEVER}ready/", given=alone, then=told),
    State("ask_source", "asked", f"{CARDS}ask/gsuite/", then=press("Ask SmartPass")),
    State("ask_source", "empty", f"{CARDS}ask/gsuite/"),
    State("ask_source", "not there", f"{CARDS}ask/nothing/", status=404),
    State("ask_sync", "empty", f"{TIE}sync/", given=quiet),
    State("ask_sync", "too often", f"{TIE}sync/", given=tie(state="paused"), then=submit("Ask for a sync now")),
    State("ask_sync", "asked", f"{TIE}sync/", given=quiet, then=press("Ask for a sync now")),
    State("pause", "paused", f"{TIE}pause/", "district_admin", quiet, submit("Pause", Reason="Summer")),
    State("pause", "empty", f"{TIE}pause/", who="district_admin"),
    State("pause", "wrong", f"{TIE}pause/", who="district_admin", then=submit("Pause")),
    State("pause", "not yours", f"{TIE}pause/"),
    State("disconnect", "empty", f"{TIE}disconnect/", who="district_admin"),
    State("disconnect", "wrong", f"{TIE}disconnect/", who="district_admin", then=submit("Disconnect")),
    State("disconnect", "disconnected", f"{TIE}disconnect/", "district_admin", quiet, gone),
    State("reconnect", "asked", f"{TIE}reconnect/", given=GONE, then=press("Ask SmartPass to reconnect")),
    State("reconnect", "empty", f"{TIE}reconnect/", given=GONE),
    State("resume", "resumed", f"{TIE}resume/", "district_admin", previewed(), press("Resume")),
    State("resume", "nothing to change", f"{TIE}resume/", who="district_admin", given=planned(0)),
    State("resume", "empty", f"{TIE}resume/", who="district_admin", given=PAUSED),
    State("resume", "previewed", f"{TIE}resume/", who="district_admin", given=previewed()),
    State("resume", "going", f"{TIE}resume/", who="district_admin", given=previewed(**READING)),
    State("resume", "failed", f"{TIE}resume/", who="district_admin", given=previewed(**FAILED)),
    State("look_ahead", "empty", f"{TIE}preview/", who="district_admin", given=PAUSED),
    State("names_ahead", "some", f"{TIE}preview/names/", who="district_admin", given=previewed()),
    State("names_ahead", "nobody", f"{TIE}preview/names/", who="district_admin", given=planned(0)),
    State("names_ahead", "many", f"{TIE}preview/names/", who="district_admin", given=planned(60)),
    State("look_ahead", "started", f"{TIE}preview/", "district_admin", PAUSED, press("Preview")),
    State("help", "some", HELP, given=asked),
    State("help", "identifiers sent", HELP, given=identified),
    State("help", "empty", HELP, given=unasked),
    State("help", "many", HELP, given=answered),
    State("help", "not yours", HELP, who="student", status=403),
    State("ask_smartpass", "asked", HELP, given=unasked, then=submit("Ask SmartPass", What_do_you_need="How?")),
    State("ask_smartpass", "empty", "/help/ask/"),
    State("ask_smartpass", "wrong", "/help/ask/", then=submit("Ask SmartPass")),
]
