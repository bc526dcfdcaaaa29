"""The second wall: row-level security and composite keys, table by table, from the catalogue.

Everything here runs as the application's role, with rows of two districts in every table.
A new table fails this test until it is walled, or named below with its reason.
"""

# ruff: noqa: S608 - the names in these statements come from the catalogue

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import Error, IntegrityError, connection, connections, transaction
from django.db.models import ForeignKey
from django.utils.timezone import now

from accounts import tenancy
from accounts.models import ApiToken, EmailAlias, Mail, Notice, Pin
from integrations.models import Link, RoleRule, SamePerson, StopSwitch
from rostering.models import Answer, Record, SupportRequest
from tests import factories

#: Tables that belong to no tenant, and why that is right.
BELONGS_TO_NOBODY = {
    "django_migrations": "which migrations were run",
    "django_content_type": "the names of our models",
    "django_session": "found by a random key that only one browser has; holds ids, no names",
    "django_celery_beat_clockedschedule": "when jobs run",
    "django_celery_beat_crontabschedule": "when jobs run",
    "django_celery_beat_intervalschedule": "when jobs run",
    "django_celery_beat_periodictask": "when jobs run",
    "django_celery_beat_periodictasks": "when jobs run",
    "django_celery_beat_solarschedule": "when jobs run",
}
#: Walled, and empty for good but for the permissions that Django writes when it migrates.
STAYS_EMPTY = {
    "account_emailaddress",
    "account_emailconfirmation",
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_admin_log",
}
#: Everybody may see that a source was stopped; nobody outside support may write it.
SEEN_BY_ALL = {"integrations_stopswitch"}
#: Foreign keys that cannot be composite: the person who did a thing may be of SmartPass, without a district.
DONE_BY = {
    "by_id",
    "asked_by_id",
    "created_by_id",
    "first_yes_by_id",
    "decided_by_id",
    "paused_by_id",
    "taken_by_id",
    "answered_by_id",
}
#: A run's other runs: written by the engine from the run itself, never from a request.
OTHER_RUNS = {"released_preview_id", "undoes_id", "opened_by_id", "closed_by_id"}
#: Keys that are left out, each with its reason.
PLAIN = {
    "rostering_rejection.school_id": "copied from the change that was refused",
}


@pytest.fixture
def worlds(committed_db: None) -> Iterator[tuple[factories.World, factories.World]]:
    del committed_db
    with tenancy.support():
        found = factories.world("Alder"), factories.world("Birch")
        for world in found:
            _rest_of(world)
        factories.tenant()
        StopSwitch.objects.create(kind="clever", why="because", by=factories.staff())
    yield found
    with connections["owner"].cursor() as cursor:
        for name in _staged():
            cursor.execute(f'DROP TABLE "{name}"')


def _rest_of(world: factories.World) -> None:
    """A row of each table that no story needs."""
    factories.school(world.district)
    of, tie = {"district": world.district}, {"connection": world.connection}
    EmailAlias.objects.create(**of, user=world.teacher, login_email="old@example.org", until=now() + timedelta(days=1))
    Pin.objects.create(**of, user=world.teacher, school=world.school, field="grade")
    Link.objects.create(**of, **tie, user=world.student, external_id=f"id-of-{world.run.pk}")
    RoleRule.objects.create(
        **of, **tie, school=world.school, kind="ou", source_id=f"id:{world.run.pk}", name="/Staff", role="teacher"
    )
    SamePerson.objects.create(**of, **tie, user=world.admin, external_id=f"id-of-{world.run.pk}", same=True)
    Answer.objects.create(**of, run=world.run, external_id=f"id-of-{world.run.pk}", state="gone")
    Record.objects.create(**of, **tie, external_id=f"id-of-{world.run.pk}", digest=1, active=True, roles=[], legacy=[])
    told = Notice.objects.create(**of, school=world.school, kind=Notice.Kind.HOLD, about="hold:1", text="x", link="/")
    Mail.objects.create(**of, to=world.admin, notice=told, subject="x", body="x")
    ApiToken.objects.create(**of, user=world.admin, name="x", digest=f"digest-{world.run.pk}", hint="x")
    SupportRequest.objects.create(**of, **tie, kind=SupportRequest.Kind.SYNC, asked_by=world.admin, due_at=now())
    with tenancy.district(world.district.pk), connection.cursor() as cursor:
        cursor.execute("SELECT smartpass_open_staging(%s, 1)", [world.run.pk])
        (name,) = cursor.fetchone()
        assert name == f"staged_{world.run.pk}_1"
        columns = [name for name, _ in _columns(name)]
        values = {
            "district_id": world.district.pk,
            "external_id": "x",
            "roles": [],
            "legacy": [],
            "digest": 1,
            "active": True,
        }
        row = json.dumps({column: values.get(column, "") for column in columns})
        cursor.execute(_insert(name), [row])


def _tables() -> list[str]:
    with connections["owner"].cursor() as cursor:
        cursor.execute("""
            SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
        """)
        return sorted(name for (name,) in cursor.fetchall())


def _staged() -> list[str]:
    return [name for name in _tables() if name.startswith("staged_")]


def _columns(table: str) -> list[tuple[str, str]]:
    """The columns that can be written, with their types."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, atttypid::regtype::text FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
            [table],
        )
        return list(cursor.fetchall())


def _insert(table: str) -> str:
    columns = ", ".join(f'"{name}"' for name, _ in _columns(table))
    return f"INSERT INTO {table} ({columns}) SELECT {columns} FROM json_populate_record(NULL::{table}, %s)"


def _walled() -> list[str]:
    return [name for name in _tables() if name not in BELONGS_TO_NOBODY]


def _rows(table: str) -> list[dict[str, Any]]:
    """What the tables' owner sees."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"SELECT row_to_json(t)::text FROM {table} t")
        return [json.loads(row) for (row,) in cursor.fetchall()]


def _attempt(statement: str, params: list[Any] | None = None) -> int | str:
    """How many rows a statement touched as the application's role without a district, or how it was refused."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, params)
            return int(cursor.rowcount)
    except Error as refused:
        return str(getattr(refused.__cause__, "pgcode", ""))


NOT_ALLOWED = "42501"


def test_without_a_district_nothing_is_there(worlds: tuple[factories.World, factories.World]) -> None:
    assert worlds
    for table in _walled():
        if table in STAYS_EMPTY:
            assert table == "auth_permission" or _rows(table) == [], table
        else:
            districts = {row.get("district_id", row.get("id")) for row in _rows(table)}
            alone = table in {"integrations_upstreamtenant", *SEEN_BY_ALL} or table.startswith("staged_")
            assert len(districts) >= (1 if alone else 2), f"no rows of two districts in {table}"
        seen = _attempt(f"SELECT 1 FROM {table}")
        assert seen == (1 if table in SEEN_BY_ALL else 0), table


def test_without_a_district_nothing_can_be_written(worlds: tuple[factories.World, factories.World]) -> None:
    assert worlds
    for table in _walled():
        column = _columns(table)[0][0]
        for row in _rows(table)[:1]:
            copy = {**row, "id": 10**9} if "id" in row else row
            assert _attempt(_insert(table), [json.dumps(copy)]) == NOT_ALLOWED, f"insert into {table}"
        assert _attempt(f"UPDATE {table} SET {column} = {column}") in {0, NOT_ALLOWED}, f"update {table}"
        assert _attempt(f"DELETE FROM {table}") in {0, NOT_ALLOWED}, f"delete from {table}"


def test_one_district_sees_and_writes_its_own_rows_only(worlds: tuple[factories.World, factories.World]) -> None:
    ours, theirs = worlds
    for table in _walled():
        column = "id" if table == "accounts_district" else "district_id"
        if column not in dict(_columns(table)) or table in STAYS_EMPTY:
            continue
        with tenancy.district(ours.district.pk), connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*), count(*) FILTER (WHERE {column} = %s) FROM {table}", [ours.district.pk])
            everything, own = cursor.fetchone()
        foreign = table == f"staged_{theirs.run.pk}_1"
        assert (everything, own > 0) == (own, not foreign), table
        for row in _rows(table):
            if row[column] == theirs.district.pk:
                copy = json.dumps({**row, "id": 10**9} if "id" in row and column != "id" else row)
                with tenancy.district(ours.district.pk):
                    refused = _attempt(_insert(table), [copy])
                assert refused == NOT_ALLOWED, table


def test_every_wall_is_a_policy_not_a_habit(worlds: tuple[factories.World, factories.World]) -> None:
    assert worlds
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relrowsecurity")
        secured = {name for (name,) in cursor.fetchall()}
    assert secured == set(_walled())


def _composite() -> list[tuple[str, str, str]]:
    """(table, column, table it points at) of each key that names the district too."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("""
            SELECT c.conrelid::regclass::text, a.attname, c.confrelid::regclass::text
            FROM pg_constraint c
            JOIN pg_attribute d ON d.attrelid = c.conrelid AND d.attnum = c.conkey[1] AND d.attname = 'district_id'
            JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[2]
            WHERE c.contype = 'f' AND cardinality(c.conkey) = 2
            UNION
            SELECT t.tgrelid::regclass::text, split_part(a.args, ',', 1), split_part(a.args, ',', 2)
            FROM pg_trigger t CROSS JOIN LATERAL (
                SELECT string_agg(m[1], ',') AS args
                FROM regexp_matches(pg_get_triggerdef(t.oid), $r$'([a-z_]+)'$r$, 'g') AS m) a
            WHERE t.tgfoid = 'smartpass_in_district'::regproc
            GROUP BY 1, 2, 3 HAVING count(*) = 2 AND bit_or(t.tgtype & 20) = 20
        """)
        return sorted(cursor.fetchall())


def test_every_foreign_key_between_tenants_tables_names_the_district(committed_db: None) -> None:
    del committed_db
    expected = set()
    for model in apps.get_models():
        fields = {field.name for field in model._meta.get_fields()}
        if model._meta.app_label not in {"accounts", "integrations", "rostering"} or "district" not in fields:
            continue
        for field in model._meta.get_fields():
            if not isinstance(field, ForeignKey) or field.name == "district":
                continue
            column = f"{model._meta.db_table}.{field.column}"
            if field.column not in DONE_BY | OTHER_RUNS and column not in PLAIN:
                expected.add((model._meta.db_table, field.column, field.related_model._meta.db_table))
    assert set(_composite()) == expected


def _as_owner(statement: str) -> None:
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(statement)
        assert cursor.rowcount == 1, f"no row to try with: {statement}"
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_key_refuses_another_districts_row(worlds: tuple[factories.World, factories.World]) -> None:
    ours, theirs = worlds
    keys = _composite()
    for table, column, of in keys:
        parent = max(row["id"] for row in _rows(of) if row["district_id"] == theirs.district.pk)
        one = f"(SELECT ctid FROM {table} WHERE district_id = {ours.district.pk} LIMIT 1)"
        with pytest.raises(IntegrityError) as refused:
            _as_owner(f"UPDATE {table} SET {column} = {parent} WHERE ctid = {one}")
        assert getattr(refused.value.__cause__, "pgcode", "") == "23503", (table, column)
    assert len(keys) > 15
