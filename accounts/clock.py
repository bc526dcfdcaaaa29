"""Times as people read them: Eastern first, because nights are Eastern, then the reader's own."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.timezone import now

EASTERN = ZoneInfo("America/New_York")
#: When every connected source is read.
NIGHTLY = time(23, 0)
WEEK = 7


def next_night(after: datetime | None = None) -> datetime:
    """The next 11:00 PM Eastern."""
    start = (after or now()).astimezone(EASTERN)
    tonight = datetime.combine(start.date(), NIGHTLY, EASTERN)
    return tonight if start < tonight else datetime.combine(start.date() + timedelta(days=1), NIGHTLY, EASTERN)


def both(moment: datetime, zone_name: str) -> str:
    """For example "Tue Aug 5, 11:00 PM Eastern (8:00 PM your time)"."""
    eastern = moment.astimezone(EASTERN)
    words = f"{_day(eastern)}, {_hour(eastern)} Eastern"
    theirs = moment.astimezone(zone(zone_name))
    if theirs.utcoffset() == eastern.utcoffset():
        return words
    other_day = "" if theirs.date() == eastern.date() else f"{_day(theirs)}, "
    return f"{words} ({other_day}{_hour(theirs)} your time)"


def briefly(moment: datetime, zone_name: str) -> str:
    """For a table, in the reader's own zone: "Today 8:02 AM", "Mon 8:02 AM", "Nov 3", "Nov 3, 2025"."""
    theirs, today = moment.astimezone(zone(zone_name)), now().astimezone(zone(zone_name)).date()
    days = (today - theirs.date()).days
    if days in {0, 1}:
        return f"{('Today', 'Yesterday')[days]} {_hour(theirs)}"
    if 1 < days < WEEK:
        return f"{theirs:%a} {_hour(theirs)}"
    return f"{theirs:%b} {theirs.day}" + ("" if theirs.year == today.year else f", {theirs.year}")


def tonight(zone_name: str) -> str:
    """The next night, in the words of the help pages: "tonight 11:00 PM Eastern"."""
    night = next_night()
    words = both(night, zone_name)
    today = now().astimezone(EASTERN).date()
    return words.replace(f"{_day(night)}, ", "tonight ", 1) if night.date() == today else words


def written(words: str) -> datetime | None:
    """A time as a source wrote it (ISO 8601, UTC where it names no zone); None for what is none."""
    try:
        when = datetime.fromisoformat(words)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def zone(name: str) -> ZoneInfo:
    """The time zone of this name; Eastern for one that does not exist."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return EASTERN


def _day(moment: datetime) -> str:
    return f"{moment:%a %b} {moment.day}"


def _hour(moment: datetime) -> str:
    return f"{moment.hour % 12 or 12}:{moment:%M %p}"
