"""What can happen in a district: edits by name, in-process or through POST /_sandbox/world.

Every verb takes plain JSON values. SIS-side verbs (delete, rename, move …) change the
district; sharing verbs change only what the app may see.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from integrations.clever.sandbox.district import EMPLOYEES, District
from integrations.clever.sandbox.rosters import STAMP, school_row
from integrations.sandbox.server import WrongCommand

Row = dict[str, Any]


class Edits:
    """The verbs of one district. Ids are Clever's."""

    def __init__(self, district: District) -> None:
        """Verbs for `district`."""
        self._district = district

    # Sharing.

    def unshare_school(self, school: str) -> None:
        """Stop sharing a school: its people go unless another shared school keeps them."""
        with self._district.changing():
            self._district.hidden_schools.add(school)

    def share_school(self, school: str) -> None:
        """Share it again: the same ids come back."""
        with self._district.changing():
            self._district.hidden_schools.discard(school)

    def unshare_role(self, word: str) -> None:
        """Switch a role off on the Data Access page."""
        with self._district.changing():
            self._district.hidden_roles.add(word)

    def share_role(self, word: str) -> None:
        """Switch a role on again."""
        with self._district.changing():
            self._district.hidden_roles.discard(word)

    def unshare_user(self, user: str) -> None:
        """Stop sharing one person."""
        with self._district.changing(user):
            self._district.hidden_users.add(user)

    def share_user(self, user: str) -> None:
        """Share one person again."""
        with self._district.changing(user):
            self._district.hidden_users.discard(user)

    # People.

    def add_user(self, roles: Row, first: str = "New", last: str = "Person", email: str | None = None) -> str:
        """Add a person with these Clever roles; the new id."""
        key = self._district.fresh_id()
        name = {"first": first, "middle": "", "last": last}
        row: Row = {"id": key, "district": self._district.id, "name": name, "roles": roles}
        row |= {"created": STAMP, "last_modified": STAMP}
        if email is not None:
            row["email"] = email
        return self._put(key, row)

    def put_user(self, data: Row, at: str | None = None) -> str:
        """Put any object among the users, however wrong; where it stands in the order."""
        key = at or data.get("id") or self._district.fresh_id()
        return self._put(str(key), data)

    def delete_user(self, user: str) -> None:
        """Delete somebody in the SIS."""
        with self._district.changing(user):
            self._district.remove(user)

    def restore_user(self, user: str) -> None:
        """Bring a deleted person back under the same id."""
        with self._district.changing(user):
            self._district.restore(user)

    def rename_user(self, user: str, first: str | None = None, last: str | None = None) -> None:
        """Give somebody another name."""
        row = self._district.editable(user)
        name = {**(row.get("name") or {})}
        name |= {key: value for key, value in (("first", first), ("last", last)) if value is not None}
        self._put(user, {**row, "name": name})

    def set_email(self, user: str, email: str | None) -> None:
        """Change an email and keep the id; None takes the field away."""
        row = self._district.editable(user)
        row.pop("email", None)
        self._put(user, row if email is None else {**row, "email": email})

    def move_user(self, user: str, school: str) -> None:
        """Make `school` the only school of every role that has schools."""
        row = self._district.editable(user)
        for role in row["roles"].values():
            if "schools" in role:
                role["schools"] = [school]
            if "school" in role:
                role["school"] = school
        self._put(user, row)

    def set_role(self, user: str, word: str, fields: Row | None) -> None:
        """Give a role these fields (new, or over the ones it has); None takes the role away."""
        row = self._district.editable(user)
        roles = row.setdefault("roles", {})
        if fields is None:
            roles.pop(word, None)
        else:
            roles[word] = {**roles.get(word, {}), **fields}
        self._put(user, row)

    def reverse_keys(self, user: str) -> None:
        """Give the same person with every object's keys the other way round."""
        self._put(user, _reversed(self._district.editable(user)))

    # Ids. Clever: the id itself changes in three cases, and nothing points to the old one.

    def change_sis_id(self, user: str, sis_id: str) -> str:
        """Change the SIS id: the old id is gone, the same person comes under a new one."""
        row = self._district.editable(user)
        for role in row["roles"].values():
            if "sis_id" in role:
                role["sis_id"] = sis_id
        return self._replace([user], [row])[0]

    def change_email(self, user: str, email: str) -> str:
        """Change an employee's email, which changes the id; a person of several roles is split first."""
        row = self._district.editable(user)
        return self._replace([user], [{**row, "email": email}])[0]

    def merge_users(self, teacher: str, staff: str) -> str:
        """Give two employees one email: one person under a new id, with both legacy ids."""
        one, other = self._district.editable(teacher), self._district.editable(staff)
        return self._replace([teacher, staff], [{**one, "roles": {**other["roles"], **one["roles"]}}])[0]

    def split_user(self, user: str, emails: dict[str, str] | None = None) -> list[str]:
        """Take an employee of several roles apart: a new id for each role, in the order of `roles`."""
        row = self._district.editable(user)
        rows = []
        for word in EMPLOYEES:
            if word in row["roles"]:
                email = (emails or {}).get(word, f"{word}.{row.get('email') or 'split@example.net'}")
                rows.append({**row, "email": email, "roles": {word: row["roles"][word]}})
        return self._replace([user], rows)

    # Schools and the district.

    def add_school(self, name: str) -> str:
        """Add a school; the new id."""
        key = f"61{self._district.fresh_id()[2:]}"
        with self._district.changing():
            self._district.school_rows()[key] = school_row(key, self._district.id, name, "", "", "")
        return key

    def rename_school(self, school: str, name: str) -> None:
        """Give a school another name."""
        with self._district.changing():
            self._district.school_rows()[school]["name"] = name

    def delete_school(self, school: str) -> None:
        """Delete a school, whoever still names it."""
        with self._district.changing():
            self._district.school_rows().pop(school)

    def set_district(self, **fields: Any) -> None:
        """Change the district's own fields; None takes one away."""
        before = dict(self._district.row)
        row = {**before, **fields}
        self._district.row = {key: value for key, value in row.items() if value is not None}
        self._district.events.record("districts", before, self._district.row)

    def pause(self, start: str, end: str) -> None:
        """Pause the district's own sync: its data stays as it is, sharing can still change."""
        self.set_district(state="paused", pause_start=start, pause_end=end)

    def hold(self, error: str = "A large change waits for the district.") -> None:
        """Put the district's own sync on hold with an error."""
        self.set_district(state="pending", error=error)

    def resume(self) -> None:
        """End a pause or a hold."""
        self.set_district(state="running", error="", pause_start=None, pause_end=None)

    def sync(self, at: str | None = None) -> str:
        """The SIS delivers: `last_sync` moves to `at` or now, unless paused or on hold; what it is then."""
        if self._district.row.get("state") in {"running", "success"}:
            now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            self.set_district(last_sync=at or now)
        return str(self._district.row.get("last_sync", ""))

    # Access.

    def revoke(self) -> None:
        """Disconnect the app: no row in the token list, and the token is dead."""
        self._district.connected = False

    def reconnect(self) -> None:
        """Connect the app again, under another token."""
        self._district.connected = True
        self._district.new_token()

    def rotate_token(self) -> None:
        """Another token for the same consent; the old one is dead."""
        self._district.new_token()

    def secure_sync(self, *, on: bool) -> None:
        """Whether the app may read the roster at all, or only the district."""
        self._district.secure_sync = on

    def enable_events(self, *, on: bool = True, previous: bool = True) -> None:
        """Record events from now on, with or without previous attributes."""
        self._district.events.enabled = on
        self._district.events.previous = previous

    def do(self, verb: str, args: Row) -> Any:
        """Call a verb by name, as a JSON command does. Raises `WrongCommand` for an unknown one."""
        if verb.startswith("_") or verb == "do" or not callable(getattr(type(self), verb, None)):
            raise WrongCommand(f"no such edit: {verb}")
        return getattr(self, verb)(**args)

    def _put(self, key: str, row: Row) -> str:
        with self._district.changing(key):
            self._district.put(key, row)
        return key

    def _replace(self, old: list[str], rows: list[Row]) -> list[str]:
        fresh = [self._district.fresh_id() for _ in rows]
        with self._district.changing(*old, *fresh):
            for key in old:
                self._district.remove(key)
            for key, row in zip(fresh, rows, strict=True):
                self._district.put(key, {**row, "id": key})
        return fresh


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reversed(value[key]) for key in reversed(value)}
    return value
