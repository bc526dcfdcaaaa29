"""What the Admins of a school are told: written once while it is true, with the e-mails that go out for it.

Everything here happens in the caller's transaction, through the caller's door: what is
rolled back was never told, and nobody is written to before it is true. That something is
told once is decided by the table's own constraint, so that a repeated task or two workers
tell nothing twice.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.db import connection, transaction
from django.db.models import Case, Q, QuerySet, When
from django.utils.timezone import now

from accounts import audit, mail, tenancy
from accounts.access import notices_of
from accounts.models import Mail, Notice, User

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable

#: The subject of an e-mail, before "for Lincoln High". It names no person.
SUBJECTS: dict[str, str] = {
    Notice.Kind.HOLD: "sync on hold",
    Notice.Kind.FAILED: "sync failed",
    Notice.Kind.RECONNECT: "connection needs fixing",
    Notice.Kind.LATE: "no sync for 26 hours",
    Notice.Kind.FIXED: "syncing again",
    Notice.Kind.UNDONE: "sync undone",
    Notice.Kind.READY: "you're all set",
    Notice.Kind.ANSWER: "an answer",
    Notice.Kind.RESUMED: "syncing again",
}

#: When somebody is reminded of what waits for them, and how often from then on.
REMINDERS = (timedelta(days=1), timedelta(days=3))
EACH = timedelta(days=7)

_WRITE = """
INSERT INTO accounts_notice (district_id, school_id, kind, about, text, link, must_act, at)
SELECT %(district)s, t.school_id, %(kind)s, t.about, t.text, t.link, %(must_act)s, statement_timestamp()
FROM unnest(%(schools)s::bigint[], %(abouts)s::text[], %(texts)s::text[], %(links)s::text[])
    AS t (school_id, about, text, link)
ON CONFLICT DO NOTHING RETURNING id
"""


class Telling(NamedTuple):
    """One thing to tell: at a school (null: at the district), about what, in which words, and where it is shown."""

    school_id: int | None
    about: str
    text: str
    link: str


def tell(
    district_id: int,
    school_id: int | None,
    kind: str,
    about: str,
    text: str,
    link: str,
    *,
    must_act: bool = False,
) -> Notice | None:
    """Tell the Admins of a school and the District admins (`school_id` null: only these); None if it is told already.

    `about` is kind:id of what it is about; `text` is one paragraph without a student's
    name, `link` a path. Call it in the transaction that makes it true, inside the
    district or through support's door. E-mails go out after the commit.
    """
    told = tell_all(district_id, kind, [Telling(school_id, about, text, link)], must_act=must_act)
    return told[0] if told else None


def tell_all(
    district_id: int,
    kind: str,
    tellings: Collection[Telling],
    *,
    must_act: bool = False,
    only_told_of: Iterable[Notice] | None = None,
) -> list[Notice]:
    """As `tell`, for many schools in two statements; the notices that are new.

    What is told of the district and of its schools under one `about` reaches a District
    admin once, as told of the district. With `only_told_of` an e-mail goes only to those
    who got one about these earlier notices.
    """
    if not tellings:
        return []
    schools, abouts, texts, links = (list(column) for column in zip(*tellings, strict=True))
    told = {"schools": schools, "abouts": abouts, "texts": texts, "links": links}
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_WRITE, {"district": district_id, "kind": kind, "must_act": must_act, **told})
            new = [pk for (pk,) in cursor.fetchall()]
        if new:
            earlier = None if only_told_of is None else [each.pk for each in only_told_of]
            mail.queue(dict.fromkeys(new), SUBJECTS[kind], only_told_of=earlier)
    return list(Notice.objects.filter(pk__in=new).select_related("school").order_by("pk")) if new else []


def close(district_id: int, kinds: str | Collection[str], about: str, *, school_id: int | None = None) -> list[Notice]:
    """It is no longer true (at one school, or wherever it was told); the notices that were open until now.

    What was not sent yet is not sent any more.
    """
    wanted = [kinds] if isinstance(kinds, str) else list(kinds)
    standing = Notice.objects.filter(district=district_id, kind__in=wanted, about=about, closed_at=None)
    return close_these(standing.filter(school=school_id) if school_id else standing)


def close_these(standing: Iterable[Notice]) -> list[Notice]:
    """As `close`, for notices at hand; those that were still open."""
    with transaction.atomic():
        found = list(Notice.objects.select_for_update().filter(pk__in=[each.pk for each in standing], closed_at=None))
        ids = [each.pk for each in found]
        if ids:
            Notice.objects.filter(pk__in=ids).update(closed_at=now())
            Mail.objects.filter(notice__in=ids, sent_at=None).delete()
    return found


def reword(district_id: int, kind: str, about: str, text: str) -> bool:
    """Bring the words of an open notice up to date; it stays the notice it was, and nobody is written to."""
    standing = Notice.objects.filter(district=district_id, kind=kind, about=about, closed_at=None)
    return bool(standing.exclude(text=text).update(text=text))


def write_again(notice: Notice, subject: str, *, but_not: User | None = None) -> int:
    """Write to everybody about an open notice once more, because something about it changed; how many."""
    return mail.queue({notice.pk: None}, subject, but_not=but_not.pk if but_not else None)


def remind() -> int:
    """Write again about what still waits for its readers: after a day, after three, then each week; how many."""
    with tenancy.support():
        waiting = Notice.objects.select_for_update(skip_locked=True).filter(must_act=True, closed_at=None)
        moments: dict[str, dict[int, dt.datetime | None]] = {}
        for pk, kind, at in waiting.filter(at__lte=now() - REMINDERS[0]).values_list("pk", "kind", "at"):
            moments.setdefault(kind, {})[pk] = _last_reminder(at)
        return sum(mail.queue(due, f"reminder, {SUBJECTS[kind]}") for kind, due in moments.items())


def _last_reminder(told_at: dt.datetime) -> dt.datetime:
    """When the newest reminder of something told then was due."""
    age = now() - told_at
    if age < REMINDERS[1]:
        return told_at + REMINDERS[0]
    return told_at + REMINDERS[1] + (age - REMINDERS[1]) // EACH * EACH


def forget(before: dt.datetime) -> int:
    """Delete what was told before then and is over, or was only news, with its e-mails; how many notices."""
    past = Notice.objects.filter(Q(closed_at__lt=before) | Q(must_act=False, at__lt=before))
    return past.delete()[1].get(Notice._meta.label, 0)


def listed(user: User) -> QuerySet[Notice]:
    """What this person is told, with `waits`: first what waits for them, then the newest."""
    waits = Case(When(must_act=True, closed_at=None, then=True), default=False)
    return notices_of(user).annotate(waits=waits).order_by("-waits", "-at", "-pk")


def newest(user: User) -> dt.datetime | None:
    """When this person was last told something."""
    return notices_of(user).values_list("at", flat=True).first()


@transaction.atomic
def wish(user: User, wanted: str) -> bool:
    """Which notices this person wants by e-mail from now on; False if it was so already."""
    before = user.mail
    if not User.objects.filter(pk=user.pk).exclude(mail=wanted).update(mail=wanted):
        return False
    user.mail = wanted
    audit.record(user, "mail.wish", user, district=user.district_id, before={"mail": before}, after={"mail": wanted})
    return True


def seen(user: User, until: dt.datetime) -> bool:
    """This person has looked at everything that was told until then; False if they had before."""
    until = min(until, now())
    later = User.objects.filter(pk=user.pk).filter(Q(notices_seen_at=None) | Q(notices_seen_at__lt=until))
    if not later.update(notices_seen_at=until):
        return False
    user.notices_seen_at = until
    return True
