"""What each path of OneRoster lists, and the one object it names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from integrations.oneroster.sandbox.district import District
from integrations.oneroster.sandbox.query import Listing
from integrations.oneroster.sandbox.wording import ROLES_11, Wording

Row = dict[str, Any]
#: The type of what each collection holds; its envelope is called so.
KINDS = {
    "users": "users",
    "students": "users",
    "teachers": "users",
    "orgs": "orgs",
    "schools": "orgs",
    "classes": "classes",
    "courses": "courses",
    "enrollments": "enrollments",
    "academicSessions": "academicSessions",
    "terms": "academicSessions",
    "gradingPeriods": "academicSessions",
}
SINGULAR = {
    "users": "user",
    "orgs": "org",
    "classes": "class",
    "courses": "course",
    "enrollments": "enrollment",
    "academicSessions": "academicSession",
}
ROLE_OF = {"students": "student", "teachers": "teacher"}
SESSION_TYPES = {"terms": {"semester", "term"}, "gradingPeriods": {"gradingPeriod"}}
COMMON = frozenset({"sourcedId", "status", "dateLastModified"})
NAMES = COMMON | {"username", "userIds", "enabledUser", "givenName", "familyName", "middleName", "identifier"}
USER = NAMES | {"email", "sms", "phone", "agents", "grades", "password"}
FIELDS: dict[str, frozenset[str]] = {
    "orgs": COMMON | {"name", "type", "identifier", "parent"},
    "classes": COMMON | {"title", "classType", "classCode", "course", "school", "terms"},
    "courses": COMMON | {"title", "courseCode", "org"},
    "enrollments": COMMON | {"role", "primary", "beginDate", "endDate", "user", "class", "school"},
    "academicSessions": COMMON | {"title", "type", "startDate", "endDate", "schoolYear", "parent"},
}
USERS_11 = USER | {"role", "orgs"}
USERS_12 = USER | {"roles", "primaryOrg", "userMasterIdentifier", "preferredFirstName", "pronouns"}


class Collections:
    """One district as one server words it; nothing is known of requests."""

    def __init__(self, district: District, wording: Wording, *, teacher_among_students: bool = False) -> None:
        """`teacher_among_students` puts its teacher among the students of a class."""
        self._district = district
        self._wording = wording
        self._mixed = teacher_among_students

    def listed(self, name: str) -> Listing:
        """A whole collection."""
        if name == "users":
            return self._people(name, self._district.people())
        if name in ROLE_OF:
            keys = self._district.kept((name, self._wording.version), lambda: self._with_role(ROLE_OF[name]))
            return self._people(name, keys)
        return self._rows(name, name, self._every(name))

    def one(self, name: str, identifier: str) -> Row | None:
        """One object of a collection, as it is sent."""
        if KINDS[name] == "users":
            user = self._district.user(identifier)
            if user is None or (name in ROLE_OF and not self._is(user, ROLE_OF[name])):
                return None
            return self._wording.user(user)
        found = (row for row in self._every(name) if row["sourcedId"] == identifier)
        row = next(found, None)
        return None if row is None else self._words(KINDS[name])(row)

    def below(self, path: list[str]) -> Listing | None:
        """What belongs to one object; None where there is no such object or no such collection."""
        if len(path) == 5 and (path[0], path[2]) == ("schools", "classes"):
            found = self.one("classes", path[3])
            fits = found is not None and found["school"]["sourcedId"] == path[1]
            return self.below(["classes", path[3], path[4]]) if fits else None
        if len(path) != 3 or path[0] not in KINDS or self.one(path[0], path[1]) is None:
            return None
        makers: dict[str, Callable[[str, str], Listing | None]] = {
            "schools": self._of_school,
            "classes": self._of_class,
            "terms": self._of_term,
        }
        if path[0] in makers:
            return makers[path[0]](path[1], path[2])
        if path[2] != "classes":
            return None
        return self._rows("classes", "/".join(path), self._classes_of(path[0], path[1]))

    def _of_school(self, school: str, part: str) -> Listing | None:
        name = f"schools/{school}/{part}"
        if part in ROLE_OF:
            rows = map(self._district.whole, self.listed(part).keys)
            at = (row for row in rows if any(role.get("org") == school for role in row["roles"]))
            return self._rows(part, name, self._district.kept((name, self._wording.version), lambda: list(at)))
        classes = [row for row in self._district.classes() if row["school"] == school]
        taught = {row["course"] for row in classes}
        found: dict[str, Callable[[], Iterable[Row]]] = {
            "classes": lambda: classes,
            "courses": lambda: (row for row in self._every("courses") if row["sourcedId"] in taught),
            "enrollments": lambda: (row for row in self._district.enrollments() if row["school"] == school),
            "terms": lambda: self._every("terms"),
        }
        return self._rows(part, name, found[part]()) if part in found else None

    def _of_class(self, key: str, part: str) -> Listing | None:
        name = f"classes/{key}/{part}"
        if part == "enrollments":
            return self._rows(part, name, (row for row in self._district.enrollments() if row["class"] == key))
        if part not in ROLE_OF:
            return None
        held = next(row for row in self._district.classes() if row["sourcedId"] == key)
        ids = [*held[part], *(held["teachers"] if self._mixed else [])] if part == "students" else held[part]
        users = (self._district.user(each) for each in sorted(ids))
        return self._rows(part, name, (row for row in users if row is not None))

    def _of_term(self, key: str, part: str) -> Listing | None:
        name = f"terms/{key}/{part}"
        if part == "classes":
            return self._rows(part, name, (row for row in self._district.classes() if key in row["terms"]))
        if part == "gradingPeriods":
            return self._rows(part, name, (row for row in self._every(part) if row["parent"] == key))
        return None

    def _classes_of(self, kind: str, key: str) -> list[Row]:
        if kind == "courses":
            return [row for row in self._district.classes() if row["course"] == key]
        return [row for row in self._district.classes() if key in row["students"] or key in row["teachers"]]

    def _every(self, name: str) -> list[Row]:
        if name in {"orgs", "schools"}:
            return [row for row in self._district.orgs() if name == "orgs" or row["type"] == "school"]
        if name == "classes":
            return self._district.classes()
        if name == "enrollments":
            return self._district.enrollments()
        if name == "courses":
            return self._district.roster.courses()
        sessions = self._district.roster.sessions()
        return [row for row in sessions if name == "academicSessions" or row["type"] in SESSION_TYPES[name]]

    def _with_role(self, word: str) -> list[Any]:
        return [key for key in self._district.people() if self._is(self._district.whole(key), word)]

    def _is(self, user: Row, word: str) -> bool:
        """1.1 knows one role of a person; 1.2 lists everybody who has it among others."""
        words = [ROLES_11.get(role["role"], role["role"]) for role in user["roles"]]
        return word in (words[:1] if self._wording.version == "1.1" else words)

    def _people(self, name: str, keys: Any) -> Listing:
        fields = USERS_11 if self._wording.version == "1.1" else USERS_12
        return Listing("users", name, keys, lambda key: self._wording.user(self._district.whole(key)), fields)

    def _rows(self, kind: str, name: str, rows: Iterable[Row]) -> Listing:
        typed = KINDS[kind]
        users = USERS_11 if self._wording.version == "1.1" else USERS_12
        return Listing(typed, name, list(rows), self._words(typed), FIELDS.get(typed, users))

    def _words(self, kind: str) -> Callable[[Row], Row]:
        wording = self._wording
        return {
            "users": wording.user,
            "orgs": wording.org,
            "classes": wording.one_class,
            "courses": wording.course,
            "enrollments": wording.enrollment,
            "academicSessions": wording.session,
        }[kind]
