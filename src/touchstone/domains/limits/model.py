"""How often somebody may ask, how much he may use, and what he is told when that is too much."""

import math

import msgspec

from touchstone.errors import Exhausted

MINUTE = 60
LOGIN_WINDOW_SECONDS = 900
QUOTA_DAYS = 30


class Limit(msgspec.Struct, frozen=True):
    """A token bucket: `quota` requests at once, refilled evenly over `window_seconds`; headers call it `name`."""

    name: str
    quota: int
    window_seconds: int = MINUTE

    @property
    def per_second(self) -> float:
        return self.quota / self.window_seconds

    @property
    def batch(self) -> int:
        """What a process leases at once: a twentieth, so that several share and few statements are needed."""
        return math.ceil(self.quota / 20)

    @property
    def policy(self) -> str:
        """As `RateLimit-Policy` has it (draft-ietf-httpapi-ratelimit-headers-10, section 3)."""
        return f'"{self.name}";q={self.quota};w={self.window_seconds}'

    def standing(self, left: float) -> str:
        """As `RateLimit` has it (section 4): what is left, and in how many seconds all of it will be there again."""
        seconds = math.ceil((self.quota - left) / self.per_second)
        return f'"{self.name}";r={max(0, int(left))};t={seconds}'


class Lease(msgspec.Struct, frozen=True):
    """What a bucket gave, and what it still holds."""

    leased: float
    tokens: float


class TooManyRequests(Exhausted):
    """Too many requests: {quota} are allowed in {window_seconds} seconds; wait {retry_after} seconds"""

    def __init__(self, limit: Limit, wait_seconds: float) -> None:
        self.retry_after_seconds = max(1, math.ceil(wait_seconds))
        super().__init__(quota=limit.quota, window_seconds=limit.window_seconds, retry_after=self.retry_after_seconds)
        self.headers = {"RateLimit-Policy": limit.policy, "RateLimit": limit.standing(0)}


class TooManyAttempts(Exhausted):
    """Too many attempts at signing in; wait {retry_after} seconds"""

    def __init__(self, wait_seconds: float) -> None:
        self.retry_after_seconds = max(1, math.ceil(wait_seconds))
        super().__init__(retry_after=self.retry_after_seconds)


class QuotaReached(Exhausted):
    """{sentence}"""


class Usage(msgspec.Struct, frozen=True):
    """Of one principal: jobs that have not ended, and what the jobs of the last 30 days spent."""

    running_jobs: int
    tokens: int
