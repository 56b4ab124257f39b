"""What the answers of other services say about how often they may be asked.

RFC 9110, section 10.2.3 (Retry-After); `X-RateLimit-…` of GitHub and Jira, `RateLimit-…` of GitLab.
"""

import datetime as dt
import email.utils
from collections.abc import Mapping

UNSAID_SECONDS = 60.0
LONGEST_SECONDS = 86400.0
_RESETS = ("x-ratelimit-reset", "ratelimit-reset")
_REMAINING = ("x-ratelimit-remaining", "ratelimit-remaining")


def refused_until(status: int, headers: Mapping[str, str], body: bytes, now: float) -> float | None:
    """When to ask again, in seconds since 1970 as `now` is, if this answer refuses for asking too often; else None.

    `headers` finds names in lower case.
    """
    asked = _retry_after(headers, now)
    if status == 503:
        return asked
    is_limited = status == 429 or (status == 403 and (asked is not None or is_spent(headers) or _says_so(body)))
    if not is_limited:
        return None
    return asked or _reset(headers, now) or now + UNSAID_SECONDS


def spent_until(headers: Mapping[str, str], now: float) -> float | None:
    """When there is something left again, if this answer was the last one."""
    return _reset(headers, now) if is_spent(headers) else None


def is_spent(headers: Mapping[str, str]) -> bool:
    return any(headers.get(name, "").strip() == "0" for name in _REMAINING)


def _says_so(body: bytes) -> bool:
    """GitHub's secondary limit may come without any header."""
    return b"rate limit" in body[:2000].lower()


def _retry_after(headers: Mapping[str, str], now: float) -> float | None:
    written = headers.get("retry-after", "").strip()
    if not written:
        return None
    if written.isascii() and written.isdigit():
        return now + min(float(written), LONGEST_SECONDS)
    try:
        return _bounded(email.utils.parsedate_to_datetime(written), now)
    except ValueError:
        return None


def _reset(headers: Mapping[str, str], now: float) -> float | None:
    """GitHub and GitLab write seconds since 1970, Jira a time."""
    written = next((headers[name].strip() for name in _RESETS if name in headers), "")
    try:
        if written.isascii() and written.isdigit():
            return _within(float(written), now)
        return _bounded(dt.datetime.fromisoformat(written), now)
    except ValueError:
        return None


def _bounded(moment: dt.datetime, now: float) -> float:
    return _within((moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp(), now)


def _within(moment: float, now: float) -> float:
    """A moment that has passed is a clock apart from ours: a short wait, not none."""
    return min(max(moment, now + 1), now + LONGEST_SECONDS)
