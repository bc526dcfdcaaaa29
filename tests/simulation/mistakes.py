"""Mistakes somebody could make in the engine's SQL, each as a change of one statement's text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from unittest.mock import patch

from rostering import sql


class Mistake(NamedTuple):
    """In `file.part`, the first `found` becomes `planted`."""

    name: str
    part: str
    found: str
    planted: str


class NotThere(Exception):
    """The SQL does not say this any more: the mistake must be planted anew."""


@contextmanager
def planted(mistake: Mistake) -> Iterator[None]:
    """While this lasts, the engine has this mistake. Raises `NotThere` if it cannot be made."""
    file, part = mistake.part.split(".")
    right = sql.STATEMENTS[file][part]
    wrong = right.replace(mistake.found, mistake.planted, 1)
    if wrong == right:
        message = f"{mistake.name}: {mistake.part} does not say {mistake.found!r}"
        raise NotThere(message)
    with patch.dict(sql.STATEMENTS[file], {part: wrong}):
        yield


MISTAKES = [
    # What the source wants
    Mistake("purchased is not asked", "plan.people", " AND s.purchased", ""),
    Mistake("an unlinked school still counts", "plan.people", " AND k.active", ""),
    Mistake(
        "the inactive want something",
        "plan.people",
        "s.active AND s.problem = '' AS counts",
        "s.problem = '' AS counts",
    ),
    Mistake(
        "the last grade wins",
        "plan.people",
        "(y.grade ORDER BY y.external_id,",
        "(y.grade ORDER BY y.external_id, -",
    ),
    Mistake("pins never end", "plan.people", "until IS NULL OR until > now()", "true"),
    Mistake("pins with an end never count", "plan.people", "until IS NULL OR until > now()", "until IS NULL"),
    Mistake(
        "the largest id gives the name", "plan.people", "active DESC, external_id", "active DESC, external_id DESC"
    ),
    Mistake("the district is everybody's home", "plan.people", "school_id IS NULL, first_said", "first_said"),
    # Who is who
    Mistake("a shared e-mail is proof", "plan.match", "HAVING count(*) = 1", "HAVING count(*) >= 1"),
    Mistake("an e-mail claimed twice is proof", "plan.match", "HAVING count(*) = 1)", "HAVING count(*) >= 1)"),
    Mistake("a person's no is not heard", "plan.match", " AND NOT p.same", " AND false"),
    Mistake(
        "district admins are claimed by e-mail", "plan.match", "ARRAY['admin', 'district_admin']", "ARRAY['admin']"
    ),
    Mistake(
        "an older id ties somebody who is there",
        "plan.match",
        " WHERE user_id NOT IN (SELECT user_id FROM present)",
        "",
    ),
    Mistake("family is not asked", "plan.match", "k.family = g.family", "true"),
    Mistake("a listed user can be claimed", "plan.match", "WHERE NOT k.present AND", "WHERE"),
    Mistake("new ids are believed on a bad night", "plan.match", "k.linked AND NOT %(removals)s", "false"),
    Mistake("what is said of the deleted is heard", "plan.people", "d.deleted_at IS NOT NULL", "false"),
    Mistake("legacy ids are ignored", "plan.match", "AND l.external_id = x.id", "AND false"),
    Mistake(
        "older ids do not win over e-mail",
        "plan.match",
        "ORDER BY rule, external_id",
        "ORDER BY rule DESC, external_id",
    ),
    Mistake(
        "a deleted user's e-mail matches",
        "plan.match",
        "deleted_at IS NULL AND login_email IS NULL",
        "login_email IS NULL",
    ),
    # What changes
    Mistake("a roles pin loses", "plan.decide", " AND NOT pins && ARRAY['roles', '*']", ""),
    Mistake("a grade pin loses", "plan.decide", " AND NOT pins && ARRAY['grade', '*']", ""),
    Mistake("a status pin loses on return", "plan.decide", " AND NOT pins && ARRAY['status', '*']", ""),
    Mistake("a first name pin loses", "plan.decide", " AND NOT pins && ARRAY['first_name', '*']", ""),
    Mistake("the protected join", "plan.decide", "membership_id IS NULL AND NOT protected", "membership_id IS NULL"),
    Mistake("the protected are adopted", "plan.decide", "taken AND NOT protected", "taken"),
    Mistake("a person's suspension is lifted", "plan.decide", " AND suspended_by = 'sync'", ""),
    Mistake("deleted memberships return", "plan.decide", " AND old_status <> 'deleted'", ""),
    Mistake(
        "people leave on a bad night", "plan.decide", "m.status = 'active' AND %(removals)s", "m.status = 'active'"
    ),
    Mistake(
        "disabled is made suspended",
        "plan.decide",
        "AND m.status = 'active' AND",
        "AND m.status IN ('active', 'disabled') AND",
    ),
    Mistake("somebody else's membership ends", "plan.decide", "m.source_id = %(connection)s AND m.status", "m.status"),
    Mistake("the unreadable leave", "plan.decide", "FROM unsure x WHERE x.key = m.user_id", "WHERE false"),
    Mistake(
        "another source's names are overwritten",
        "plan.decide",
        "IS NOT DISTINCT FROM %(connection)s AS ours",
        "IS NOT NULL AS ours",
    ),
    Mistake("an e-mail in use is granted", "plan.decide", "o.id <> c.key)", "false)"),
    Mistake("an e-mail claimed twice is granted", "plan.decide", "x.key <> c.key", "false"),
    Mistake("a refusal is forgotten", "plan.decide", "r.settings_version = %(settings_version)s", "false"),
    Mistake("a lifted refusal stands", "plan.decide", "r.lifted_at IS NULL", "true"),
    Mistake("a refusal outlives its facts", "plan.decide", "r.digest IS NOT DISTINCT FROM n.digest", "true"),
    # What is written, asked, told and held
    Mistake(
        "a person is said to have suspended",
        "apply.change_memberships",
        "WHEN 'suspended' THEN 'sync'",
        "WHEN 'suspended' THEN 'person'",
    ),
    Mistake(
        "adopted memberships stay without a source",
        "apply.change_memberships",
        "c.after ? 'source' THEN nullif",
        "false THEN nullif",
    ),
    Mistake(
        "former e-mails stay", "apply.change_people", "nullif(n.after ->> 'login_email', '') ELSE", "u.login_email ELSE"
    ),
    Mistake("the absent are asked in any order", "confirm.absent", "ORDER BY 2", "ORDER BY 2 DESC"),
    Mistake("the unanswered leave", "confirm.stay", "why = 'absent' AND", "why = 'gone' AND"),
    Mistake("a night too early counts", "confirm.missed", "t.started_at - %(apart)s", "t.started_at"),
    Mistake("who was named again is gone", "confirm.missed", "r.external_id = ANY (a.ids)", "false"),
    Mistake("a night that named them ends no count", "confirm.missed", "n.applied_at > f.applied_at", "false"),
    Mistake("one file read twice is two", "confirm.missed", "f.as_of <> coalesce", "f.as_of = coalesce"),
    Mistake("the oldest miss counts", "confirm.missed", "n.applied_at DESC", "n.applied_at"),
    Mistake(
        "somebody still there is called unconfirmed", "report.standing", "WHEN 'in_scope' THEN", "WHEN 'inactive' THEN"
    ),
    Mistake("the last Admin may go", "guard.last_admins", "WHERE l.role = 'admin'", "WHERE false"),
    Mistake("an empty school is no alarm", "guard.empty_places", "HAVING count(l.id) > 0", "HAVING false"),
    Mistake("a word that is gone is no alarm", "guard.empty_words", "LIMIT 1) IS NULL", "LIMIT 1) IS NULL AND false"),
    Mistake("what the inactive say keeps a word", "guard.empty_words", "WHERE t.active AND", "WHERE"),
    Mistake("a word that is said elsewhere is kept", "guard.empty_words", "(d.anywhere OR e.item", "(true OR e.item"),
    Mistake("a word's people are not found", "guard.word_losses", "s.word = %(word)s", "s.word <> %(word)s"),
    Mistake("the suspended count as people", "guard.suspensions_by_role", "WHERE m.status = 'active' AND", "WHERE"),
    Mistake("last month is forgotten", "guard.bled", "c.kind = 'suspend'", "c.kind = 'update'"),
    Mistake("moves are not counted", "guard.moved", "'left_school'", "'absent'"),
]
