import asyncio
import json
import signal
import time
from collections.abc import Callable

import pytest
from aiohttp import web
from tests.jobs.attempts import Workplace, inference
from tests.jobs.endpoints import Body, FakeEndpoint, serving, summarise

from touchstone_jobs import wire

ROWS = 60


async def slowly(endpoint: FakeEndpoint, body: Body) -> web.Response:
    await asyncio.sleep(0.15)
    return await summarise(endpoint, body)


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(0.02)


def kept_rows(workplace: Workplace) -> set[int]:
    return {json.loads(line)["row"] for path in workplace.segments() for line in path.read_text().splitlines()}


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_the_next_attempt_asks_only_for_what_was_not_kept(workplace: Workplace, end: signal.Signals) -> None:
    dataset = workplace.dataset({"examples": [f"text {row}" for row in range(ROWS)]})
    with serving(slowly) as endpoint:
        settings = inference("openai", "m", base_url=endpoint.base_url, concurrency=2)
        process = workplace.start(workplace.config("inference", dataset, inference=settings))
        until(lambda: bool(workplace.segments()))
        process.send_signal(end)
        process.communicate(timeout=30)
        assert process.returncode != 0
        kept = kept_rows(workplace)
        assert 0 < len(kept) < ROWS

        endpoint.bodies.clear()
        endpoint.reply = summarise
        status, printed = workplace.run(workplace.config("inference", dataset, attempt=2, inference=settings))

    assert status == 0, printed
    assert len(endpoint.bodies) == ROWS - len(kept)
    assert workplace.results()["artifacts"]["predictions"] == [f"text {row}" for row in range(ROWS)]
    assert workplace.outcome(2).progress.done == ROWS


def test_a_signal_to_stop_is_told_in_the_outcome(workplace: Workplace) -> None:
    dataset = workplace.dataset({"examples": [f"text {row}" for row in range(ROWS)]})
    with serving(slowly) as endpoint:
        settings = inference("openai", "m", base_url=endpoint.base_url, concurrency=2)
        process = workplace.start(workplace.config("inference", dataset, inference=settings))
        until(lambda: len(endpoint.bodies) > 3)
        process.terminate()
        process.communicate(timeout=30)

    failure = workplace.outcome().failure
    assert failure is not None
    assert failure.code == "stopped"
    assert len(kept_rows(workplace)) == workplace.outcome().progress.done


def test_an_attempt_that_was_taken_over_leaves_the_results_alone(workplace: Workplace) -> None:
    dataset = workplace.dataset({"examples": ["one", "two"]})
    status, _ = workplace.run(workplace.config("inference", dataset, attempt=2, inference=inference(model="copy")))
    assert status == 0
    before = workplace.results()

    status, _ = workplace.run(workplace.config("inference", dataset, attempt=1, inference=inference(model="lead-1")))

    assert status != 0
    failure = workplace.outcome(1).failure
    assert failure is not None
    assert failure.code == "superseded"
    assert workplace.results() == before


def test_progress_is_told_while_the_job_runs(workplace: Workplace) -> None:
    dataset = workplace.dataset({"examples": [f"text {row}" for row in range(ROWS)]})
    path = workplace.root / "jobs" / workplace.job_id / "1" / wire.PROGRESS_FILE
    with serving(slowly) as endpoint:
        settings = inference("openai", "m", base_url=endpoint.base_url, concurrency=2)
        process = workplace.start(workplace.config("inference", dataset, inference=settings))
        until(lambda: path.is_file() and json.loads(path.read_bytes())["done"] > 0)
        told = json.loads(path.read_bytes())
        process.terminate()
        process.communicate(timeout=30)

    assert told["total"] == ROWS
    assert told["rate_per_second"] > 0
