"""Limits that processes keep together, in the table and over HTTP."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable

import httpx
import pytest
from tests.conftest import replaced, serving
from tests.people import as_admin, as_application, as_user

from touchstone.command_line.http_server import free_port
from touchstone.database.executor import Database
from touchstone.domains.limits.model import Limit, TooManyAttempts, TooManyRequests
from touchstone.domains.limits.rates import LoginThrottle, RateLimiter
from touchstone.domains.limits.repository import RateAllowanceRepository
from touchstone.http.caller import Caller, Principal
from touchstone.settings import Settings

# refills so slowly that no test sees it
SLOW = Limit("principal", 40, 10**6)
USER = Caller(Principal(user_id=3))

Serve = Callable[..., contextlib.AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def serve(settings: Settings) -> Serve:
    @contextlib.asynccontextmanager
    async def with_changes(**changes: object) -> AsyncGenerator[httpx.AsyncClient]:
        async with serving(replaced(settings, **changes)) as client:
            yield client

    return with_changes


async def let_in(limiter: RateLimiter, times: int) -> int:
    count = 0
    for _ in range(times):
        with contextlib.suppress(TooManyRequests):
            await limiter.charge(USER)
            count += 1
    return count


async def test_processes_together_let_in_as_many_as_the_limit_says(database: Database):
    processes = [RateLimiter(database, principal=SLOW, address=None) for _ in range(4)]
    counts = await asyncio.gather(*(let_in(one, 30) for one in processes))
    assert sum(counts) == SLOW.quota


async def test_a_bucket_refills_with_time_and_not_beyond_its_quota(database: Database):
    allowances = RateAllowanceRepository(database)
    limit = Limit("principal", 10, 100)
    assert (await allowances.lease("somebody", limit, 100)).leased == 10
    assert (await allowances.lease("somebody", limit, 1)).leased == 0
    await database.execute("update rate_allowance set refilled_at = refilled_at - interval '35 seconds'")
    found = await allowances.lease("somebody", limit, 2)
    assert (found.leased, int(found.tokens)) == (2, 1)
    await database.execute("update rate_allowance set refilled_at = refilled_at - interval '1 day'")
    assert (await allowances.lease("somebody", limit, 100)).leased == 10


async def test_a_clock_that_goes_back_takes_nothing_away(database: Database):
    allowances = RateAllowanceRepository(database)
    await allowances.lease("somebody", SLOW, 1)
    await database.execute("update rate_allowance set refilled_at = now() + interval '1 hour'")
    assert int((await allowances.lease("somebody", SLOW, 1)).tokens) == 38


async def test_buckets_that_nobody_uses_are_swept_up(database: Database):
    allowances = RateAllowanceRepository(database)
    await allowances.lease("gone", SLOW, 1)
    await database.execute("update rate_allowance set refilled_at = now() - interval '2 hours'")
    await allowances.lease("here", SLOW, 1)
    assert await allowances.delete_unused(10) == 1
    assert await database.fetch_value("select array_agg(subject) from rate_allowance") == ["here"]


async def test_whoever_asks_too_often_is_told_to_wait(serve: Serve):
    async with serve(rate_limit_address=3) as client:
        answers = [await client.get("/api/v1/jobs") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[0].headers["ratelimit-policy"] == '"address";q=3;w=60'
        assert answers[0].headers["ratelimit"].startswith('"address";r=2;t=')
        refused = answers[-1]
        assert 1 <= int(refused.headers["retry-after"]) <= 20
        assert refused.headers["ratelimit"].startswith('"address";r=0;t=')
        assert refused.json()["code"] == "too_many_requests"
        assert refused.json()["detail"].startswith("Too many requests: 3 are allowed in 60 seconds")


async def test_probes_and_metrics_are_never_refused(serve: Serve):
    async with serve(rate_limit_address=1) as client:
        paths = ["/health/live", "/health/ready", "/health/dependencies", "/api/v1/health", "/metrics"]
        for path in paths * 2:
            answer = await client.get(path)
            assert (answer.status_code, "ratelimit" in answer.headers) == (200, False)


async def test_users_and_applications_are_counted_each_for_themselves(serve: Serve, database: Database):
    async with serve(rate_limit_address=1, rate_limit_principal=2) as client:
        callers = [await as_user(client, database), await as_admin(client, database)]
        callers.append(await as_application(client, database))
        assert (await client.get("/api/v1/version")).status_code == 200
        for caller in callers:
            statuses = [(await caller.get("/api/v1/version")).status_code for _ in range(3)]
            assert statuses == [200, 200, 429]
        wrong = await client.get("/api/v1/version", headers={"Authorization": "Bearer to_nobodys"})
        assert wrong.status_code == 429


async def test_a_service_for_this_machine_alone_has_no_limits(client: httpx.AsyncClient):
    assert "ratelimit" not in (await client.get("/api/v1/jobs")).headers


async def test_a_service_that_others_can_reach_has_limits(serve: Serve):
    async with serve(public_url="https://touchstone.example.org", allowed_hosts=("*",)) as client:
        assert (await client.get("/")).headers["ratelimit-policy"] == '"address";q=3000;w=60'
    async with serve(trusted_proxies=("10.0.0.0/8",), rate_limit_address=0) as client:
        assert "ratelimit-policy" not in (await client.get("/")).headers


async def test_a_database_that_does_not_answer_holds_nobody_up():
    away = Database(f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    await away.open()
    assert await RateLimiter(away, principal=Limit("principal", 1), address=None).charge(USER) == {}
    await LoginThrottle(away, 1)("account ada@example.test")
    await away.close()


async def test_attempts_at_one_account_are_counted_wherever_they_come_from(database: Database):
    throttle = LoginThrottle(database, 3)
    for _ in range(3):
        await throttle("account ada@example.test")
    with pytest.raises(TooManyAttempts) as caught:
        await LoginThrottle(database, 3)("account Ada@Example.test ")
    assert 200 <= caught.value.retry_after_seconds <= 300
    await throttle("account bob@example.test")


async def test_attempts_from_one_address_are_counted_whatever_account_they_are_at(database: Database):
    throttle = LoginThrottle(database, 1)
    for _ in range(10):
        await throttle("sign-in 192.0.2.1")
    with pytest.raises(TooManyAttempts):
        await throttle("sign-in 192.0.2.1")
    await throttle("sign-in 192.0.2.2")


async def test_the_table_names_no_account_and_no_address(database: Database):
    throttle = LoginThrottle(database, 3)
    await throttle("account ada@example.test")
    await throttle("sign-in 192.0.2.1")
    subjects = await database.fetch_value("select string_agg(subject, ' ') from rate_allowance")
    assert "ada" not in subjects and "192" not in subjects


async def test_signing_in_locally_is_throttled(serve: Serve):
    async with serve(local_login=True, login_attempts=2, session_https_only=False) as client:
        body = {"email": "ada@example.test", "name": "Ada"}
        answers = [await client.post("/api/v1/auth/local/login", json=body) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert int(answers[-1].headers["retry-after"]) > 60
