"""What a row looks like on the wire, in either version and in the ways real servers deviate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote

Row = dict[str, Any]
BASES = {"1.1": "/ims/oneroster/v1p1", "1.2": "/ims/oneroster/rostering/v1p2"}
#: 1.1 knows eight roles; 1.2 splits its administrator into four and its aide into two.
ROLES_11 = {
    "counselor": "aide",
    "districtAdministrator": "administrator",
    "principal": "administrator",
    "siteAdministrator": "administrator",
    "systemAdministrator": "administrator",
}
BOOLEANS: dict[str, tuple[Any, Any]] = {
    "text": ("true", "false"),
    "boolean": (True, False),
    "number": (1, 0),
    "upper": ("TRUE", "FALSE"),
}
#: What of a row is the sandbox's own: fields put over the wording, and fields it must not have.
OVER, WITHOUT = "_over", "_without"


@dataclass(frozen=True, slots=True)
class Wording:
    """How one server writes.

    `absent` is how it says that there is nothing: "empty" ("" and []), "missing" or "null".
    `booleans` is one of `BOOLEANS`; `host` the address it puts into every href.
    """

    version: str
    host: str
    absent: str = "empty"
    booleans: str = "text"

    def user(self, row: Row) -> Row:
        """A user in this version."""
        roles = row["roles"]
        told: Row = {
            "sourcedId": row["sourcedId"],
            "status": row["status"],
            "dateLastModified": row["dateLastModified"],
            "username": row["username"],
            "userIds": row["userIds"],
            "enabledUser": self._boolean(value=row["enabledUser"]),
            "givenName": row["givenName"],
            "familyName": row["familyName"],
            "middleName": row["middleName"],
        }
        if self.version == "1.1":
            word = roles[0]["role"] if roles else ""
            told["role"] = ROLES_11.get(word, word)
            orgs = dict.fromkeys(each["org"] for each in roles if each.get("org"))
            told["orgs"] = self._references("orgs", "org", orgs)
        else:
            told |= self._user_12(row)
        told["identifier"] = row["identifier"]
        told["email"] = row["email"]
        told["sms"] = row["sms"]
        told["phone"] = row["phone"]
        told["agents"] = self._references("users", "user", row["agents"])
        told["grades"] = row["grades"]
        told["password"] = ""
        return self._finished(told, row)

    def org(self, row: Row) -> Row:
        """An org, the same in both versions."""
        told = _common(row, "name", "type", "identifier")
        told["parent"] = self._reference("orgs", "org", row["parent"]) if row["parent"] else ""
        return self._finished(told, row)

    def one_class(self, row: Row) -> Row:
        """A class."""
        told = _common(row, "title", "classType")
        told |= {"classCode": "", "location": "", "grades": [], "subjects": [], "periods": [], "subjectCodes": []}
        told["course"] = self._reference("courses", "course", row["course"])
        told["school"] = self._reference("orgs", "org", row["school"])
        told["terms"] = self._references("academicSessions", "academicSession", row["terms"])
        return self._finished(told, row)

    def course(self, row: Row) -> Row:
        """A course."""
        told = _common(row, "title", "courseCode")
        told |= {"grades": [], "subjects": [], "subjectCodes": []}
        told["org"] = self._reference("orgs", "org", row["org"])
        return self._finished(told, row)

    def enrollment(self, row: Row) -> Row:
        """Who is in which class."""
        told = _common(row, "role", "beginDate", "endDate")
        told["primary"] = self._boolean(value=row["role"] == "teacher")
        told["user"] = self._reference("users", "user", row["user"])
        told["class"] = self._reference("classes", "class", row["class"])
        told["school"] = self._reference("orgs", "org", row["school"])
        return self._finished(told, row)

    def session(self, row: Row) -> Row:
        """A school year, a semester or a grading period."""
        told = _common(row, "title", "type", "startDate", "endDate", "schoolYear")
        told["parent"] = self._reference("academicSessions", "academicSession", row["parent"]) if row["parent"] else ""
        return self._finished(told, row)

    def _user_12(self, row: Row) -> Row:
        roles = []
        for at, role in enumerate(row["roles"]):
            told = {"roleType": role.get("roleType", "secondary" if at else "primary"), "role": role["role"]}
            if role.get("org"):
                told["org"] = self._reference("orgs", "org", role["org"])
            told |= {key: role[key] for key in ("beginDate", "endDate") if role.get(key)}
            roles.append(told)
        main = next((role["org"] for role in row["roles"] if role.get("org")), "")
        return {
            "roles": roles,
            "primaryOrg": self._reference("orgs", "org", main) if main else "",
            "userMasterIdentifier": row.get("userMasterIdentifier", ""),
            "preferredFirstName": row.get("preferredFirstName", ""),
            "pronouns": "",
        }

    def _boolean(self, *, value: bool) -> Any:
        yes, no = BOOLEANS[self.booleans]
        return yes if value else no

    def _reference(self, collection: str, kind: str, identifier: str) -> Row:
        href = f"{self.host}{BASES[self.version]}/{collection}/{_quoted(identifier)}"
        return {"href": href, "sourcedId": identifier, "type": kind}

    def _references(self, collection: str, kind: str, identifiers: Iterable[str]) -> list[Row]:
        return [self._reference(collection, kind, each) for each in identifiers]

    def _finished(self, told: Row, row: Row) -> Row:
        if self.absent == "missing":
            told = {key: value for key, value in told.items() if value not in ("", [])}
        elif self.absent == "null":
            told = {key: None if value in ("", []) else value for key, value in told.items()}
        told |= row.get(OVER, {})
        for field in row.get(WITHOUT, ()):
            told.pop(field, None)
        return told


@lru_cache(10_000)
def _quoted(identifier: str) -> str:
    return quote(identifier, safe="")


def _common(row: Row, *fields: str) -> Row:
    return {field: row[field] for field in ("sourcedId", "status", "dateLastModified", *fields)}
