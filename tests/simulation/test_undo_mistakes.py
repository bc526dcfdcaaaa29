"""The checks of undo would notice: each mistake planted in its SQL is found on a few seeds."""

from __future__ import annotations

import pytest
from django.db import Error

from rostering.undo import CannotUndo
from tests.simulation import decisions
from tests.simulation.mistakes import Mistake, planted

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("lab")]

SEEDS = range(60)
CHECKS = (decisions.back_by_part, decisions.back, decisions.forth)

MISTAKES = [
    Mistake(
        "a school's undo turns back its sister's rows",
        "undo.applied",
        "(%(schools)s::bigint[] IS NULL OR c.school_id = ANY (%(schools)s::bigint[]))",
        "true",
    ),
    Mistake("hand edits are overwritten", "undo.inverse", "AND x.stored = c.after ->> x.name", ""),
    Mistake("pins lose", "undo.inverse", "AND NOT p.fields && ARRAY[CASE", "AND NOT '{}'::text[] && ARRAY[CASE"),
    Mistake("held rows are undone too", "undo.applied", "c.hold_id IS NULL AND n.applied_at IS NOT NULL", "true"),
    Mistake("who joined stays", "undo.inverse", "AND NOT c.before ? 'roles' AND m.status = 'active'", "AND false"),
    Mistake("new ids stay", "undo.inverse", "c.kind IN ('adopt', 'relink')", "c.kind = 'adopt'"),
    Mistake("ids are not tied again", "undo.inverse", "WHERE c.before ? 'links'", "WHERE false"),
    Mistake("the next night does it again", "undo.refuse", "c.external_id, c.school", "'-', c.school"),
]  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_is_found(mistake: Mistake) -> None:
    with planted(mistake):
        assert any(_noticed(seed) for seed in SEEDS), f"{mistake.name}: not noticed on {len(SEEDS)} seeds"


def _noticed(seed: int) -> bool:
    try:
        return any(check(seed) for check in CHECKS)
    except (Error, CannotUndo):
        # Refused by the database, or an undo that left nothing to the other schools.
        return True
