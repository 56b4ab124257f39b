"""Counting down leased tokens in one process, with a table that a test plays."""

import asyncio
from typing import Any

import pytest

from touchstone.domains.limits.model import Lease, Limit, TooManyRequests
from touchstone.domains.limits.rates import MOST_SUBJECTS, UNLIMITED_SECONDS, RateLimiter, network_of
from touchstone.errors import Unavailable
from touchstone.http.caller import Caller, Principal

LIMIT = Limit("principal", 100)
USER = Caller(Principal(user_id=3), address="192.0.2.1")


class Table:
    """One bucket for everybody, never refilled."""

    def __init__(self, tokens: float) -> None:
        self.tokens = tokens
        self.statements = 0
        self.subjects: set[str] = set()
        self.is_away = False

    async def fetch_one(self, kind: type[Lease], sql: str, subject: str, quota: float, rate: float, wanted: float):
        self.statements += 1
        self.subjects.add(subject)
        await asyncio.sleep(0)
        if self.is_away:
            raise Unavailable(system="database", reason="away")
        given = min(wanted, int(self.tokens))
        self.tokens -= given
        return kind(given, self.tokens)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def limiter(table: Any, clock: Clock | None = None, limit: Limit | None = LIMIT) -> RateLimiter:
    return RateLimiter(table, principal=limit, address=limit, clock=clock or Clock())


async def test_a_batch_costs_one_statement():
    table = Table(100)
    one = limiter(table)
    for _ in range(50):
        await one.charge(USER)
    assert table.statements == 50 / LIMIT.batch


async def test_requests_at_once_share_a_lease():
    table = Table(100)
    one = limiter(table)
    await asyncio.gather(*(one.charge(USER) for _ in range(20)))
    assert table.statements == 20 / LIMIT.batch


async def test_every_token_is_given_once_and_then_none():
    table, clock = Table(10), Clock()
    processes = [limiter(table, clock) for _ in range(3)]
    let_in = refused = 0
    for number in range(30):
        try:
            await processes[number % 3].charge(USER)
            let_in += 1
        except TooManyRequests:
            refused += 1
    assert (let_in, refused) == (10, 20)


async def test_whoever_used_everything_up_costs_few_statements():
    table, clock = Table(0), Clock()
    one = limiter(table, clock)
    for _ in range(100):
        with pytest.raises(TooManyRequests):
            await one.charge(USER)
    assert table.statements == 1
    clock.now += 1.0
    with pytest.raises(TooManyRequests) as caught:
        await one.charge(USER)
    assert table.statements == 2
    assert caught.value.retry_after_seconds == 1
    assert caught.value.headers == {"RateLimit-Policy": '"principal";q=100;w=60', "RateLimit": '"principal";r=0;t=60'}


async def test_headers_tell_what_is_left_and_when_all_of_it_is_there_again():
    one = limiter(Table(100))
    assert await one.charge(USER) == {"RateLimit-Policy": '"principal";q=100;w=60', "RateLimit": '"principal";r=99;t=1'}
    for _ in range(48):
        await one.charge(USER)
    assert (await one.charge(USER))["RateLimit"] == '"principal";r=50;t=30'


async def test_while_the_database_is_away_nobody_is_held_up():
    table, clock = Table(0), Clock()
    table.is_away = True
    one = limiter(table, clock)
    assert [await one.charge(USER) for _ in range(50)] == [{}] * 50
    assert table.statements == 1
    table.is_away = False
    clock.now += UNLIMITED_SECONDS
    with pytest.raises(TooManyRequests):
        await one.charge(USER)


async def test_memory_is_bounded():
    one = limiter(Table(10**9), limit=Limit("address", 1))
    for number in range(MOST_SUBJECTS + 50):
        await one.charge(Caller(Principal(user_id=number)))
    assert len(one._buckets) == MOST_SUBJECTS


async def test_principals_and_addresses_have_limits_of_their_own():
    table = Table(10**9)
    one = limiter(table)
    await one.charge(USER)
    await one.charge(Caller(Principal(application_id=5)))
    await one.charge(Caller(address="192.0.2.1"))
    await one.charge(Caller())
    assert table.subjects == {"user:3", "application:5", "address:192.0.2.1", "address:unknown"}


async def test_without_a_limit_nothing_is_asked():
    table = Table(0)
    assert await limiter(table, limit=None).charge(USER) == {}
    assert table.statements == 0


@pytest.mark.parametrize(
    ("address", "subject"),
    [
        ("192.0.2.1", "address:192.0.2.1"),
        ("::ffff:192.0.2.1", "address:192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "address:2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "address:2001:db8:1:2::/64"),
        ("a socket", "address:a socket"),
        (None, "address:unknown"),
    ],
)
def test_addresses_of_one_customer_are_one(address: str | None, subject: str):
    assert network_of(address) == subject
