"""Who runs job attempts: submit, look, read logs, stop."""

import datetime as dt
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from touchstone_jobs.wire import CONFIG_VARIABLE

REDACTED = "<redacted>"


class RunStatus(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    STOPPED = "stopped"
    SUCCEEDED = "succeeded"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        return self in (RunStatus.STOPPED, RunStatus.SUCCEEDED, RunStatus.FAILED)


class Submission(msgspec.Struct, frozen=True):
    """`id` is `{job id}-{attempt}`; the attempt finds everything else in the object at `config_uri`."""

    id: str
    config_uri: str
    metadata: dict[str, str] = {}
    environment: dict[str, str] = {}


class Run(msgspec.Struct, frozen=True):
    """What the runner tells of one submission, fit to be shown: its environment is redacted."""

    id: str
    status: RunStatus
    message: str | None = None
    error_type: str | None = None
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    driver_exit_code: int | None = None
    driver_node_id: str | None = None
    driver_agent_http_address: str | None = None
    metadata: dict[str, str] = {}
    runtime_env: dict[str, Any] = {}


def redacted_environment(runtime_env: dict[str, Any]) -> dict[str, Any]:
    """As a run shows it: of the environment variables the names, and where the config lies."""
    variables: dict[str, str] = runtime_env.get("env_vars") or {}
    shown = {name: value if name == CONFIG_VARIABLE else REDACTED for name, value in variables.items()}
    return {**runtime_env, "env_vars": shown}


class Runner(Protocol):
    """Every method raises `Unavailable` (system `ray`) when the cluster does not answer in time."""

    async def submit(self, submission: Submission) -> None:
        """Idempotent: a submission of that id that is already there is taken as this one."""
        ...

    async def look(self, submission_id: str) -> Run | None:
        """None when the runner does not know the id (any more)."""
        ...

    async def logs(self, submission_id: str) -> str:
        """All that the run has printed so far; empty when the runner does not know the id or lost its logs."""
        ...

    async def stop(self, submission_id: str) -> None:
        """Asks the run to end; unknown and ended ids are no error."""
        ...

    async def cpus(self) -> int:
        """How many CPUs the runner's machines have in all; at least 1."""
        ...

    async def check(self) -> None:
        """Raises Unavailable unless the runner answers."""
        ...
