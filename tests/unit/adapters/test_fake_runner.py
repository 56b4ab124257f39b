"""What the fake offers beyond the runner's contract."""

import pytest
from tests.fakes.runner import FakeRunner

from touchstone.adapters.ray_runner import SubmissionRefused
from touchstone.adapters.runner import RunStatus, Submission
from touchstone.errors import Unavailable


def submission(name: str = "", number: int = 1) -> Submission:
    return Submission(id=f"job-{number}", config_uri="s3://b/config.json", metadata={"name": name})


async def statuses(runner: FakeRunner, looks: int) -> list[RunStatus]:
    runs = [await runner.look("job-1") for _ in range(looks)]
    return [run.status for run in runs if run]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("anything", ["pending", "running", "succeeded", "succeeded"]),
        ("please Fail", ["pending", "running", "failed", "failed"]),
        ("slow", ["pending", "running", "running", "running"]),
        ("pending", ["pending", "pending", "pending", "pending"]),
    ],
)
async def test_every_look_moves_a_run_on_as_its_name_says(name: str, expected: list[str]):
    runner = FakeRunner()
    await runner.submit(submission(name))
    assert await statuses(runner, 4) == expected


async def test_looks_move_nothing_when_the_test_does():
    runner = FakeRunner(looks_advance=False)
    await runner.submit(submission())
    assert await statuses(runner, 3) == ["pending"] * 3
    assert await runner.advance("job-1") is RunStatus.RUNNING
    assert await statuses(runner, 2) == ["running"] * 2
    assert await runner.finish("job-1") is RunStatus.SUCCEEDED


async def test_a_run_that_goes_on_for_ever_can_be_finished():
    runner = FakeRunner()
    await runner.submit(submission("slow"))
    assert await runner.finish("job-1") is RunStatus.SUCCEEDED


async def test_work_is_done_once_and_before_success_is_seen():
    done: list[str] = []

    async def work(submission: Submission) -> None:
        done.append(submission.id)

    runner = FakeRunner(work=work)
    await runner.submit(submission())
    assert (await statuses(runner, 2), done) == (["pending", "running"], [])
    assert (await statuses(runner, 2), done) == (["succeeded"] * 2, ["job-1"])


async def test_no_work_is_done_for_a_run_that_leaves_nothing_or_is_stopped():
    async def work(submission: Submission) -> None:
        raise AssertionError("nobody asked for it")

    runner = FakeRunner(work=work)
    await runner.submit(submission("noresult"))
    assert (await statuses(runner, 3))[-1] is RunStatus.SUCCEEDED
    await runner.submit(submission(number=2))
    await runner.stop("job-2")
    run = await runner.look("job-2")
    assert run and run.status is RunStatus.STOPPED


async def test_work_that_raises_makes_the_run_fail():
    async def work(submission: Submission) -> None:
        raise ValueError("bad row")

    runner = FakeRunner(work=work)
    await runner.submit(submission())
    assert await runner.finish("job-1") is RunStatus.FAILED
    assert "ValueError: bad row" in await runner.logs("job-1")


async def test_a_lost_run_is_unknown_and_its_id_free():
    runner = FakeRunner()
    await runner.submit(submission())
    runner.lose("job-1")
    assert await runner.look("job-1") is None
    await runner.submit(submission())
    assert [each.id for each in runner.submissions] == ["job-1", "job-1"]


async def test_a_cluster_that_was_down_comes_back_with_its_runs():
    runner = FakeRunner()
    await runner.submit(submission())
    runner.go_down()
    with pytest.raises(Unavailable):
        await runner.look("job-1")
    runner.come_back()
    assert await runner.look("job-1") is not None


async def test_a_script_may_refuse():
    async def refuse(submission: Submission):
        raise SubmissionRefused(id=submission.id, reason="too many quotes")

    runner = FakeRunner(script=refuse)
    with pytest.raises(SubmissionRefused):
        await runner.submit(submission())
    assert runner.submissions == []
