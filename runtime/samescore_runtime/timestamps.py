"""Dates and times of the contract: text or ``datetime`` to microseconds since 1970-01-01 UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

_FORM = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"(?:[T ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]{1,6}))?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
_EPOCH_DAY = date(1970, 1, 1).toordinal()


def _microseconds(day: int, seconds: int, fraction: int) -> int:
    return ((day - _EPOCH_DAY) * 86_400 + seconds) * 1_000_000 + fraction


def parse_timestamp(text: str) -> int | None:
    """Microseconds since 1970-01-01 UTC of a text, or None if it is no date or time the contract knows.

    The arithmetic is on plain integers: an offset may carry the first or last day out of the years ``datetime`` holds.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    part = match.groupdict(default="0")
    hour, minute, second = int(part["hour"]), int(part["minute"]), int(part["second"])
    offset = _offset(match["zone"])
    if hour > 23 or minute > 59 or second > 59 or offset is None:
        return None
    try:
        day = date(int(part["year"]), int(part["month"]), int(part["day"])).toordinal()
    except ValueError:
        return None
    return _microseconds(day, hour * 3600 + minute * 60 + second - offset, int(part["fraction"].ljust(6, "0")))


def _offset(zone: str | None) -> int | None:
    """Seconds east of UTC; None if there is no such offset."""
    if zone is None or zone == "Z":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 23 or minutes > 59:
        return None
    return (hours * 3600 + minutes * 60) * (-1 if zone[0] == "-" else 1)


def from_datetime(moment: date) -> int:
    """Microseconds since 1970-01-01 UTC of a ``datetime`` (UTC if naive) or a ``date`` (its first instant)."""
    if not isinstance(moment, datetime):
        return _microseconds(moment.toordinal(), 0, 0)
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    offset = aware.utcoffset()
    assert offset is not None
    seconds = aware.hour * 3600 + aware.minute * 60 + aware.second
    shift = (offset.days * 86_400 + offset.seconds) * 1_000_000 + offset.microseconds
    return _microseconds(aware.toordinal(), seconds, aware.microsecond) - shift
