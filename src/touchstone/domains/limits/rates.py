"""Rate limits that several processes keep together: each leases tokens in batches and counts down by itself."""

import asyncio
import hashlib
import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import structlog

from touchstone.database.executor import Executor
from touchstone.domains.limits.model import LOGIN_WINDOW_SECONDS, Lease, Limit, TooManyAttempts, TooManyRequests
from touchstone.domains.limits.repository import RateAllowanceRepository
from touchstone.errors import Unavailable
from touchstone.http.caller import Caller

log: Any = structlog.get_logger("touchstone.limits")

MOST_SUBJECTS = 10_000
LEASE_TIMEOUT_SECONDS = 1.0
# while the database is away nobody is held up, and it is asked again only so often
UNLIMITED_SECONDS = 5.0
# whoever has used everything up costs a statement at most so often
LEAST_WAIT_SECONDS = 0.5
ADDRESSES_PER_ACCOUNT = 10


class Bucket:
    """What this process holds of a subject's tokens; `left` is what the table held `at` the time of the lease."""

    __slots__ = ("at", "denied_until", "leasing", "left", "tokens", "unlimited_until")

    def __init__(self) -> None:
        self.tokens = self.left = self.at = self.denied_until = self.unlimited_until = 0.0
        self.leasing = asyncio.Lock()


class RateLimiter:
    """One per process. Without a limit nobody of that kind is held up."""

    def __init__(
        self,
        database: Executor,
        *,
        principal: Limit | None,
        address: Limit | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.database = database
        self.principal = principal
        self.address = address
        self.clock = clock
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    async def charge(self, caller: Caller) -> dict[str, str]:
        """One request to the principal, or to the address of somebody unknown. Answers headers that tell where he is.

        Raises TooManyRequests.
        """
        is_known = not caller.principal.is_anonymous
        limit = self.principal if is_known else self.address
        if limit is None:
            return {}
        return await self.take(caller.name if is_known else network_of(caller.address), limit)

    async def take(self, subject: str, limit: Limit) -> dict[str, str]:
        bucket = self._bucket(subject)
        if bucket.tokens < 1:
            async with bucket.leasing:
                if bucket.tokens < 1 and self.clock() >= max(bucket.denied_until, bucket.unlimited_until):
                    await self._lease(subject, limit, bucket)
        now = self.clock()
        if now < bucket.unlimited_until:
            return {}
        if bucket.tokens < 1:
            raise TooManyRequests(limit, bucket.denied_until - now)
        bucket.tokens -= 1
        left = min(limit.quota, bucket.left + bucket.tokens + (now - bucket.at) * limit.per_second)
        return {"RateLimit-Policy": limit.policy, "RateLimit": limit.standing(left)}

    def _bucket(self, subject: str) -> Bucket:
        bucket = self._buckets.get(subject)
        if bucket is None:
            bucket = self._buckets[subject] = Bucket()
            if len(self._buckets) > MOST_SUBJECTS:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(subject)
        return bucket

    async def _lease(self, subject: str, limit: Limit, bucket: Bucket) -> None:
        lease = await leased(self.database, subject, limit, limit.batch)
        now = self.clock()
        if lease is None:
            bucket.unlimited_until = now + UNLIMITED_SECONDS
            return
        bucket.tokens += lease.leased
        bucket.left, bucket.at = lease.tokens, now
        if lease.leased < 1:
            bucket.denied_until = now + max(LEAST_WAIT_SECONDS, (1 - lease.tokens) / limit.per_second)


class LoginThrottle:
    """Attempts at signing in, counted one by one for all processes: `account …` and `sign-in {address}` subjects."""

    def __init__(self, database: Executor, attempts: int) -> None:
        """So many for one account in a quarter of an hour, ten times as many from one address; zero: any number."""
        self.database = database
        self.account = Limit("account", attempts, LOGIN_WINDOW_SECONDS)
        self.address = Limit("address", attempts * ADDRESSES_PER_ACCOUNT, LOGIN_WINDOW_SECONDS)

    async def __call__(self, subject: str) -> None:
        """Raises TooManyAttempts."""
        kind, _, name = subject.partition(" ")
        limit = self.account if kind == "account" else self.address
        if not limit.quota:
            return
        # the table is no list of who tries to sign in from where
        digest = hashlib.sha256(name.strip().lower().encode()).hexdigest()
        lease = await leased(self.database, f"login {kind} {digest}", limit, 1)
        if lease is not None and lease.leased < 1:
            raise TooManyAttempts((1 - lease.tokens) / limit.per_second)


async def leased(database: Executor, subject: str, limit: Limit, wanted: int) -> Lease | None:
    """None, and a line in the log, while the database does not answer: it is no limit's business to close the door."""
    try:
        async with asyncio.timeout(LEASE_TIMEOUT_SECONDS):
            return await RateAllowanceRepository(database).lease(subject, limit, wanted)
    except (Unavailable, TimeoutError) as error:
        log.warning("limits are not kept while the database is away", reason=str(error) or type(error).__name__)
        return None


@lru_cache(MOST_SUBJECTS)
def network_of(address: str | None) -> str:
    """Whom an address stands for: itself, or the /64 that one customer gets of IPv6."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return f"address:{address or 'unknown'}"
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        return f"address:{mapped or ipaddress.ip_network((parsed, 64), strict=False)}"
    return f"address:{parsed}"
