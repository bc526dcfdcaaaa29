"""What can happen in a district: edits by name, in-process or through POST /_sandbox/world.

Every verb takes plain JSON values. Roles are told in 1.2's words as
{"role": word, "org": sourcedId}; the sandbox turns them into what its version says.
"""

from __future__ import annotations

import hashlib
from typing import Any

from integrations.oneroster.sandbox.district import District
from integrations.oneroster.sandbox.oddities import user_row
from integrations.oneroster.sandbox.rosters import DISTRICT_ORG, org_row
from integrations.oneroster.sandbox.wording import OVER, WITHOUT
from integrations.sandbox.server import WrongCommand

Row = dict[str, Any]
#: A change of roles in these words moves nobody out of the district's own office.
DISTRICT_ROLES = frozenset({"districtAdministrator", "systemAdministrator"})


class Edits:
    """The verbs of one district. Ids are sourcedIds."""

    def __init__(self, district: District) -> None:
        """Verbs for `district`."""
        self._district = district

    # Leaving and coming back.

    def remove_user(self, user: str) -> None:
        """Purge somebody: the row is gone."""
        self._district.remove(user)

    def restore_user(self, user: str) -> None:
        """Bring somebody back under the same id: purged, to be deleted or suspended before."""
        self._district.restore(user)
        self._change(user, status="active", enabledUser=True)

    def mark_deleted(self, user: str) -> None:
        """Keep the row with the status `tobedeleted`."""
        self._change(user, status="tobedeleted")

    def disable_user(self, user: str) -> None:
        """Keep the row with `enabledUser` false."""
        self._change(user, enabledUser=False)

    def enable_user(self, user: str) -> None:
        """Let somebody in again."""
        self._change(user, enabledUser=True)

    def keep_percent(self, percent: int) -> int:
        """Summer: of every hundred people, in the order of their ids, only the first few stay; how many are gone."""
        keys = list(self._district.people())
        gone = [key for at, key in enumerate(keys) if at % 100 >= percent]
        for identifier in [str(self._district.whole(key)["sourcedId"]) for key in gone]:
            self._district.remove(identifier)
        return len(gone)

    # People.

    def add_user(self, role: str, school: str | None, first: str = "New", last: str = "Person", email: str = "") -> str:
        """Add a person with one role at an org (None: at none); the new id."""
        return self._add(
            self._district.fresh_id(), role, school, {"givenName": first, "familyName": last, "email": email}
        )

    def add_user_first(self, role: str, school: str) -> str:
        """Add a person whose id stands before all others; the new id."""
        return self._add(self._district.fresh_id("!"), role, school, {"givenName": "New", "familyName": "First"})

    def put_user(self, user: str, fields: Row) -> None:
        """Put somebody under exactly this id; `fields` are a row's, the rest is empty."""
        self._put({**user_row(user, [], "Put", "Person"), **fields, "sourcedId": user})

    def rename_user(self, user: str, first: str | None = None, last: str | None = None) -> None:
        """Give somebody another name."""
        names = {"givenName": first, "familyName": last}
        self._change(user, **{field: value for field, value in names.items() if value is not None})

    def set_email(self, user: str, email: str) -> None:
        """Give somebody another email; "" takes it away."""
        self._change(user, email=email)

    def set_username(self, user: str, username: str) -> None:
        """Give somebody another username; "" takes it away."""
        self._change(user, username=username)

    def set_grades(self, user: str, grades: list[str]) -> None:
        """Put somebody into these grades."""
        self._change(user, grades=grades)

    def set_roles(self, user: str, roles: list[Row]) -> None:
        """Give somebody these roles and no others."""
        self._change(user, roles=roles)

    def move_user(self, user: str, school: str) -> None:
        """Make `school` the only org of everything somebody does at schools."""
        roles = self._district.editable(user)["roles"]
        moved = {role["role"]: {**role, "org": school} for role in roles if role["role"] not in DISTRICT_ROLES}
        self._change(user, roles=[role for role in roles if role["role"] in DISTRICT_ROLES] + list(moved.values()))

    def set_fields(self, user: str, fields: Row) -> None:
        """Send these fields just so, whatever the version's own wording is; any JSON will do."""
        row = self._district.editable(user)
        self._change(user, **{OVER: {**row.get(OVER, {}), **fields}})

    def drop_fields(self, user: str, fields: list[str]) -> None:
        """Leave these fields out of what is sent."""
        row = self._district.editable(user)
        self._change(user, **{WITHOUT: sorted({*row.get(WITHOUT, ()), *fields})})

    # Ids.

    def change_id(self, user: str, new: str | None = None) -> str:
        """Give somebody another id: `new`, or the hash a merge makes of the name; the new id."""
        row = self._district.editable(user)
        merged = f"{row['givenName']}{row['familyName']}{row['username']}"
        key = new or hashlib.sha256(merged.encode()).hexdigest()[:32]
        self._district.remove(user)
        self._put({**row, "sourcedId": key})
        return key

    def change_all_ids(self, prefix: str = "s+") -> None:
        """Another student information system: everybody's id gets this prefix."""
        self._district.renumber(prefix)

    def split_user(self, user: str) -> list[str]:
        """Make one row for each of somebody's orgs: ids differ, everything else is the same."""
        row = self._district.editable(user)
        rows = [{**row, "sourcedId": f"{user}-{at}", "roles": [role]} for at, role in enumerate(row["roles"], 1)]
        self._district.remove(user)
        for each in rows:
            self._put(each)
        return [str(each["sourcedId"]) for each in rows]

    # Orgs.

    def unshare_school(self, school: str) -> None:
        """Stop sharing a school: those who are nowhere else go too, the others go on naming it."""
        self._org(school)
        self._district.hidden_schools.add(school)
        self._district.changed()

    def reshare_school(self, school: str) -> None:
        """Share it again: the same ids come back."""
        self._district.hidden_schools.discard(school)
        self._district.changed()

    def add_school(self, name: str) -> str:
        """Add a school; the new id."""
        return self.add_org(self._district.fresh_id("SCH"), name, "school")

    def add_org(self, org: str, name: str, kind: str, parent: str = DISTRICT_ORG) -> str:
        """Add an org of any type; its id."""
        self._district.orgs_by_id[org] = org_row(org, name, kind, "", parent)
        self._district.changed()
        return org

    def rename_school(self, school: str, name: str) -> None:
        """Give a school another name."""
        self._org(school).update(name=name, dateLastModified=self._district.now())
        self._district.changed()

    def remove_school(self, school: str) -> None:
        """Delete a school, whoever still names it."""
        self._org(school)
        self._district.orgs_by_id.pop(school)
        self._district.changed()

    def touch(self) -> None:
        """Another revision with nothing changed that we can see."""
        self._district.changed()

    def do(self, verb: str, args: Row) -> Any:
        """Call a verb by name, as a JSON command does. Raises `WrongCommand` for an unknown one."""
        if verb.startswith("_") or verb == "do" or not callable(getattr(type(self), verb, None)):
            raise WrongCommand(f"no such edit: {verb}")
        return getattr(self, verb)(**args)

    def _add(self, key: str, role: str, school: str | None, fields: Row) -> str:
        held: Row = {"role": role} if school is None else {"role": role, "org": school}
        row = user_row(key, [held], "", "")
        self._put({**row, "username": f"user{key}", "identifier": f"N{key}", **fields})
        return key

    def _change(self, user: str, **fields: Any) -> None:
        self._put({**self._district.editable(user), **fields})

    def _put(self, row: Row) -> None:
        self._district.put(row["sourcedId"], {**row, "dateLastModified": self._district.now()})

    def _org(self, org: str) -> Row:
        if org not in self._district.orgs_by_id:
            raise KeyError(f"no org {org}")
        return self._district.orgs_by_id[org]
