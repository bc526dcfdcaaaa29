"""What people wait for: the accounts list of a whole district, a large run, and an explanation.

Asked of the product as gunicorn asks it, through every middleware, as the application's
role under row-level security; only the socket is missing.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles
from urllib.parse import urlencode

from django.db import connection as database
from django.test import Client
from django.urls import reverse

from accounts import people, tenancy
from accounts.models import District, Roles, User
from bench.processes import settle
from integrations.models import Connection
from rostering.explain import explain
from rostering.models import Change, Run

LIST, RUN, EXPLAIN, FIND = "accounts list", "run page", "explanation", "Find a person"
MIDDLE, SHEET = "accounts list, a page in the middle", "sheet of everybody"
#: Milliseconds that 95 of 100 may take.
LIMITS = {LIST: 150.0, RUN: 200.0, EXPLAIN: 200.0, FIND: 200.0}
REQUESTS = {LIST: 200, RUN: 60, EXPLAIN: 60, FIND: 60, MIDDLE: 20, SHEET: 3}
SEED = 20261124
#: Nobody's list has so many pages: the last one is shown.
LAST = 10**6
#: So that there is something to filter by: who signed in, who is suspended, who is protected.
LIVED_IN = """
UPDATE accounts_user SET last_login = now() - (id %% 90) * interval '1 day'
WHERE district_id = %(district)s AND id %% 10 < 7;
UPDATE accounts_membership SET status = 'suspended', suspended_by = 'sync'
WHERE district_id = %(district)s AND id %% 40 = 0;
UPDATE accounts_membership SET status = 'disabled' WHERE district_id = %(district)s AND id %% 150 = 1;
INSERT INTO accounts_pin (district_id, user_id, school_id, field, why, created_at)
SELECT district_id, user_id, school_id, '*', '', now() FROM accounts_membership
WHERE district_id = %(district)s AND id %% 200 = 9;
SELECT smartpass_analyze(ARRAY['accounts_user', 'accounts_membership', 'accounts_pin'], 1000000000)
"""


@dataclass(frozen=True)
class Waited:
    """How long something took, each time, in milliseconds."""

    name: str
    each: list[float]

    @property
    def median(self) -> float:
        """Half of them took no longer."""
        return median(self.each)

    @property
    def p95(self) -> float:
        """95 of 100 took no longer."""
        return quantiles(self.each, n=20, method="inclusive")[-1]

    @property
    def limit(self) -> float | None:
        """What `p95` may be."""
        return LIMITS.get(self.name)

    @property
    def kept(self) -> bool:
        """Whether it was."""
        return self.limit is None or self.p95 <= self.limit


def measure(connection: Connection) -> list[Waited]:
    """Wait for each kind of page of a district that this connection has filled."""
    draw = random.Random(SEED)  # noqa: S311 - the same requests every time
    with tenancy.support():
        reader = _live_in(connection)
        run = Run.objects.filter(connection=connection, applied_at__isnull=False).earliest("pk")
        rows = Change.objects.filter(run=run).count()
        some = list(User.objects.filter(district=connection.district_id, last_login__isnull=False)[:20_000])
    browser = _browser(reader)
    settle()
    return [
        _wait(LIST, lambda: _get(browser, _list_address(draw, some))),
        _wait(MIDDLE, lambda: _get(browser, f"{reverse('accounts')}?page={draw.randint(900, 1_200)}")),
        _wait(RUN, lambda: _get(browser, _run_address(draw, run, rows))),
        _wait(EXPLAIN, lambda: _explain(connection, draw.choice(some))),
        _wait(FIND, lambda: _get(browser, f"{reverse('find')}?{urlencode({'q': draw.choice(some).email})}")),
        _wait(SHEET, lambda: _get(browser, f"{reverse('export_accounts')}?status=any")),
    ]


def _live_in(connection: Connection) -> User:
    """Make the district look lived in, and somebody who looks at all of it."""
    with database.cursor() as cursor:
        cursor.execute(LIVED_IN, {"district": connection.district_id})
    district = District.objects.get(pk=connection.district_id)
    admin = {"first_name": "Ravi", "last_name": "Moss", "email": "ravi.moss@example.org"}
    return people.add_person(None, district, school=None, roles=[Roles.DISTRICT_ADMIN], **admin).user


def _browser(reader: User) -> Client:
    client = Client(SERVER_NAME="localhost")
    with tenancy.support():
        people.set_password(reader, "a password for an hour")
        client.force_login(reader)
    return client


def _wait(name: str, ask: Callable[[], None]) -> Waited:
    ask()
    each = []
    for _ in range(REQUESTS[name]):
        began = time.perf_counter()
        ask()
        each.append(round((time.perf_counter() - began) * 1_000, 2))
    waited = Waited(name, each)
    sys.stderr.write(f"  {name}: median {waited.median:.0f} ms, p95 {waited.p95:.0f} ms\n")
    return waited


def _get(browser: Client, address: str) -> None:
    """Read a page. Raises AssertionError unless it is one."""
    answer = browser.get(address)
    if answer.status_code != 200:
        message = f"{address} answered {answer.status_code}"
        raise AssertionError(message)


def _list_address(draw: random.Random, some: list[User]) -> str:
    """A list somebody could ask for: of a role, filtered, sorted, searched for something rare, its last page."""
    asked = {
        "role": draw.choice(["", "", "student", "teacher", "admin", "assistant", "district_admin"]),
        "status": draw.choice(["active", "active", "suspended", "disabled", "any"]),
        "source": draw.choice(["", "", "", "Clever", "By hand"]),
        "protected": draw.choice(["", "", "", "", "1"]),
        "never": draw.choice(["", "", "", "", "1"]),
        "sort": draw.choice([f"{way}{sort}" for sort in ("name", "status", "sign_in") for way in ("", "-")]),
        "page": str(draw.choice([1, 1, 2, 3, draw.randint(4, 20), LAST, LAST])),
        "q": _rare(draw, draw.choice(some)) if draw.random() < 0.4 else "",
    }
    return f"{reverse('accounts')}?{urlencode({name: value for name, value in asked.items() if value})}"


def _rare(draw: random.Random, person: User) -> str:
    """What somebody types to find a person: some letters of both names, of the e-mail, digits, or nobody's name."""
    middle = draw.randint(0, 3)
    return draw.choice(
        [
            f"{person.first_name[:4]} {person.last_name[1:5]}",
            person.email.partition("@")[0][middle : middle + 7],
            str(draw.randint(10_000, 99_999)),
            "".join(draw.choices("qxzjvk", k=3)),
        ]
    )


def _run_address(draw: random.Random, run: Run, rows: int) -> str:
    asked = {
        "kind": draw.choice(["", "create", "join"]),
        "page": draw.choice([1, 2, draw.randint(1, rows // 50), LAST]),
    }
    return f"{reverse('sync', args=[run.pk])}?{urlencode(asked)}"


def _explain(connection: Connection, person: User) -> None:
    with tenancy.district(connection.district_id):
        if not explain(connection, user=person).facts:
            message = f"nothing was explained of {person.pk}"
            raise AssertionError(message)
