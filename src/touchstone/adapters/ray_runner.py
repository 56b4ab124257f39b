"""Job attempts on Ray, over the HTTP API of its dashboard (Ray 2.x, Jobs API version 4). Never imports Ray."""

import asyncio
import datetime as dt
import time
from collections.abc import Callable
from typing import Any, Literal
from urllib.parse import quote

import msgspec

from touchstone.adapters.ray_dashboard import Answer, RayDashboard, decoded, unavailable
from touchstone.adapters.ray_logs import MAX_LOG_BYTES, has_unreadable_bytes, log_file, logged_text
from touchstone.adapters.ray_package import cluster_code
from touchstone.adapters.runner import Run, RunStatus, Submission, redacted_environment
from touchstone.errors import Refused
from touchstone_jobs.wire import CONFIG_VARIABLE, ENTRYPOINT

CPUS_ARE_KNOWN_SECONDS = 60.0
REFUSED_BY_AGENT = "Request failed with status code 400"
ID_IS_TAKEN = "already exists"
RayStatus = Literal["PENDING", "RUNNING", "STOPPED", "SUCCEEDED", "FAILED"]


class SubmissionRefused(Refused):
    """Ray refuses the submission {id}: {reason}"""


class RayJob(msgspec.Struct):
    """What `GET /api/jobs/{id}` tells that we use; times are milliseconds since 1970."""

    status: RayStatus
    message: str | None = None
    error_type: str | None = None
    start_time: int | None = None
    end_time: int | None = None
    metadata: dict[str, str] | None = None
    runtime_env: dict[str, Any] | None = None
    driver_agent_http_address: str | None = None
    driver_node_id: str | None = None
    driver_exit_code: int | None = None


class LoadMetrics(msgspec.Struct):
    usage: dict[str, tuple[float, float]] = {}


class ClusterLoad(msgspec.Struct, rename="camel"):
    load_metrics_report: LoadMetrics | None = None


class ClusterData(msgspec.Struct, rename="camel"):
    cluster_status: ClusterLoad | None = None


class ClusterStatus(msgspec.Struct):
    """`usage` pairs what is in use with what there is; empty in a cluster's first seconds."""

    data: ClusterData

    @property
    def cpus(self) -> int | None:
        load = self.data.cluster_status
        report = load.load_metrics_report if load else None
        used_and_all = report.usage.get("CPU") if report else None
        return int(used_and_all[1]) if used_and_all else None


class RayRunner:
    """`token` is what the cluster was started with (RAY_AUTH_TOKEN), None for an open one.

    `code` says whether the cluster's image holds `touchstone_jobs` or it is sent along. `num_gpus` is reserved for
    each driver; drivers reserve no CPU, their tasks do.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: str | None,
        code: Literal["installed", "uploaded"],
        num_gpus: float = 0,
        timeout_seconds: float = 10.0,
        entrypoint: str = ENTRYPOINT,
        dashboard: RayDashboard | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._dashboard = dashboard or RayDashboard(base_url, token, timeout_seconds=timeout_seconds)
        self._code = code
        self._num_gpus = num_gpus
        self._entrypoint = entrypoint
        self._clock = clock
        self._cpus = 1
        self._cpus_known_until: float | None = None

    async def close(self) -> None:
        await self._dashboard.close()

    async def submit(self, submission: Submission) -> None:
        """Idempotent. Raises SubmissionRefused where asking again cannot help."""
        if await self.look(submission.id) is not None:
            return
        answer = await self._dashboard.post("/api/jobs/", await self._request(submission))
        if answer.is_success:
            return
        # Ray answers an id that is taken like any other trouble, so another process may have been faster
        if await self.look(submission.id) is None:
            raise _refusal(submission.id, answer)

    async def look(self, submission_id: str) -> Run | None:
        answer = await self._dashboard.get(_path(submission_id))
        if answer.status == 404:
            return None
        return _run(submission_id, decoded(_expect_success(answer), RayJob))

    async def logs(self, submission_id: str) -> str:
        """The first 8 MiB as Ray sends them, then a line that says so: what was read once never changes."""
        answer = await self._dashboard.get(f"{_path(submission_id)}/logs", at_most=MAX_LOG_BYTES)
        if has_unreadable_bytes(answer):
            run = await self.look(submission_id)
            return _storable(await log_file(self._dashboard, submission_id, run.driver_node_id or "") if run else "")
        # 404: an unknown id; 500: the driver's machine is gone, and its logs with it
        if answer.status in (404, 500):
            return ""
        return _storable(logged_text(_expect_success(answer)))

    async def stop(self, submission_id: str) -> None:
        answer = await self._dashboard.post(f"{_path(submission_id)}/stop")
        if answer.status != 404:
            _expect_success(answer)

    async def forget(self, submission_id: str) -> None:
        """Ray drops its record of an ended run, and refuses its id for some seconds. Unknown ids are no error."""
        answer = await self._dashboard.delete(_path(submission_id))
        if answer.status != 404:
            _expect_success(answer)

    async def cpus(self) -> int:
        if self._cpus_known_until is None or self._clock() >= self._cpus_known_until:
            status = decoded(_expect_success(await self._dashboard.get("/api/cluster_status")), ClusterStatus)
            if status.cpus is None:
                return self._cpus
            self._cpus, self._cpus_known_until = max(1, status.cpus), self._clock() + CPUS_ARE_KNOWN_SECONDS
        return self._cpus

    async def check(self) -> None:
        _expect_success(await self._dashboard.get("/api/version"))

    async def _request(self, submission: Submission) -> dict[str, Any]:
        return {
            "submission_id": submission.id,
            "entrypoint": self._entrypoint,
            "metadata": submission.metadata,
            "runtime_env": await self._runtime_env(submission),
            "entrypoint_num_cpus": 0,
            "entrypoint_num_gpus": self._num_gpus,
        }

    async def _runtime_env(self, submission: Submission) -> dict[str, Any]:
        runtime_env: dict[str, Any] = {
            "env_vars": {**submission.environment, CONFIG_VARIABLE: submission.config_uri},
        }
        if self._code == "uploaded":
            runtime_env["working_dir"] = await self._uploaded_code()
        return runtime_env

    async def _uploaded_code(self) -> str:
        """Asked for every run, not once: a restarted cluster has lost it, and asking keeps it from being cleared."""
        package = await asyncio.to_thread(cluster_code)
        answer = await self._dashboard.get(package.path)
        if answer.status == 404:
            answer = await self._dashboard.put(package.path, package.body)
        _expect_success(answer)
        return package.uri


def _path(submission_id: str) -> str:
    return f"/api/jobs/{quote(submission_id, safe='')}"


def _expect_success(answer: Answer) -> Answer:
    if not answer.is_success:
        raise unavailable(f"it answered {answer.status}")
    return answer


def _refusal(submission_id: str, answer: Answer) -> Exception:
    """The head answers 400 for a request that it cannot read, 500 for whatever its agent says, an agent's 400 too."""
    if ID_IS_TAKEN in answer.text:
        return unavailable("it refuses an id that was deleted a moment ago")
    if answer.status == 400 or REFUSED_BY_AGENT in answer.text:
        return SubmissionRefused(id=submission_id, reason=_last_line(answer.text))
    return unavailable(f"it answered {answer.status}")


def _last_line(traceback: str) -> str:
    lines = [line.strip() for line in traceback.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "no reason given"


def _run(submission_id: str, job: RayJob) -> Run:
    return Run(
        id=submission_id,
        status=RunStatus(job.status.lower()),
        message=_storable(job.message) if job.message else job.message,
        error_type=job.error_type,
        started_at=_time(job.start_time),
        ended_at=_time(job.end_time),
        driver_exit_code=job.driver_exit_code,
        driver_node_id=job.driver_node_id,
        driver_agent_http_address=job.driver_agent_http_address,
        metadata=job.metadata or {},
        runtime_env=redacted_environment(job.runtime_env or {}),
    )


def _storable(text: str) -> str:
    """Postgres takes no NUL in a text, and what a run prints may hold any."""
    return text.replace("\0", "\ufffd")


def _time(milliseconds: int | None) -> dt.datetime | None:
    """Ray writes 0 for a time that has not come."""
    return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC) if milliseconds else None
