"""Invented districts: of any size, the same every time, made as they are read."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from itertools import islice

import pytest

from integrations.clever.sandbox import CleverSandbox
from integrations.sandbox.districts import InventedDistrict


def test_the_same_seed_gives_the_same_people() -> None:
    """And another seed gives others."""
    one, same, other = (InventedDistrict(500, 4, seed) for seed in (1, 1, 2))
    people = [one.person(index) for index in range(500)]
    assert [same.person(index) for index in reversed(range(500))] == people[::-1]
    assert sum(other.person(index).last != person.last for index, person in enumerate(people)) > 400
    assert [one.school(index) for index in range(4)] == [same.school(index) for index in range(4)]


def test_what_a_district_is_made_of() -> None:
    """Mostly students, every kind, a tenth in two schools, grades that the school teaches."""
    district = InventedDistrict(5000, 6)
    people = [district.person(index) for index in range(5000)]
    kinds = Counter(person.kinds for person in people)
    assert kinds[("student",)] > 4000
    assert set(kinds) == {("student",), ("teacher",), ("staff",), ("teacher", "staff"), ("district_admin",)}
    assert 400 < sum(len(person.schools) == 2 for person in people) < 600
    assert all(len(set(person.schools)) == len(person.schools) for person in people)
    for person in people:
        grades = district.school(person.schools[0]).grades if person.kinds == ("student",) else ("",)
        assert person.grade in grades
    emails = [person.email for person in people if person.email]
    assert len(set(emails)) == len(emails)
    assert {person.grade for person in people if not person.email} == {"Kindergarten"}
    assert any(not person.first.isascii() for person in people)


def test_school_names_differ() -> None:
    """Even when there are more schools than names."""
    district = InventedDistrict(0, 120)
    assert len({district.school(index).name for index in range(120)}) == 120


@pytest.mark.parametrize("wrong", [(-1, 1), (1, 0), (1, 1, 1, -1)])
def test_impossible_districts(wrong: tuple[int, ...]) -> None:
    """Are refused."""
    with pytest.raises(ValueError, match="at least one school"):
        InventedDistrict(*wrong)


def test_a_large_district_takes_no_memory() -> None:
    """300,000 people, of whom the last page is as near as the first."""
    tracemalloc.start()
    try:
        sandbox = CleverSandbox()
        district = sandbox.add_district(people=300_000, schools=40)
        cursor = district.roster.id_at(299_990)
        assert len(list(district.users(cursor))) == 9
        assert sum(1 for _ in islice(district.users(), 2000)) == 2000
        assert district.shared_count() == 300_000
        sandbox.stop()
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


def test_one_district_comes_once() -> None:
    """Ids are made from the seed."""
    sandbox = CleverSandbox()
    sandbox.add_district(people=1, seed=5)
    with pytest.raises(ValueError, match="another seed"):
        sandbox.add_district(people=2, seed=5)
    sandbox.stop()
