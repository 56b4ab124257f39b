import asyncio
import datetime as dt

import msgspec
import pytest
from tests.contract.runner.harness import NOWHERE, Harness, ended, playing, seen
from tests.contract.runner.play import FAILING_EXIT_CODE, PRINTED

from touchstone.adapters.runner import Runner, RunStatus
from touchstone.errors import Unavailable
from touchstone_jobs.wire import CONFIG_VARIABLE

AWKWARD = {"name": 'it\'s "quoted"; rm -rf / $(echo) `echo`\nnext line\\', "emoji": "Lumigator!🐊", "empty": ""}


async def test_a_run_that_goes_well_succeeds_and_tells_when_and_where(runner: Runner):
    submission = playing()
    await runner.submit(submission)
    run = await ended(runner, submission.id)
    assert (run.id, run.status, run.driver_exit_code, run.error_type) == (submission.id, RunStatus.SUCCEEDED, 0, None)
    assert run.message
    assert run.started_at and run.ended_at and run.started_at <= run.ended_at
    assert run.started_at.utcoffset() == dt.timedelta(0)
    assert run.driver_node_id and run.driver_agent_http_address


async def test_a_run_that_fails_tells_its_exit_code_and_the_kind_of_error(runner: Runner):
    submission = playing("fail")
    await runner.submit(submission)
    run = await ended(runner, submission.id)
    assert run.status is RunStatus.FAILED
    assert run.driver_exit_code == FAILING_EXIT_CODE
    assert run.error_type == "JOB_ENTRYPOINT_COMMAND_ERROR"
    assert run.message and f"exit code {FAILING_EXIT_CODE}" in run.message


async def test_submitting_twice_at_once_and_again_afterwards_makes_one_run(runner: Runner):
    submission = playing()
    await asyncio.gather(runner.submit(submission), runner.submit(submission))
    first = await ended(runner, submission.id)
    await runner.submit(submission)
    assert await runner.look(submission.id) == first
    assert (await runner.logs(submission.id)).count(PRINTED) == 1


async def test_metadata_comes_back_as_it_was_sent(runner: Runner):
    submission = playing(**AWKWARD)
    await runner.submit(submission)
    run = await ended(runner, submission.id)
    assert run.metadata == AWKWARD
    assert run.status is RunStatus.SUCCEEDED


async def test_a_run_shows_no_secret(harness: Harness):
    submission = msgspec.structs.replace(playing(), environment={"PROVIDER_KEY": "s3cret-value"})
    await harness.runner.submit(submission)
    run = await harness.runner.look(submission.id)
    assert run is not None
    assert run.runtime_env["env_vars"][CONFIG_VARIABLE] == NOWHERE
    assert "PROVIDER_KEY" in run.runtime_env["env_vars"]
    shown = msgspec.json.encode(run).decode()
    assert "s3cret-value" not in shown and harness.token not in shown


async def test_logs_hold_what_was_printed(runner: Runner):
    submission = playing()
    await runner.submit(submission)
    await ended(runner, submission.id)
    assert PRINTED + "\n" in await runner.logs(submission.id)


async def test_logs_can_be_read_before_the_run_has_ended_and_only_grow(runner: Runner):
    submission = playing("run on")
    await runner.submit(submission)
    early = await runner.logs(submission.id)
    await seen(runner, submission.id, lambda run: run.status is RunStatus.RUNNING)
    while PRINTED not in (late := await runner.logs(submission.id)):
        await asyncio.sleep(0.05)
    assert late.startswith(early)
    await runner.stop(submission.id)


async def test_stopping_ends_a_run_and_may_be_repeated(runner: Runner):
    submission = playing("run on")
    await runner.submit(submission)
    await seen(runner, submission.id, lambda run: run.status is RunStatus.RUNNING)
    await runner.stop(submission.id)
    await runner.stop(submission.id)
    run = await ended(runner, submission.id)
    assert run.status is RunStatus.STOPPED
    assert run.ended_at
    await runner.stop(submission.id)
    assert await runner.look(submission.id) == run


async def test_stopping_a_run_that_has_ended_changes_nothing(runner: Runner):
    submission = playing()
    await runner.submit(submission)
    run = await ended(runner, submission.id)
    await runner.stop(submission.id)
    assert await runner.look(submission.id) == run


async def test_nothing_is_known_of_an_unknown_id(runner: Runner):
    assert await runner.look("no-such-run-1") is None
    assert await runner.logs("no-such-run-1") == ""
    await runner.stop("no-such-run-1")


async def test_a_runner_that_answers_says_so_and_how_many_cpus_it_has(runner: Runner):
    await runner.check()
    assert 1 <= await runner.cpus() <= 2


async def test_a_wrong_token_makes_it_unavailable_and_is_named(harness: Harness):
    for failing in calls(harness.with_a_wrong_token()):
        with pytest.raises(Unavailable, match="token") as caught:
            await failing
        assert caught.value.facts["system"] == "ray"


async def test_a_cluster_that_is_gone_makes_it_unavailable(harness: Harness):
    for failing in calls(harness.with_nobody_there()):
        with pytest.raises(Unavailable, match="nobody listens there"):
            await failing


def calls(runner: Runner):
    submission = playing()
    yield runner.check()
    yield runner.submit(submission)
    yield runner.look(submission.id)
    yield runner.logs(submission.id)
    yield runner.stop(submission.id)
    yield runner.cpus()
