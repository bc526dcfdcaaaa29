"""The outbox: e-mails written with the notice they tell of."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from celery import current_app
from django.db import connection, transaction
from kombu.exceptions import OperationalError

if TYPE_CHECKING:
    from collections.abc import Sequence

logger = logging.getLogger(__name__)

SEND = "accounts.send_mail"

#: Who is written to about notices: the school's active Admins and the District admins, by their own wish. Never
#: students or teachers, and never somebody whom a source brought and who has not come in yet.
_READERS = """
WITH readers AS (
    SELECT n.id AS notice_id, m.user_id
    FROM accounts_notice n JOIN accounts_membership m ON m.school_id = n.school_id
    WHERE n.id = ANY(%(notices)s) AND m.status = 'active' AND 'admin' = ANY(m.roles)
    UNION
    SELECT n.id, m.user_id
    FROM accounts_notice n JOIN accounts_membership m ON m.district_id = n.district_id AND m.school_id IS NULL
    WHERE n.id = ANY(%(notices)s) AND m.status = 'active' AND 'district_admin' = ANY(m.roles)
      AND (n.school_id IS NULL
           OR %(district_admins)s AND n.school_id IN (SELECT k.school_id FROM integrations_schoollink k))
)
"""

_QUEUE = f"""{_READERS}
INSERT INTO accounts_mail (district_id, to_id, notice_id, subject, body, made_at, send_after, tries)
SELECT n.district_id, u.id, n.id, 'SmartPass: ' || %(subject)s || ' for ' || coalesce(s.name, d.name), n.text,
    statement_timestamp(), statement_timestamp(), 0
FROM readers r
JOIN accounts_notice n ON n.id = r.notice_id
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
"""  # noqa: S608 - put together from our own words


def queue(
    notices: Sequence[int],
    subject: str,
    *,
    district_admins: bool = True,
    only_told_of: Sequence[int] | None = None,
    but_not: int | None = None,
) -> int:
    """Write the e-mails about these notices, in one statement whatever the number of readers; how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            _QUEUE,
            {
                "notices": list(notices),
                "subject": subject,
                "district_admins": district_admins,
                "told": None if only_told_of is None else list(only_told_of),
                "but_not": but_not,
            },
        )
        written = int(cursor.rowcount)
    if written:
        transaction.on_commit(partial(nudge))
    return written


def nudge() -> None:
    """Ask a worker to send what waits. If the broker is away, the next minute finds the rows."""
    try:
        current_app.send_task(SEND, retry=False, ignore_result=True)
    except OperationalError:
        logger.warning("The broker is away; e-mail waits for the next minute.")
