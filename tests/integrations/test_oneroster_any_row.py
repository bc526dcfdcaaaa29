"""OneRoster orgs in our words, and rows that hold anything at all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from integrations.oneroster.mapping import ROLE_DEFAULTS, read, read_org
from integrations.records import Person, Place
from tests.integrations.oneroster_rows import HOME, ORGS, TODAY, A, held, ref, user


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ({"sourcedId": "2", "name": " Alder ", "type": "School", "identifier": 12, "parent": ref(HOME)},
         Place("2", "Alder", "school", "12", HOME)),
        ({"sourcedId": 2, "type": "district", "parent": "", "identifier": None}, Place("2", "2", "district")),
        ({"sourcedId": "2", "name": "a\0", "type": ["school"], "parent": HOME}, Place("2", "2", "", "", HOME)),
        ({"sourcedId": "2", "type": "school", "status": "tobedeleted"}, None),
        ({"sourcedId": "", "type": "school"}, None),
        ({"type": "school"}, None),
    ],
)  # fmt: skip
def test_orgs(row: dict[str, Any], place: Place | None) -> None:
    """Of any type, by their ids; one that is to be deleted is none."""
    assert read_org(row) == place


SCALAR: st.SearchStrategy[Any] = st.none() | st.booleans() | st.integers(-9, 99) | st.floats() | st.text(max_size=4)
SCALAR |= st.sampled_from([A, HOME, "unseen", TODAY, "true", *ROLE_DEFAULTS])
JSON: st.SearchStrategy[Any] = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(held("", ""))), inner, max_size=3),
    max_leaves=6,
)
NAMES = [*user(), "roles", "primaryOrg", "orgSourcedIds", "userMasterIdentifier"]


@settings(max_examples=200, deadline=None)
@given(row=st.dictionaries(st.sampled_from(NAMES), JSON), fields=st.dictionaries(st.sampled_from(NAMES), JSON))
def test_any_json_object_is_read_without_raising(row: dict[str, Any], fields: dict[str, Any]) -> None:
    """To nobody, to a person with a problem and an id at most, or to texts a database takes."""
    for data in (row, user(**fields)):
        person = read(data, ORGS, TODAY)
        read_org(data)
        if person is None:
            continue
        if person.problem:
            assert person == Person(person.external_id, problem=person.problem)
        texts = [*person[:4], *(part for role in person.roles for part in role if part is not None)]
        assert all(type(text) is str for text in texts)
        assert "\0" not in "".join(texts)
        "".join(texts).encode()
