"""The outbox: what leaves it, once, and only after its reason was kept."""

from __future__ import annotations

import logging
from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail as django_mail
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.utils.timezone import now
from pytest_django import Settings

from accounts import mail, notices, tasks, tenancy
from accounts.models import District, Mail, MailWish, Notice, Status, User
from tests import factories
from tests.accounts.sink import Sink, listening
from tests.rostering.workers import at_once

KIND = Notice.Kind
TEXT = "We paused part of tonight's sync for Alder High: 281 students <would> be suspended."


@pytest.fixture
def world(committed_db: None, settings: Settings) -> factories.World:
    del committed_db
    settings.PUBLIC_URL = "https://roster.example.org"
    with tenancy.support():
        made = factories.world("Alder")
        District.objects.filter(pk=made.district.pk).update(timezone="America/Los_Angeles")
        User.objects.filter(pk=made.district_admin.pk).update(mail=MailWish.NONE)
    return made


def tell(world: factories.World, about: str = "hold:7", kind: str = KIND.HOLD, *, at: str = "school") -> Notice:
    with tenancy.district(world.district.pk):
        made = notices.tell(
            world.district.pk, getattr(world, at).pk, kind, about, TEXT, "/accounts/syncs/1/", must_act=True
        )
    assert made is not None
    return made


def hours_pass(hours: float) -> None:
    with tenancy.support():
        for each in Mail.objects.all():
            Mail.objects.filter(pk=each.pk).update(send_after=each.send_after - timedelta(hours=hours))


def outbox() -> list[tuple[int, bool]]:
    """Of each letter how often it was tried, and whether it is sent."""
    with tenancy.support():
        return [(each.tries, each.sent_at is not None) for each in Mail.objects.order_by("pk")]


def test_a_letter_says_what_happened_why_it_came_and_how_to_stop_it(world: factories.World) -> None:
    notice = tell(world)
    with tenancy.support():
        Notice.objects.filter(pk=notice.pk).update(at="2026-08-06T03:00:00Z")
    assert mail.send_due() == 1
    (letter,) = django_mail.outbox
    assert isinstance(letter, EmailMultiAlternatives)
    assert letter.to == [world.admin.email]
    assert letter.subject == "SmartPass: sync on hold for Alder High"
    assert letter.body == (
        "Hi AlderDana,\n\n"
        f"{TEXT}\n\n"
        "Review hold: https://roster.example.org/accounts/syncs/1/\n"
        "Alder High \N{MIDDLE DOT} Wed Aug 5, 11:00 PM Eastern (8:00 PM your time)\n\n"
        "--\n"
        "You get this because you answer for Alder High in SmartPass.\n"
        "Choose which notices reach you by email, or none: https://roster.example.org/accounts/notices/#email\n"
    )
    html, kind = letter.alternatives[0]
    assert kind == "text/html"
    assert "281 students &lt;would&gt; be suspended" in str(html)
    assert str(html).count('href="https://roster.example.org/') == 2
    assert "src=" not in str(html)
    assert outbox() == [(1, True)]
    assert mail.send_due() == 0
    assert len(django_mail.outbox) == 1


def test_several_letters_to_one_person_are_one(world: factories.World) -> None:
    for number in range(10):
        tell(world, f"hold:{number}")
    assert mail.send_due() == 1
    (letter,) = django_mail.outbox
    assert letter.subject == "SmartPass: sync on hold for Alder High and 9 more"
    assert (letter.body.count("Review hold:"), "2 more on your notices page" in letter.body) == (8, True)
    assert set(outbox()) == {(1, True)}


def test_nothing_leaves_before_its_reason_was_kept(world: factories.World) -> None:
    with tenancy.district(world.district.pk):
        notices.tell(world.district.pk, world.school.pk, KIND.HOLD, "hold:7", TEXT, "/")
        assert at_once([mail.send_due]) == [0]
        transaction.set_rollback(True)
    assert mail.send_due() == 0
    assert django_mail.outbox == []


def test_a_worker_is_asked_once_the_reason_was_kept(world: factories.World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("celery.app.base.Celery.send_task", lambda _, name, **__: asked.append(name))
    with transaction.atomic():
        tell(world)
        assert asked == []
    assert asked == ["accounts.send_mail"]
    tasks.send_mail()
    tasks.remind()
    assert len(django_mail.outbox) == 1


def test_who_may_not_read_it_any_more_gets_no_letter(world: factories.World) -> None:
    tell(world)
    tell(world, "hold:8", at="sister")
    with tenancy.support():
        held = factories.membership(world.admin, world.school)
        held.status, held.suspended_by = Status.SUSPENDED, "person"
        held.save()
        User.objects.filter(pk=world.sister_admin.pk).update(mail=MailWish.NONE)
    assert mail.send_due() == 0
    assert (django_mail.outbox, outbox()) == ([], [])


class Broken(EmailBackend):
    """A mail server that does not take letters."""

    error: Exception = SMTPServerDisconnected()

    def send_messages(self, messages: object) -> int:
        """Refuse."""
        del messages
        raise self.error


def test_a_letter_is_given_up_after_five_tries_without_an_address_in_the_log(
    world: factories.World, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Broken"
    tell(world)
    caplog.set_level(logging.INFO)
    tried: list[int] = []
    for hour in range(40):
        mail.send_due()
        tried += [hour] if outbox()[0][0] > len(tried) else []
        hours_pass(1)
    assert tried == [0, 1, 2, 6, 18]
    assert outbox() == [(5, False)]
    assert [each.message for each in caplog.records if each.levelno >= logging.ERROR] == [
        f"mail {_first()} was given up after 5 tries (SMTPServerDisconnected)"
    ]
    assert world.admin.email not in caplog.text


def _first() -> int:
    with tenancy.support():
        return Mail.objects.order_by("pk").values_list("pk", flat=True)[0]


# Through a real mail server.


@pytest.fixture
def sink(settings: Settings, world: factories.World) -> object:
    del world
    with listening() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.DEFAULT_FROM_EMAIL = "SmartPass <no-reply@roster.example.org>"
        yield server


def test_two_workers_send_each_letter_once(world: factories.World, sink: Sink) -> None:
    with tenancy.support():
        for _ in range(8):
            factories.person(world.district, world.school, "admin")
    tell(world)
    sink.seconds = 0.05
    assert sum(at_once([mail.send_due, mail.send_due])) == 9
    assert len({to for to, _ in sink.kept}) == len(sink.kept) == 9
    _, letter = sink.kept[0]
    assert (letter["From"], letter["Subject"], letter["Auto-Submitted"]) == (
        "SmartPass <no-reply@roster.example.org>",
        "SmartPass: sync on hold for Alder High",
        "auto-generated",
    )
    assert [part.get_content_type() for part in letter.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    plain = letter.get_body(("plain",))
    assert plain is not None
    assert "Review hold: https://roster.example.org/accounts/syncs/1/" in plain.get_content()
    assert mail.send_due() == 0


def test_one_who_is_refused_stops_nobody_else(world: factories.World, sink: Sink) -> None:
    with tenancy.support():
        other = factories.person(world.district, world.school, "admin")
    tell(world)
    sink.refuses = {world.admin.email}
    assert mail.send_due() == 1
    assert [to for to, _ in sink.kept] == [other.email]
    assert sorted(outbox()) == [(1, False), (1, True)]
    sink.refuses = set()
    assert mail.send_due() == 0
    hours_pass(0.25)
    assert mail.send_due() == 1
    assert [to for to, _ in sink.kept] == [other.email, world.admin.email]


def test_a_server_that_is_away_costs_no_try(world: factories.World, sink: Sink, settings: Settings) -> None:
    tell(world)
    settings.EMAIL_PORT = 1
    assert mail.send_due() == 0
    assert outbox() == [(0, False)]
    settings.EMAIL_PORT = sink.port
    assert mail.send_due() == 1


def test_a_worker_that_dies_before_it_marks_a_letter_is_followed_after_fifteen_minutes(
    world: factories.World, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(world)
    with monkeypatch.context() as patch:
        patch.setattr(mail, "_send", _dies)
        with pytest.raises(SystemExit):
            mail.send_due()
    assert mail.send_due() == 0
    hours_pass(0.2)
    assert mail.send_due() == 0
    hours_pass(0.06)
    assert mail.send_due() == 1
    assert outbox() == [(2, True)]
    letter = sink.kept[0][1]
    assert letter["Message-ID"] == f"<smartpass-{_first()}@roster.example.org>"


def _dies(*_: object) -> int:
    raise SystemExit


def test_a_server_that_hangs_up_may_have_kept_the_letter(world: factories.World, sink: Sink) -> None:
    tell(world)
    sink.hangs_up = True
    assert mail.send_due() == 0
    sink.hangs_up = False
    assert mail.send_due() == 0
    assert outbox() == [(1, False)]
    hours_pass(0.25)
    assert mail.send_due() == 1
    assert len(sink.kept) == 1


def test_those_who_were_told_of_trouble_are_told_that_it_is_over(world: factories.World) -> None:
    trouble = tell(world, "connection:1", KIND.RECONNECT)
    mail.send_due()
    with tenancy.district(world.district.pk):
        factories.person(world.district, world.school, "admin", first_name="New")
        closed = notices.close(world.district.pk, KIND.RECONNECT, "connection:1")
        assert closed == [trouble]
        telling = notices.Telling(world.school.pk, "connection:1", "It works again.", "/")
        notices.tell_all(world.district.pk, KIND.FIXED, [telling], only_told_of=closed)
    assert mail.send_due() == 1
    assert [(each.to, each.subject) for each in django_mail.outbox[1:]] == [
        ([world.admin.email], "SmartPass: syncing again for Alder High")
    ]


def test_nobody_hears_of_the_end_of_what_they_did_not_hear_of(world: factories.World) -> None:
    tell(world, "connection:1", KIND.RECONNECT)
    with tenancy.district(world.district.pk):
        closed = notices.close(world.district.pk, KIND.RECONNECT, "connection:1")
        telling = notices.Telling(world.school.pk, "connection:1", "It works again.", "/")
        assert notices.tell_all(world.district.pk, KIND.FIXED, [telling], only_told_of=closed)
    assert mail.send_due() == 0


def test_a_moment_is_not_moved_by_another_clock(world: factories.World) -> None:
    tell(world)
    with tenancy.support():
        Mail.objects.update(send_after=now() + timedelta(hours=1))
    assert mail.send_due() == 0
