"""What only a real Ray can show."""

import asyncio

import pytest
from tests.contract.runner.harness import RayHarness, ended, playing
from tests.contract.runner.play import PRINTED

from touchstone.adapters.ray_runner import RayRunner, SubmissionRefused
from touchstone.adapters.runner import RunStatus, Submission
from touchstone.errors import Unavailable
from touchstone_jobs.wire import ENTRYPOINT

WHERE_THE_CODE_LIES = 'python -c "import touchstone_jobs; print(touchstone_jobs.__file__)"'


async def test_bytes_that_are_no_text_do_not_hide_the_log(ray_harness: RayHarness):
    submission = playing("print no text")
    await ray_harness.runner.submit(submission)
    await ended(ray_harness.runner, submission.id)
    logs = await ray_harness.runner.logs(submission.id)
    assert PRINTED in logs and "not text: \ufffd\n" in logs


async def test_uploaded_code_is_what_runs(ray_harness: RayHarness):
    runner = ray_harness.open(code="uploaded", entrypoint=WHERE_THE_CODE_LIES)
    first, second = playing(), playing()
    await runner.submit(first)
    await runner.submit(second)
    for submission in (first, second):
        assert (await ended(runner, submission.id)).status is RunStatus.SUCCEEDED
        assert "_ray_pkg_" in (await runner.logs(submission.id)).splitlines()[-1]


async def test_the_cluster_code_is_started_and_says_that_it_cannot_read_its_config(ray_harness: RayHarness):
    runner = ray_harness.open(entrypoint=ENTRYPOINT)
    submission = playing()
    await runner.submit(submission)
    run = await ended(runner, submission.id)
    assert (run.status, run.driver_exit_code) == (RunStatus.FAILED, 2)
    assert submission.config_uri in await runner.logs(submission.id)


async def test_a_forgotten_run_is_unknown_and_may_be_forgotten_again(ray_harness: RayHarness):
    submission = playing()
    await ray_harness.runner.submit(submission)
    await ended(ray_harness.runner, submission.id)
    await ray_harness.runner.forget(submission.id)
    await ray_harness.runner.forget(submission.id)
    assert await ray_harness.runner.look(submission.id) is None


async def test_what_ray_cannot_read_is_refused_for_good(ray_harness: RayHarness):
    wrong = Submission(id=playing().id, config_uri="x", metadata={"number": 5})  # type: ignore[dict-item]
    with pytest.raises(SubmissionRefused, match="metadata"):
        await ray_harness.runner.submit(wrong)


async def test_a_cluster_that_takes_connections_and_never_answers_is_unavailable():
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        runner = RayRunner(f"http://127.0.0.1:{port}", token="t", code="installed", timeout_seconds=0.2)
        for failing in (runner.check(), runner.look("j-1"), runner.submit(playing())):
            with pytest.raises(Unavailable, match="no answer in time"):
                await failing
        await runner.close()
