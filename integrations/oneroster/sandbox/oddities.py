"""Records such as real rosters hold, one of each: what a reader has to survive.

An id is any text and is compared byte for byte; neither an email nor an identifier is
anybody's alone; a person may be at an org that is no school, that was not shared, or at none.
"""

from __future__ import annotations

from typing import Any

from integrations.oneroster.sandbox.rosters import DISTRICT_ORG, STAMP, org_row

Row = dict[str, Any]
LOCAL, DEPARTMENT, STATE = "L-7", "DEP 4", "ST"
#: An org that people name and nobody is shown.
UNSEEN = "404-unseen"


def odd_orgs() -> list[Row]:
    """Orgs that are no schools."""
    return [
        org_row(LOCAL, "Northern complex", "local", "L7", DISTRICT_ORG),
        org_row(DEPARTMENT, "Transportation", "department", "", UNSEEN),
        org_row(STATE, "State office", "state", "", ""),
    ]


def oddities(schools: list[str]) -> dict[str, Row]:
    """Named odd users, each with an id of its own."""
    found = {**_places(schools), **_ids(schools[0]), **_people(schools[0], schools[-1])}
    return {name: _row(name, f"odd-{at:03d}", fields) for at, (name, fields) in enumerate(found.items(), 1)}


def user_row(identifier: str, roles: list[Row], first: str, last: str) -> Row:
    """A user of whom the source says nothing else."""
    return {
        "sourcedId": identifier,
        "status": "active",
        "dateLastModified": STAMP,
        "username": "",
        "userIds": [],
        "enabledUser": True,
        "givenName": first,
        "familyName": last,
        "middleName": "",
        "roles": roles,
        "identifier": "",
        "email": "",
        "sms": "",
        "phone": "",
        "agents": [],
        "grades": [],
    }


def _row(name: str, identifier: str, fields: Row) -> Row:
    row = user_row(identifier, [], "Odd", name.replace("_", " ").title())
    return {**row, "username": name, "identifier": f"n-{name}", **fields}


def _at(word: str, *orgs: str) -> list[Row]:
    return [{"role": word, "org": org} for org in orgs]


def _typed(word: str, org: str, kind: str) -> Row:
    return {"role": word, "org": org, "roleType": kind}


def _places(schools: list[str]) -> dict[str, Row]:
    here, there = schools[0], schools[-1]
    return {
        "student_two_schools": {"roles": _at("student", here, there), "grades": ["05"]},
        "teacher_three_schools": {"roles": _at("teacher", *(schools * 3)[:3])},
        "teacher_and_aide": {"roles": [*_at("teacher", here), *_at("aide", there)]},
        "aide_and_teacher": {"roles": [*_at("aide", here), *_at("teacher", there)]},
        "student_here_aide_there": {"roles": [*_at("student", here), *_at("aide", there)], "grades": ["12"]},
        "secondary_first": {"roles": [_typed("teacher", here, "secondary"), _typed("aide", there, "primary")]},
        "staff_district": {"roles": _at("aide", DISTRICT_ORG)},
        "staff_local": {"roles": _at("aide", LOCAL)},
        "staff_department": {"roles": _at("proctor", DEPARTMENT)},
        "administrator_local": {"roles": _at("systemAdministrator", LOCAL)},
        "administrator_twice": {"roles": [*_at("districtAdministrator", DISTRICT_ORG), *_at("principal", here)]},
        "org_unseen": {"roles": _at("student", UNSEEN), "grades": ["03"]},
        "org_unseen_and_seen": {"roles": _at("teacher", UNSEEN, here)},
        "no_orgs": {"roles": [{"role": "student"}], "grades": ["04"]},
        "no_orgs_teacher": {"roles": [{"role": "teacher"}]},
        "ended_role": {"roles": [{**_at("teacher", here)[0], "beginDate": "2020-08-01", "endDate": "2021-06-30"}]},
        "future_role": {"roles": [{**_at("teacher", here)[0], "beginDate": "2040-08-01", "endDate": "2041-06-30"}]},
    }


def _ids(here: str) -> dict[str, Row]:
    student = {"roles": _at("student", here), "grades": ["02"]}
    ids = {
        "id_lower": "a1",
        "id_upper": "A1",
        "id_zeros": "00123",
        "id_no_zeros": "123",
        "id_blank_first": " 123",
        "id_pipe": "22|22",
        "id_blank": "odd 1",
        "id_slash": "odd/1",
        "id_percent": "odd%2F1",
        "id_plus": "odd+1",
        "id_underscore": "7_1111",
        "id_guid": "6F9619FF-8B86-D011-B42D-00CF4FC964FF",
        "id_prefixed": "s+123456",
        "id_long": "x" * 255,
    }
    return {name: {**student, "sourcedId": each} for name, each in ids.items()}


def _people(here: str, there: str) -> dict[str, Row]:
    student = {"roles": _at("student", here), "grades": ["01"]}
    teacher = {"roles": _at("teacher", here)}
    return {
        "sibling_one": {**student, "email": "the.same@oddities.example"},
        "sibling_two": {**student, "email": "the.same@oddities.example"},
        "no_email": student,
        "no_email_no_username": {**student, "username": "", "identifier": ""},
        "username_with_blank": {**teacher, "username": "Mary Archer"},
        "same_identifier_one": {**teacher, "identifier": "twice"},
        "same_identifier_two": {"roles": _at("teacher", there), "identifier": "twice"},
        "same_master_one": {**teacher, "userMasterIdentifier": "master-1"},
        "same_master_two": {"roles": _at("aide", there), "userMasterIdentifier": "master-1"},
        "suspended": {**student, "enabledUser": False},
        "to_be_deleted": {**student, "status": "tobedeleted"},
        "name_apostrophe": {**student, "givenName": "D'Andre", "familyName": "O'Neill"},
        "name_script": {**student, "givenName": "مريم", "familyName": "佐藤"},
        "name_long": {**student, "givenName": "Æ" * 300, "familyName": "x" * 300},
        "name_first_missing": {**student, "givenName": ""},
        "name_formula": {**student, "givenName": "=1+1", "familyName": "@x"},
        "preferred_name": {**student, "preferredFirstName": "Sam"},
        "grade_unknown": {**student, "grades": ["Ninth grade"]},
        "grade_unpadded": {**student, "grades": ["9"]},
        "grade_several": {**student, "grades": ["05", "11", "10"]},
        "grade_none": {**student, "grades": []},
        "guardian": {"roles": _at("guardian", here)},
        "parent": {"roles": _at("parent", here)},
        "relative": {"roles": _at("relative", there)},
        "parent_without_org": {"roles": [{"role": "parent"}]},
        "proctor": {"roles": _at("proctor", here)},
        "counselor": {"roles": _at("counselor", here)},
        "role_unknown": {"roles": _at("ext:nurse", here)},
        "role_capital": {"roles": _at("Teacher", here)},
    }
