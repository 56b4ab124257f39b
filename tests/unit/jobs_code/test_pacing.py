"""The limit of calls at once against endpoints that hide theirs. Time is virtual: every run is the same run."""

import asyncio

import pytest
from tests.unit.jobs_code.simulated_endpoint import Nature, asked
from tests.unit.jobs_code.virtual_time import in_virtual_time

from touchstone_jobs.pacing import FIRST_LIMIT, Call, Pace

LIMITS = [3, 4, 6, 8, 12, 16, 24, 32, 48, 60]


@pytest.mark.parametrize("most", LIMITS)
@pytest.mark.parametrize("seconds", [0.1, 0.25, 0.5])
@pytest.mark.parametrize("spread", [0.0, 0.4])
def test_a_hidden_limit_is_used_within_ten_seconds_and_seldom_exceeded(
    most: int, seconds: float, spread: float
) -> None:
    endpoint = asked(Nature(most=most, seconds=seconds, spread=spread))

    assert endpoint.done(3, 10) >= 0.85 * most / seconds
    assert endpoint.refused_share(10) < 0.05


@pytest.mark.parametrize("most", [4, 8, 16, 32, 48])
@pytest.mark.parametrize("retry_after", ["0", "1"])
def test_a_pause_that_is_asked_for_is_made_and_not_provoked(most: int, retry_after: str) -> None:
    endpoint = asked(Nature(most=most, retry_after=retry_after), seconds=30)

    assert endpoint.done(3, 10) >= 0.8 * most / 0.5
    assert endpoint.done(10, 30) >= 0.8 * most / 0.5
    assert endpoint.refused_share(10) < 0.05
    assert endpoint.refused_share(30) < 0.02


@pytest.mark.parametrize("rate", [10, 20, 50, 100])
@pytest.mark.parametrize("retry_after", [None, "1"])
def test_a_limit_of_calls_a_second_is_found_too(rate: int, retry_after: str | None) -> None:
    endpoint = asked(Nature(rate=rate, retry_after=retry_after), seconds=20)

    assert endpoint.done(5, 20) >= 0.8 * rate
    assert endpoint.refused_share(20) < 0.05


@pytest.mark.parametrize("rate", [5, 10, 20, 50, 100])
@pytest.mark.parametrize("seconds", [0.1, 0.5])
@pytest.mark.parametrize("burst", [1, 3])
def test_calls_keep_their_distance_where_hardly_two_may_follow_each_other(
    rate: int, seconds: float, burst: int
) -> None:
    endpoint = asked(Nature(rate=rate, burst=burst, seconds=seconds), seconds=60)

    assert endpoint.done(5, 10) >= 0.8 * rate
    assert endpoint.done(10, 60) >= 0.8 * rate
    assert endpoint.refused_share(10 if rate >= 20 else 60) < 0.05


@pytest.mark.parametrize("rate", [10, 20, 50, 100])
@pytest.mark.parametrize("burst", [1, 3])
def test_so_they_do_where_each_refusal_makes_everybody_pause(rate: int, burst: int) -> None:
    endpoint = asked(Nature(rate=rate, burst=burst, retry_after="1"), seconds=60)

    assert endpoint.done(10, 60) >= 0.8 * rate
    assert endpoint.refused_share(60) < 0.05


@pytest.mark.parametrize("rate", [1, 2, 5, 10, 20, 50])
def test_an_endpoint_that_has_calls_wait_their_turn_is_kept_busy(rate: int) -> None:
    endpoint = asked(Nature(rate=rate, queue=5), seconds=60)

    assert endpoint.done(5, 10) >= 0.8 * rate
    assert endpoint.done(10, 60) >= 0.8 * rate
    assert endpoint.refused_share(60) < 0.05


@pytest.mark.parametrize("rate", [1, 2])
@pytest.mark.parametrize("burst", [1, 3])
@pytest.mark.parametrize("retry_after", [None, "1"])
def test_a_limit_of_one_or_two_calls_a_second_is_learned_at_a_few_calls_cost(
    rate: int, burst: int, retry_after: str | None
) -> None:
    endpoint = asked(Nature(rate=rate, burst=burst, retry_after=retry_after), seconds=300)

    assert endpoint.done(60, 300) >= 0.8 * rate
    assert endpoint.refused_share(300) < 0.05


@pytest.mark.parametrize("most", [4, 16, 48])
def test_an_endpoint_that_is_slow_to_refuse_is_not_run_over_again(most: int) -> None:
    endpoint = asked(Nature(most=most, refusal_seconds=0.5), seconds=40)

    assert endpoint.done(5, 40) >= 0.9 * most / 0.5
    assert sum(time > 10 for time in endpoint.refusals) < 0.02 * len(endpoint.ended)


def test_an_endpoint_without_a_limit_is_soon_asked_by_everybody() -> None:
    endpoint = asked(Nature(), seconds=16)

    assert endpoint.refusals == []
    assert endpoint.done(0.5, 16) >= 0.94 * 64 / 0.5
    assert endpoint.done(2, 16) >= 0.99 * 64 / 0.5


def test_new_strength_of_an_endpoint_is_found() -> None:
    pace = Pace(64)

    async def weak_then_strong() -> float:
        pace.refused(Call(began=0.0, others=1))
        for _ in range(300):
            async with pace.slot() as call:
                await asyncio.sleep(0.1)
                pace.succeeded(call)
        return pace.limit

    assert in_virtual_time(weak_then_strong()) > 10


def test_before_anything_is_answered_few_are_asked() -> None:
    async def in_flight_after(seconds: float) -> int:
        pace, begun = Pace(64), 0

        async def call() -> None:
            nonlocal begun
            async with pace.slot():
                begun += 1
                await asyncio.sleep(1000)

        calls = [asyncio.create_task(call()) for _ in range(64)]
        await asyncio.sleep(seconds)
        for one in calls:
            one.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        return begun

    assert in_virtual_time(in_flight_after(0.01)) == 1
    assert in_virtual_time(in_flight_after(900)) == FIRST_LIMIT


def test_a_pace_never_stops_altogether_nor_exceeds_what_it_may() -> None:
    async def limits() -> tuple[float, float]:
        pace = Pace(3)

        async def call() -> None:
            async with pace.slot() as call:
                await asyncio.sleep(0.1)
                pace.succeeded(call)

        await asyncio.gather(*(call() for _ in range(100)))
        most = pace.limit
        for _ in range(50):
            pace.refused(Call(asyncio.get_running_loop().time(), others=2))
        return most, pace.limit

    assert in_virtual_time(limits()) == (3, 1)


def test_a_slot_that_was_given_to_somebody_who_left_goes_to_the_next() -> None:
    async def everybody_but_those_who_left() -> list[int]:
        pace, served = Pace(1), list[int]()

        async def call(number: int) -> None:
            async with pace.slot():
                await asyncio.sleep(0.1)
                served.append(number)

        calls = [asyncio.create_task(call(number)) for number in range(6)]
        await asyncio.sleep(0.05)
        calls[1].cancel()
        await asyncio.sleep(0.05)  # the first has ended now, and the third was told so, which has not run yet
        calls[2].cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        return served

    assert in_virtual_time(everybody_but_those_who_left()) == [0, 3, 4, 5]
