"""The demo's parts: a world made once, numbers from the tables, children that end with it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from django.core.management.base import OutputWrapper
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

from accounts import tenancy
from accounts.models import District, Membership, School, StaffRole, User
from integrations import linking
from integrations.classlink.sandbox import ClassLinkSandbox
from integrations.clever.sandbox import CleverSandbox
from integrations.models import Connection, SchoolLink
from rostering import asking, summary, tasks
from rostering.demo import counting, stage, words, world
from rostering.demo.children import Children
from rostering.demo.errors import Asked, DemoError
from rostering.models import Run
from rostering.sync import perform
from smartpass import celery_app

PASSWORD = "maple-river-otter-4729"


@pytest.fixture
def made(clever: CleverSandbox, committed_db: None) -> world.World:
    """The demo's district of 120 people, linked and not yet synced."""
    del committed_db
    clever.add_district(people=120, odd=True)
    return world.prepare(["clever"], PASSWORD)


@pytest.fixture
def both(made: world.World, classlink: ClassLinkSandbox) -> world.World:
    """The same district with a fourth school, from ClassLink."""
    assert len(made.connections) == 1
    classlink.add_district(people=30, schools=1, seed=2, odd=True)
    return world.prepare(["clever", "classlink"], PASSWORD)


def sync(made: world.World, tie: Connection | None = None) -> Run:
    """Preview and first sync, carried out here; from the only source if none is named."""
    tie = tie or made.connections[0]
    with tenancy.support():
        seen, _ = asking.preview(made.support, tie, "a test")
    perform(seen.pk)
    with tenancy.support():
        seen.refresh_from_db()
        run, _ = asking.first_sync(made.support, seen, seen.fingerprint, "a test")
    perform(run.pk)
    with tenancy.support():
        return Run.objects.get(pk=run.pk)


def test_the_world_is_made_once_and_found_again(made: world.World) -> None:
    again = world.prepare(["clever"], PASSWORD)
    assert (made.found, again.found) == (False, True)
    assert again.connections == made.connections
    assert again.logins == made.logins
    with tenancy.support():
        assert District.objects.count() == 1
        assert list(School.objects.values_list("purchased", flat=True)) == [True, True, True]
        people = {user.email: user for user in User.objects.all()}
        assert sorted(people) == sorted(login.email for login in made.logins)
        assert all(user.check_password(PASSWORD) and not user.must_change_password for user in people.values())
        assert made.support.staff_role == StaffRole.SUPPORT
        roles = {row.user.email: set(row.roles) for row in Membership.objects.select_related("user")}
    assert roles == {
        "ravi.nair@demo.example": {"district_admin"},
        **{f"{who}@demo.example": {"admin", "teacher"} for who in ("dana.moss", "sasha.bell", "robin.ahmadi")},
    }


def test_another_source_is_put_beside_the_first(made: world.World, both: world.World) -> None:
    assert (both.found, both.district) == (False, made.district)
    assert [tie.kind for tie in both.connections] == ["clever", "classlink"]
    assert both.schools[:3] == made.schools
    assert [login.email for login in both.logins[-1:]] == ["kim.reyes@demo.example"]
    assert world.prepare(["clever", "classlink"], PASSWORD).found
    with tenancy.support():
        assert District.objects.count() == 1
        links = SchoolLink.objects.order_by("pk").values_list("connection__kind", flat=True)
        assert list(links) == ["clever", "clever", "clever", "classlink"]


def test_each_source_is_counted_alone(both: world.World) -> None:
    for tie in both.connections:
        run = sync(both, tie)
        with tenancy.support():
            counted = counting.created_by(run)
            counting.compare(counted, summary.report(run))
            mine = (
                Membership.objects.filter(source_id=tie.pk).exclude(school=None).values_list("school__name", flat=True)
            )
            assert {school for school, _ in counted.memberships} - {counting.DISTRICT} == set(mine)
            assert sum(counted.people.values()) > 0
        with tenancy.support():
            before = counting.digest(both.district.pk)
            again, _ = asking.sync_now(both.support, tie, "a test")
        perform(again.pk)
        with tenancy.support():
            assert counting.digest(both.district.pk) == before


def test_a_source_s_settings_are_named_after_what_it_needs() -> None:
    named = {kind: sorted(stage._named(kind)) for kind in ("clever", "classlink")}
    assert named == {
        "clever": ["CLEVER_API_URL", "CLEVER_AUTH_URL", "CLEVER_CLIENT_ID", "CLEVER_CLIENT_SECRET"],
        "classlink": [
            "CLASSLINK_API_URL", "CLASSLINK_AUTH_URL", "CLASSLINK_INFO_URL", "CLASSLINK_PARTNER_KEY",
        ],
    }  # fmt: skip


def test_what_somebody_changed_by_hand_stays(made: world.World) -> None:
    with tenancy.support():
        link = SchoolLink.objects.order_by("pk")[0]
        linking.unlink_school(made.support, link, "on purpose")
    again = world.prepare(["clever"], PASSWORD)
    assert again.schools == made.schools[1:]


def test_a_first_password_is_set_anew(made: world.World) -> None:
    again = world.prepare(["clever"], "another-otter-2222")
    with tenancy.support():
        assert User.objects.get(pk=again.support.pk).check_password("another-otter-2222")
    assert made.logins == again.logins


def test_the_tables_and_the_report_agree(made: world.World) -> None:
    run = sync(made)
    with tenancy.support():
        report = summary.report(run)
        counted = counting.created_by(run)
        counting.compare(counted, report)
        assert sum(counted.memberships.values()) == Membership.objects.exclude(source_id=None).count()
        assert counting.standing(run) == counted.memberships
        told = words.summary("First sync", report, counted, counting.standing(run))
    assert any("E-BAD-EMAIL" in line and "isn't complete" in line for line in told)
    schools = {line.split("  ")[1] for line in told if line.startswith("  ")}
    assert {school.name for school in made.schools} <= schools


@pytest.mark.parametrize("what", ["memberships", "people", "several", "issues"])
def test_a_report_that_differs_is_told(made: world.World, what: str) -> None:
    run = sync(made)
    with tenancy.support():
        counted = counting.created_by(run)
        wrong = replace(counted, **{what: {**getattr(counted, what), "E-NEW": 1}})
        with pytest.raises(DemoError, match=f"differ in {what}"):
            counting.compare(wrong, summary.report(run))


def test_the_digest_sees_every_column(made: world.World) -> None:
    run = sync(made)
    with tenancy.support():
        before = counting.digest(run.district_id)
        assert counting.digest(run.district_id) == before
        User.objects.filter(district=run.district_id).order_by("pk")[:1].get().save(update_fields=["updated_at"])
        assert counting.digest(run.district_id) == before
        somebody = Membership.objects.order_by("pk")[0]
        somebody.updated_at = somebody.created_at
        somebody.grade = "a new one"
        somebody.save()
        assert [a == b for a, b in zip(before, counting.digest(run.district_id), strict=True)] == [True, False, True]


def test_progress_is_written_over_on_a_terminal_only() -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    for stream, shown in ((Terminal(), "\rlonger\rone   \nend\n"), (StringIO(), "longer\none\nend\n")):
        screen = words.Screen(OutputWrapper(stream))
        for text in ("longer", "longer", "one"):
            screen.progress(text)
        screen.say("end")
        assert stream.getvalue() == shown


def test_a_port_that_is_taken_is_told_with_one_that_is_free() -> None:
    with stage.listen(0) as listener:
        taken = listener.getsockname()[1]
        with pytest.raises(DemoError, match=rf"Port {taken}: .* make run PORT=\d+$") as told:
            stage.listen(taken)
    stage.listen(int(str(told.value).rpartition("=")[2])).close()


def test_the_scheduler_ticks_every_minute(committed_db: None) -> None:
    del committed_db
    DatabaseScheduler(app=celery_app)
    tick = PeriodicTask.objects.get(task="rostering.tick")
    assert (tick.enabled, tick.interval.every, tick.interval.period, tick.expire_seconds) == (True, 60, "seconds", 55)
    assert tick.task == tasks.tick.name


# Processes


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children]:
    """Children of this process; what signals mean to it is put back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        with Children(tmp_path / "log") as found:
            yield found
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_a_child_that_dies_is_named_with_its_last_words(children: Children) -> None:
    code = "print('CLIENT_SECRET=x'); print('PARTNER_KEY=y'); raise SystemExit('no more')"
    children.start("sleeper", "-c", code, environment=os.environ)
    with pytest.raises(DemoError, match=r"The sleeper process stopped \(exit status 1\)") as told:
        children.until(lambda: None, 20, "too late")
    assert "no more" in str(told.value)
    assert "CLIENT_SECRET" not in str(told.value)
    assert "PARTNER_KEY" not in str(told.value)


def test_waiting_ends_when_time_is_up_or_somebody_asks(children: Children) -> None:
    with pytest.raises(DemoError, match="too late"):
        children.until(lambda: None, 0.2, "too late")
    os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(Asked):
        children.until(lambda: None, 20, "too late")


def test_a_child_that_does_not_want_to_end_is_ended(children: Children, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rostering.demo.children.PATIENCE", 0.3)
    deaf = "import signal, time; [signal.signal(n, signal.SIG_IGN) for n in (2, 3, 15)]; print('deaf'); time.sleep(60)"
    child = children.start("deaf", "-u", "-c", deaf, environment=os.environ)
    children.until(lambda: "deaf" in child.said() or None, 20, "too late")
    children.__exit__()
    assert child.process.returncode == -signal.SIGKILL
