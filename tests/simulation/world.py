"""The words of the simulation: one district, one night, in plain Python.

Nothing here knows the product. Users and schools are small numbers, the synced
connection is `OURS` and any other one `OTHER`; the harness gives them real ids.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field

OURS = 1
OTHER = 2
STUDENT = "student"
DISTRICT_ADMIN = "district_admin"
ADMINS = frozenset({"admin", DISTRICT_ADMIN})
#: What a sign-in e-mail looks like: x@y.z, no spaces.
LOGIN = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


@dataclass
class Entry:
    """One role of a record: at which place, in which word, with which grade and number."""

    place: str | None
    word: str
    grade: str = ""
    number: str = ""


@dataclass
class Staged:
    """One record of tonight's listing. `problem` says why it could not be read."""

    external_id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    active: bool = True
    roles: list[Entry] = field(default_factory=list)
    legacy_ids: list[str] = field(default_factory=list)
    problem: str = ""

    @property
    def speaks(self) -> bool:
        """Whether this record may want anything."""
        return self.active and not self.problem


@dataclass
class Member:
    """A user at a school (or at the district). `source` is a connection, None a person."""

    roles: frozenset[str]
    status: str = "active"
    suspended_by: str = ""
    grade: str = ""
    number: str = ""
    source: int | None = None


@dataclass
class User:
    """One account with its memberships; the key None is the district."""

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    login_email: str | None = None
    profile_source: int | None = None
    deleted: bool = False
    members: dict[int | None, Member] = field(default_factory=dict)


@dataclass
class Link:
    """`external_id` at `connection` is `user`; kind is roster, legacy or sign_in."""

    external_id: str
    user: int
    kind: str = "roster"
    connection: int = OURS


@dataclass
class Pin:
    """The sync must not change `field` of `user` (at `school`, or of the person)."""

    user: int
    school: int | None
    field: str
    expired: bool = False


@dataclass
class Answer:
    """A person's word: this record is, or is not, that user."""

    external_id: str
    user: int
    same: bool


@dataclass
class Refusal:
    """A change at this school that was rejected. `record` is what the source said then (None: nothing)."""

    external_id: str
    school: int | None
    record: Staged | None
    same_settings: bool = True
    lifted: bool = False


@dataclass
class Place:
    """The source's school `external_id` is our `school`."""

    external_id: str
    school: int
    active: bool = True


@dataclass
class Proof:
    """What the listing says about itself; `places` are those the source shares."""

    places: list[str] = field(default_factory=list)
    announced_right: bool = True
    closed: bool = True


@dataclass
class Past:
    """A sync suspended this user at this school so many days ago, without anybody's yes."""

    user: int
    school: int | None
    days: int


@dataclass
class Waiting:
    """A change of this kind waits in a hold that nobody has decided."""

    external_id: str
    school: int | None
    kind: str
    reason: str


@dataclass
class Before:
    """An earlier sync, so many hours ago, of what the source says is from `moment` ("": it does not say).

    `kept` are those of whom it said "missed" (the first time) or "unanswered", by external id. It
    does not count where it proved nothing, was a preview or an undo.
    """

    hours: float
    kept: dict[str, str]
    counts: bool = True
    moment: str = ""


@dataclass
class World:
    """A district, its connection, what the source says tonight, and what it said of each id when last heard."""

    schools: dict[int, bool] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)
    role_map: dict[str, list[str]] = field(default_factory=dict)
    users: dict[int, User] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    pins: list[Pin] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    last: list[Staged] = field(default_factory=list)
    listing: list[Staged] = field(default_factory=list)
    proof: Proof = field(default_factory=Proof)
    replies: dict[str, str] = field(default_factory=dict)
    budget: int = 200
    limits: dict[str, float] = field(default_factory=dict)
    school_limits: dict[int, dict[str, float]] = field(default_factory=dict)
    past: list[Past] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    made_by: int | None = None
    asks: bool = True
    moment: str = ""
    before: list[Before] = field(default_factory=list)

    def copy(self) -> World:
        """The same world, to be changed without changing this one."""
        return copy.deepcopy(self)


def key(external_id: str) -> bytes:
    """How external ids are ordered: byte for byte."""
    return external_id.encode()


def login_form(email: str) -> str | None:
    """The folded e-mail if one can sign in by it, else None."""
    folded = email.strip(" \t\r\n").lower()
    return folded if LOGIN.fullmatch(folded) else None
