"""The outbox: e-mails written with the notice they tell of, and sent once that was kept.

A letter is claimed in a transaction of its own, sent, and marked. A worker that dies in
between leaves it claimed and unmarked, and after fifteen minutes another tries again: if
the first had handed it over already, the mail server gets it a second time, under the same
Message-ID, by which most of them show it once. The other way round (mark, then send) would
lose a letter without a trace. Nothing else sends twice: two workers never claim one row.

Whoever has several letters waiting gets them as one.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from smtplib import SMTPRecipientsRefused, SMTPResponseException
from typing import TYPE_CHECKING, Any

from celery import current_app
from django.core.mail import get_connection
from django.db import connection, transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Now
from django.utils.timezone import now
from kombu.exceptions import OperationalError

from accounts import letters, tenancy
from accounts.access import notices_of
from accounts.models import Mail, MailWish
from accounts.models.notices import TRIES

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from django.core.mail.backends.base import BaseEmailBackend
    from django.db.models import QuerySet

    from accounts.models import User

logger = logging.getLogger(__name__)

SEND = "accounts.send_mail"
#: How long a letter rests after each try. The first is also what a worker has to send it in.
PAUSES = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4), timedelta(hours=12))
#: Letters sent over one connection; the rest is for the next one.
AT_ONCE = 50

#: Who is written to about notices: the school's active Admins and the District admins (of what is told of the
#: whole district, once), by their own wish. Never students or teachers, and never somebody whom a source brought
#: and who has not come in yet. As `access.notices_of` shows them.
_READERS = """
WITH wanted AS (
    SELECT n.*, w.since FROM unnest(%(notices)s::bigint[], %(since)s::timestamptz[]) AS w (id, since)
    JOIN accounts_notice n USING (id)
), readers AS (
    SELECT n.id, n.since, m.user_id
    FROM wanted n JOIN accounts_membership m ON m.school_id = n.school_id
    WHERE m.status = 'active' AND 'admin' = ANY(m.roles)
    UNION
    SELECT n.id, n.since, m.user_id
    FROM wanted n JOIN accounts_membership m ON m.district_id = n.district_id AND m.school_id IS NULL
    WHERE m.status = 'active' AND 'district_admin' = ANY(m.roles)
      AND (n.school_id IS NULL OR n.school_id IN (SELECT k.school_id FROM integrations_schoollink k)
           AND NOT EXISTS (SELECT 1 FROM accounts_notice o WHERE o.district_id = n.district_id AND o.school_id IS NULL
                           AND o.kind = n.kind AND o.about = n.about AND o.at = n.at))
)
"""

_QUEUE = f"""{_READERS}
INSERT INTO accounts_mail (district_id, to_id, notice_id, subject, body, made_at, send_after, tries)
SELECT n.district_id, u.id, n.id, 'SmartPass: ' || %(subject)s || ' for ' || coalesce(s.name, d.name), n.text,
    %(now)s, statement_timestamp(), 0
FROM readers r
JOIN accounts_notice n ON n.id = r.id
JOIN accounts_district d ON d.id = n.district_id
LEFT JOIN accounts_school s ON s.id = n.school_id
JOIN accounts_user u ON u.id = r.user_id
WHERE u.deleted_at IS NULL AND smartpass_login_email(u.email) IS NOT NULL
  AND (u.mail = 'all' OR u.mail = 'act' AND n.must_act)
  AND (u.last_login IS NOT NULL OR u.profile_source IS NULL)
  AND u.id IS DISTINCT FROM %(but_not)s
  AND (%(told)s::bigint[] IS NULL OR EXISTS (
        SELECT 1 FROM accounts_mail t
        WHERE t.notice_id = ANY(%(told)s) AND t.to_id = u.id AND (t.sent_at IS NOT NULL OR t.tries > 0)))
  AND (r.since IS NULL OR NOT EXISTS (
        SELECT 1 FROM accounts_mail t WHERE t.notice_id = n.id AND t.to_id = u.id AND t.made_at >= r.since))
"""  # noqa: S608 - put together from our own words


def queue(
    notices: Mapping[int, dt.datetime | None],
    subject: str,
    *,
    only_told_of: Sequence[int] | None = None,
    but_not: int | None = None,
) -> int:
    """Write the letters about these notices, in one statement whatever the number of readers; how many.

    A moment beside a notice leaves out who was written to about it since. With
    `only_told_of` a letter goes only to those who got one about these earlier notices.
    They leave after the caller's transaction was kept.
    """
    given: dict[str, Any] = {
        "notices": list(notices),
        "since": list(notices.values()),
        "subject": subject,
        "told": None if only_told_of is None else list(only_told_of),
        "but_not": but_not,
        # By the clock that says when a reminder is due.
        "now": now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE, given)
        written = int(cursor.rowcount)
    if written:
        transaction.on_commit(nudge)
    return written


def nudge() -> None:
    """Ask a worker to send what waits. If the broker is away, the next minute finds the rows."""
    try:
        current_app.send_task(SEND, retry=False, ignore_result=True)
    except OperationalError:
        logger.warning("The broker is away; the outbox waits for the next minute.")


def send_due() -> int:
    """Send what is due, over one connection; how many letters left. Never inside a transaction.

    While the mail server cannot be reached nothing is claimed, so that no try is lost to it.
    """
    with tenancy.support():
        if not _due().exists():
            return 0
    sent = 0
    server = get_connection()
    try:
        server.open()
        for _ in range(AT_ONCE):
            rows = _claim()
            if rows is None:
                return sent
            sent += _send(rows, server)
    except OSError as error:
        # SMTPException is one of them. The text may hold an address; the kind of error does not.
        logger.warning("The mail server cannot be used (%s); the outbox waits.", type(error).__name__)
        return sent
    finally:
        server.close()
    nudge()
    return sent


def _due() -> QuerySet[Mail]:
    return Mail.objects.filter(sent_at=None, send_after__lte=Now(), tries__lt=TRIES)


def _claim() -> list[Mail] | None:
    """Take everything that is due for the person who has waited longest; None if nobody waits.

    A letter whose reader may not see its notice any more, or does not want it, goes unsent.
    """
    with tenancy.support():
        locked = _due().select_for_update(skip_locked=True)
        first = locked.order_by("send_after", "pk").first()
        if first is None:
            return None
        rows = list(locked.filter(to=first.to_id).order_by("pk"))
        wanted = set(_wanted(first.to, rows))
        Mail.objects.filter(pk__in=[row.pk for row in rows if row.pk not in wanted]).delete()
        rest = Case(
            *(When(tries=number, then=Now() + Value(pause)) for number, pause in enumerate(PAUSES)),
            default=Now() + Value(PAUSES[-1]),
        )
        Mail.objects.filter(pk__in=wanted).update(send_after=rest, tries=F("tries") + 1)
        kept = Mail.objects.filter(pk__in=wanted).select_related("to", "district", "notice", "notice__school")
        return list(kept.order_by("-notice__must_act", "pk"))


def _wanted(reader: User, rows: Sequence[Mail]) -> list[int]:
    """The letters that their reader may still read and still wants."""
    if reader.deleted_at or reader.mail == MailWish.NONE:
        return []
    seen = notices_of(reader).filter(pk__in=[row.notice_id for row in rows])
    if reader.mail == MailWish.ACT:
        seen = seen.filter(must_act=True)
    readable = set(seen.values_list("pk", flat=True))
    return [row.pk for row in rows if row.notice_id in readable]


def _send(rows: list[Mail], server: BaseEmailBackend) -> int:
    """Send one person's letters as one, and mark them. Raises OSError if the server went away under it."""
    if not rows:
        return 0
    try:
        server.send_messages([letters.write(rows)])
    except (OSError, ValueError) as error:
        for row in rows:
            given_up = row.tries >= TRIES
            say = logger.error if given_up else logger.warning
            what = "was given up" if given_up else "was not taken"
            say("mail %s %s after %s tries (%s)", row.pk, what, row.tries, _kind(error))
        if isinstance(error, OSError) and not _refused(error):
            raise
        return 0
    with tenancy.support():
        Mail.objects.filter(pk__in=[row.pk for row in rows]).update(sent_at=Now())
    return 1


def _refused(error: OSError) -> bool:
    """Whether the server answered, and did not want this letter; the next one may please it."""
    return isinstance(error, SMTPRecipientsRefused | SMTPResponseException)


def _kind(error: Exception) -> str:
    code = getattr(error, "smtp_code", "")
    return f"{type(error).__name__} {code}".strip()
