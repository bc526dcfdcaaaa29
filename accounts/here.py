"""Where somebody is looking: at one of their schools, or at all of them.

The choice lies in the session and is made with the switcher in the header. It narrows
lists; whether a row may be opened at all is for `access` to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accounts.access import Reach, person, reach_of, schools_of

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import School

CHOSEN = "school"
#: More schools than this are searched, not listed.
LISTED = 200


@dataclass(frozen=True)
class Here:
    """`school` is the one looked at, None for all of `schools`, between which this person may choose."""

    reach: Reach
    school: School | None
    schools: tuple[School, ...]

    @property
    def switches(self) -> bool:
        """Whether there is anything to choose."""
        return len(self.schools) > 1

    @property
    def name(self) -> str:
        """What the header says."""
        return self.school.name if self.school else "All schools"


def here(request: HttpRequest) -> Here:
    """Where this request looks, read once."""
    known: Here | None = getattr(request, "_here", None)
    if known is None:
        known = _read(request)
        request._here = known  # type: ignore[attr-defined]  # noqa: SLF001 - lives as long as the request
    return known


def choose(request: HttpRequest, school: School | None) -> None:
    """Look at this school from now on; None for all of them."""
    request.session[CHOSEN] = school.pk if school else 0


def _read(request: HttpRequest) -> Here:
    reach = reach_of(person(request))
    if reach.everything:
        return Here(reach, None, ())
    if reach.administers:
        schools = tuple(schools_of(reach.user).order_by("name")[:LISTED])
    else:
        schools = tuple(each.school for each in reach.memberships if each.school)
    by_id = {each.pk: each for each in schools}
    chosen = request.session.get(CHOSEN)
    if len(schools) == 1 and not reach.district_wide:
        return Here(reach, schools[0], schools)
    if chosen is None and not reach.district_wide and schools:
        return Here(reach, schools[0], schools)
    return Here(reach, by_id.get(chosen or 0), schools)
