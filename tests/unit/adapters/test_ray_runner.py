import datetime as dt
import json
from collections.abc import AsyncIterator

import httpx
import pytest
import respx

from touchstone.adapters.circuit_breaker import CircuitBreaker
from touchstone.adapters.ray_dashboard import RayDashboard
from touchstone.adapters.ray_runner import RayRunner, SubmissionRefused
from touchstone.adapters.runner import RunStatus, Submission
from touchstone.errors import Unavailable

RAY = "http://ray.test"
JOB = f"{RAY}/api/jobs/j-1"
SUBMISSION = Submission(id="j-1", config_uri="s3://bucket/config.json", metadata={"job_type": "inference"})
LOG_NOT_UTF8 = "RuntimeError: Request failed with status code 500: UnicodeDecodeError: 'utf-8' codec can't decode"
GONE = httpx.Response(404, text="Job j-1 does not exist")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ray() -> AsyncIterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        yield router


@pytest.fixture
async def runner(clock: Clock, ray: respx.MockRouter) -> AsyncIterator[RayRunner]:
    runner = on(clock)
    yield runner
    await runner.close()


def on(clock: Clock, *, token: str | None = "t0ken", code: str = "installed", timeout: float = 5) -> RayRunner:
    async def no_sleep(seconds: float) -> None:
        clock.now += seconds

    breaker = CircuitBreaker(pause_seconds=3, clock=clock)
    dashboard = RayDashboard(RAY, token, timeout_seconds=timeout, breaker=breaker, sleep=no_sleep)
    return RayRunner(RAY, token=token, code=code, num_gpus=0.5, dashboard=dashboard, clock=clock)  # type: ignore[arg-type]


def record(**changes: object) -> httpx.Response:
    job = {
        "type": "SUBMISSION",
        "submission_id": "j-1",
        "status": "RUNNING",
        "message": "Job is currently running.",
        "start_time": 1795323313406,
        "end_time": 0,
        "metadata": {"job_type": "inference"},
        "runtime_env": {"env_vars": {"TOUCHSTONE_JOB_CONFIG": "s3://bucket/config.json", "KEY": "s3cret"}},
        "driver_info": {"id": "01", "node_ip_address": "127.0.0.2", "pid": "7"},
        "driver_node_id": "n1",
        "driver_exit_code": None,
    }
    return httpx.Response(200, json={**job, **changes})


async def test_submit_tells_ray_the_config_and_nothing_that_a_shell_could_read_differently(runner, ray):
    ray.get(JOB).mock(return_value=GONE)
    post = ray.post(f"{RAY}/api/jobs/").respond(json={"submission_id": "j-1"})
    await runner.submit(SUBMISSION)
    request = post.calls.last.request
    assert request.headers["Authorization"] == "Bearer t0ken"
    assert json.loads(request.content) == {
        "submission_id": "j-1",
        "entrypoint": "python -m touchstone_jobs",
        "metadata": {"job_type": "inference"},
        "runtime_env": {"env_vars": {"TOUCHSTONE_JOB_CONFIG": "s3://bucket/config.json"}},
        "entrypoint_num_cpus": 0,
        "entrypoint_num_gpus": 0.5,
    }


async def test_submit_passes_the_environment_but_never_lets_it_replace_the_config(runner, ray):
    ray.get(JOB).mock(return_value=GONE)
    post = ray.post(f"{RAY}/api/jobs/").respond(json={})
    await runner.submit(
        Submission(id="j-1", config_uri="s3://b/c", environment={"A": "1", "TOUCHSTONE_JOB_CONFIG": "other"})
    )
    sent = json.loads(post.calls.last.request.content)["runtime_env"]["env_vars"]
    assert sent == {"A": "1", "TOUCHSTONE_JOB_CONFIG": "s3://b/c"}


async def test_submit_takes_an_id_that_is_already_there_as_this_one(runner, ray):
    ray.get(JOB).mock(return_value=record())
    post = ray.post(f"{RAY}/api/jobs/")
    await runner.submit(SUBMISSION)
    assert not post.called


async def test_submit_succeeds_when_another_process_was_faster(runner, ray):
    ray.get(JOB).mock(side_effect=[GONE, record()])
    ray.post(f"{RAY}/api/jobs/").respond(500, text="ValueError: Job with submission_id j-1 already exists.")
    await runner.submit(SUBMISSION)


async def test_submit_is_unavailable_while_ray_still_holds_a_deleted_id(runner, ray):
    ray.get(JOB).mock(return_value=GONE)
    ray.post(f"{RAY}/api/jobs/").respond(
        500, text="Request failed with status code 400: ValueError: Job with submission_id j-1 already exists."
    )
    with pytest.raises(Unavailable, match="deleted a moment ago"):
        await runner.submit(SUBMISSION)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (400, "Traceback\n  File x\nTypeError: metadata values must be strings\n"),
        (500, "RuntimeError: Request failed with status code 400: Traceback\nValueError: bad label\n"),
    ],
)
async def test_submit_is_refused_for_good_when_ray_cannot_read_it(runner, ray, status, text):
    ray.get(JOB).mock(return_value=GONE)
    ray.post(f"{RAY}/api/jobs/").respond(status, text=text)
    with pytest.raises(SubmissionRefused, match="Error: "):
        await runner.submit(SUBMISSION)


async def test_submit_is_unavailable_when_no_agent_answers(runner, ray):
    ray.get(JOB).mock(return_value=GONE)
    ray.post(f"{RAY}/api/jobs/").respond(500, text="No available agent to submit job, please try again later.")
    with pytest.raises(Unavailable, match="500"):
        await runner.submit(SUBMISSION)


async def test_submit_is_never_sent_twice_by_itself(runner, ray):
    ray.get(JOB).mock(return_value=GONE)
    post = ray.post(f"{RAY}/api/jobs/").mock(side_effect=httpx.ReadError("reset"))
    with pytest.raises(Unavailable, match="connection broke"):
        await runner.submit(SUBMISSION)
    assert post.call_count == 1


async def test_uploaded_code_goes_up_once_and_into_the_working_directory(clock, ray):
    runner = on(clock, code="uploaded")
    ray.get(JOB).mock(return_value=GONE)
    package = ray.get(url__regex=rf"{RAY}/api/packages/gcs/_ray_pkg_[0-9a-f]+\.zip$")
    package.side_effect = [httpx.Response(404), httpx.Response(200)]
    upload = ray.put(url__regex=rf"{RAY}/api/packages/gcs/").respond(200)
    post = ray.post(f"{RAY}/api/jobs/").respond(json={})
    await runner.submit(SUBMISSION)
    await runner.submit(SUBMISSION)
    assert upload.call_count == 1
    assert upload.calls.last.request.content.startswith(b"PK")
    name = upload.calls.last.request.url.path.rpartition("/")[2]
    assert json.loads(post.calls.last.request.content)["runtime_env"]["working_dir"] == f"gcs://{name}"


async def test_look_reads_what_ray_tells(runner, ray):
    ray.get(JOB).mock(
        return_value=record(
            status="FAILED",
            message="exit code 3\x00",
            error_type="JOB_ENTRYPOINT_COMMAND_ERROR",
            end_time=1795323314850,
            driver_exit_code=3,
        )
    )
    run = await runner.look("j-1")
    assert run is not None
    assert run.status is RunStatus.FAILED
    assert run.message == "exit code 3\ufffd"
    assert run.error_type == "JOB_ENTRYPOINT_COMMAND_ERROR"
    assert run.driver_exit_code == 3
    assert run.driver_node_id == "n1"
    assert run.started_at == dt.datetime(2026, 11, 22, 4, 55, 13, 406000, dt.UTC)
    assert run.ended_at == dt.datetime(2026, 11, 22, 4, 55, 14, 850000, dt.UTC)


async def test_look_shows_no_value_of_the_environment(runner, ray):
    ray.get(JOB).mock(return_value=record())
    run = await runner.look("j-1")
    assert run is not None
    assert run.ended_at is None
    assert run.runtime_env["env_vars"] == {"TOUCHSTONE_JOB_CONFIG": "s3://bucket/config.json", "KEY": "<redacted>"}


async def test_look_at_an_unknown_id_is_none(runner, ray):
    ray.get(JOB).mock(return_value=GONE)
    assert await runner.look("j-1") is None


@pytest.mark.parametrize("body", [b"<html>not Ray</html>", b"{}", b'{"status": "DANCING"}', b"\xff"])
async def test_an_answer_that_is_not_rays_makes_ray_unavailable(runner, ray, body):
    ray.get(JOB).respond(200, content=body)
    with pytest.raises(Unavailable, match="not understood"):
        await runner.look("j-1")


async def test_an_endless_answer_is_not_read_to_its_end(runner, ray):
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 65536

    ray.get(JOB).respond(200, stream=endless())  # type: ignore[arg-type]
    with pytest.raises(Unavailable):
        await runner.look("j-1")


@pytest.mark.parametrize("status", [404, 500])
async def test_logs_that_nobody_has_are_empty(runner, ray, status):
    ray.get(f"{JOB}/logs").respond(status, text="Failed to connect to the agent")
    assert await runner.logs("j-1") == ""


async def test_logs_are_what_was_printed_with_nothing_postgres_refuses(runner, ray):
    ray.get(f"{JOB}/logs").respond(json={"logs": "it's é 🐊\0\n"})
    assert await runner.logs("j-1") == "it's é 🐊\ufffd\n"


async def test_logs_with_bytes_that_are_no_text_are_read_from_their_file(runner, ray):
    ray.get(f"{JOB}/logs").respond(500, text=LOG_NOT_UTF8)
    ray.get(JOB).mock(return_value=record())
    file = ray.get(f"{RAY}/api/v0/logs/file").respond(content=b"h\xc3\xa9\xffb\nhalf \xc3")
    assert await runner.logs("j-1") == "hé\ufffdb\nhalf "
    assert dict(file.calls.last.request.url.params) == {
        "node_id": "n1",
        "filename": "job-driver-j-1.log",
        "lines": "-1",
    }


async def test_logs_whose_file_is_gone_as_well_are_empty(runner, ray):
    ray.get(f"{JOB}/logs").respond(500, text=LOG_NOT_UTF8)
    ray.get(JOB).mock(return_value=record())
    ray.get(f"{RAY}/api/v0/logs/file").respond(500)
    assert await runner.logs("j-1") == ""


@pytest.mark.parametrize("response", [httpx.Response(404), httpx.Response(200, json={"stopped": False})])
async def test_stop_does_not_mind_unknown_and_ended_runs(runner, ray, response):
    ray.post(f"{JOB}/stop").mock(return_value=response)
    await runner.stop("j-1")


async def test_stop_says_when_ray_fails(runner, ray):
    ray.post(f"{JOB}/stop").respond(500)
    with pytest.raises(Unavailable):
        await runner.stop("j-1")


@pytest.mark.parametrize("response", [httpx.Response(404), httpx.Response(200, json={"deleted": True})])
async def test_forget_does_not_mind_unknown_runs(runner, ray, response):
    ray.delete(JOB).mock(return_value=response)
    await runner.forget("j-1")


async def test_ids_are_quoted_in_paths(runner, ray):
    route = ray.get(url__regex=r".*/api/jobs/.*").mock(return_value=GONE)
    await runner.look("a/../b?c")
    assert route.calls.last.request.url.raw_path == b"/api/jobs/a%2F..%2Fb%3Fc"


def load(cpus: float | None) -> httpx.Response:
    usage = {} if cpus is None else {"CPU": [0.5, cpus], "memory": [0.0, 1e9]}
    return httpx.Response(
        200, json={"result": True, "data": {"clusterStatus": {"loadMetricsReport": {"usage": usage}}}}
    )


async def test_cpus_are_asked_for_once_a_minute(runner, ray, clock):
    route = ray.get(f"{RAY}/api/cluster_status").mock(side_effect=[load(6.0), load(8.0)])
    assert [await runner.cpus(), await runner.cpus()] == [6, 6]
    clock.now += 60
    assert await runner.cpus() == 8
    assert route.call_count == 2


async def test_cpus_not_known_yet_count_as_one_until_they_are(runner, ray):
    ray.get(f"{RAY}/api/cluster_status").mock(
        side_effect=[load(None), httpx.Response(200, json={"data": {"clusterStatus": None}}), load(0.0), load(4.0)]
    )
    assert [await runner.cpus(), await runner.cpus(), await runner.cpus()] == [1, 1, 1]


@pytest.mark.parametrize(("status", "words"), [(401, "asks for a token"), (403, "token is wrong")])
async def test_a_missing_or_wrong_token_is_named(runner, ray, status, words):
    ray.get(f"{RAY}/api/version").respond(status)
    with pytest.raises(Unavailable, match=words) as caught:
        await runner.check()
    assert caught.value.facts["system"] == "ray"
    assert "t0ken" not in str(caught.value)


async def test_without_a_token_none_is_sent(clock, ray):
    route = ray.get(f"{RAY}/api/version").respond(json={"version": "4"})
    await on(clock, token=None).check()
    assert "Authorization" not in route.calls.last.request.headers


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("refused"),
        httpx.RemoteProtocolError("disconnected"),
        httpx.ReadError("reset"),
        httpx.Response(502),
        httpx.Response(503),
    ],
)
async def test_a_read_survives_trouble_that_passes(runner, ray, trouble):
    ray.get(f"{RAY}/api/version").mock(side_effect=[trouble, trouble, httpx.Response(200)])
    await runner.check()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (httpx.ConnectError("refused"), "nobody listens"),
        (httpx.ConnectTimeout("slow"), "no answer in time"),
        (httpx.ReadTimeout("slow"), "no answer in time"),
        (httpx.PoolTimeout("full"), "no answer in time"),
        (httpx.RemoteProtocolError("garbage"), "connection broke"),
        (httpx.DecodingError("gzip"), "connection broke"),
        (httpx.UnsupportedProtocol("ftp"), "connection broke"),
    ],
)
async def test_trouble_that_stays_is_unavailable_in_a_few_words(runner, ray, error, words):
    ray.get(f"{RAY}/api/version").mock(side_effect=error)
    with pytest.raises(Unavailable, match=words):
        await runner.check()


async def test_a_cluster_that_hangs_costs_one_time_out_and_not_one_for_every_call(runner, ray, clock):
    route = ray.get(f"{RAY}/api/version").mock(side_effect=httpx.ReadTimeout("hangs"))
    for _ in range(5):
        with pytest.raises(Unavailable, match="no answer in time"):
            await runner.check()
    assert route.call_count == 1
    clock.now += 3
    route.mock(side_effect=None, return_value=httpx.Response(200))
    await runner.check()
    await runner.check()
    assert route.call_count == 3


async def test_an_answer_that_never_ends_is_given_up_in_time(clock, ray):
    import asyncio

    async def dripping() -> AsyncIterator[bytes]:
        while True:
            yield b""
            await asyncio.sleep(0)

    ray.get(f"{RAY}/api/version").respond(200, stream=dripping())  # type: ignore[arg-type]
    with pytest.raises(Unavailable, match="no answer in time"):
        await on(clock, timeout=0.05).check()


async def test_a_refused_submission_does_not_keep_other_calls_out(runner, ray):
    ray.get(JOB).mock(return_value=GONE)
    ray.post(f"{RAY}/api/jobs/").respond(500, text="No available agent")
    with pytest.raises(Unavailable):
        await runner.submit(SUBMISSION)
    ray.get(f"{RAY}/api/version").respond(200)
    await runner.check()
