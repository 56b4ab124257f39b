"""Dates and times: ISO 8601 with or without an offset, a date alone, or unix seconds (milliseconds from 2e10 on).

A time without an offset is UTC, and every time comes out in UTC. The words of the faults are speedate's, as the
contracts' clients get to read them.
"""

import math
import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from touchstone.http.decoding.faults import Faults, Plan, refuse

_DATE_PARTS = (("year", 0, 4), ("month", 5, 7), ("day", 8, 10))
_TIME = re.compile(
    r"[Tt_ ](?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:[.,](?P<fraction>\d+))?)?"
    r"(?P<offset>[Zz]|[+-](?:[01]\d|2[0-3]):?[0-5]\d)?",
    re.ASCII,
)
_UNIX = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_MILLISECONDS_FROM = 2e10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXTRA_CHARACTERS = "unexpected extra characters at the end of the input"


class _UnreadableError(Exception):
    """Carries the words."""


class _OutOfRangeError(_UnreadableError):
    """Well written, and no time that a datetime can hold."""


def instant() -> Plan:
    return Plan(_instant, exact=False)


def _instant(value: Any, faults: Faults) -> Any:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return refuse(faults, "datetime_type", "Input should be a valid datetime", value)
    try:
        return _read_instant(value)
    except _OutOfRangeError as error:
        kind, words = "datetime_parsing", f"Input should be a valid datetime, {error}"
        return refuse(faults, kind, words, value, error=str(error))
    except _UnreadableError as error:
        kind, words = "datetime_from_date_parsing", f"Input should be a valid datetime or date, {error}"
        return refuse(faults, kind, words, value, error=str(error))


def _read_instant(value: str | int | float) -> datetime:
    if not isinstance(value, str) or _UNIX.fullmatch(value):
        return _from_unix(float(value))
    day = _read_date(value)
    if len(value) == 10:
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    if not (found := _TIME.fullmatch(value, 10)):
        raise _UnreadableError(_EXTRA_CHARACTERS)
    return _at(day, found)


def _at(day: date, found: re.Match[str]) -> datetime:
    micro = int((found["fraction"] or "0")[:6].ljust(6, "0"))
    clock = int(found["hour"]), int(found["minute"]), int(found["second"] or 0), micro
    local = datetime(day.year, day.month, day.day, *clock, tzinfo=_zone(found["offset"]))
    try:
        return local.astimezone(UTC)
    except OverflowError:
        raise _OutOfRangeError("the time in UTC is out of range") from None


def _zone(offset: str | None) -> timezone:
    if not offset or offset in "Zz":
        return UTC
    minutes = int(offset[1:3]) * 60 + int(offset[-2:])
    return timezone(timedelta(minutes=minutes if offset[0] == "+" else -minutes))


def _from_unix(seconds: float) -> datetime:
    if math.isnan(seconds):
        raise _OutOfRangeError("NaN values not permitted")
    if abs(seconds) > _MILLISECONDS_FROM:
        seconds /= 1000
    try:
        return _EPOCH + timedelta(microseconds=round(seconds * 1_000_000))
    except OverflowError:
        direction = "after 9999" if seconds > 0 else "before 0000"
        raise _OutOfRangeError(f"dates {direction} are not supported as unix timestamps") from None


def _read_date(value: str) -> date:
    if len(value) < 10:
        raise _UnreadableError("input is too short")
    numbers: list[int] = []
    for name, start, end in _DATE_PARTS:
        digits = value[start:end]
        if not (digits.isascii() and digits.isdigit()):
            raise _UnreadableError(f"invalid character in {name}")
        if end < 10 and value[end] != "-":
            raise _UnreadableError("invalid date separator, expected `-`")
        numbers.append(int(digits))
    return _checked_date(*numbers)


def _checked_date(year: int, month: int, day: int) -> date:
    if not 1 <= month <= 12:
        raise _UnreadableError("month value is outside expected range of 1-12")
    if year == 0:
        raise _OutOfRangeError("year 0 is out of range")
    try:
        return date(year, month, day)
    except ValueError:
        raise _UnreadableError("day value is outside expected range") from None


def calendar_day() -> Plan:
    return Plan(_calendar_day)


def _calendar_day(value: Any, faults: Faults) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return refuse(faults, "date_type", "Input should be a valid date", value)
    try:
        # the offset plays no part: the day is the one that is written
        found = _read_day(value) if isinstance(value, str) else _read_instant(value)
    except _UnreadableError as error:
        words = f"Input should be a valid date or datetime, {error}"
        return refuse(faults, "date_from_datetime_parsing", words, value, error=str(error))
    if not _is_whole_day(value, found):
        return _refuse_inexact(faults, value)
    return found.date() if isinstance(found, datetime) else found


def _read_day(value: str) -> date:
    if _UNIX.fullmatch(value):
        return _read_instant(value)
    day = _read_date(value)
    if len(value) > 10 and not _TIME.fullmatch(value, 10):
        starts_a_time = value[10] in "Tt_ "
        separator = "invalid datetime separator, expected `T`, `t`, `_` or space"
        raise _UnreadableError(_EXTRA_CHARACTERS if starts_a_time else separator)
    return day


def _is_whole_day(value: str | int | float, found: date) -> bool:
    if isinstance(found, datetime):
        return found.time() == datetime.min.time()
    clock = _TIME.fullmatch(value, 10) if isinstance(value, str) else None
    return clock is None or not any(int(clock[part] or 0) for part in ("hour", "minute", "second", "fraction"))


def _refuse_inexact(faults: Faults, value: Any) -> Any:
    words = "Datetimes provided to dates should have zero time - e.g. be exact dates"
    return refuse(faults, "date_from_datetime_inexact", words, value)
