"""Stands where an API process has no cluster to speak to: jobs wait for a worker that has one."""

from touchstone.adapters.runner import Run, Submission
from touchstone.errors import Unavailable


class NoRunner(Unavailable):
    """Upstream error with ray: this process has no TOUCHSTONE_RAY_URL; a worker process runs the jobs"""


class AbsentRunner:
    async def submit(self, submission: Submission) -> None:
        raise NoRunner

    async def look(self, submission_id: str) -> Run | None:
        raise NoRunner

    async def logs(self, submission_id: str) -> str:
        raise NoRunner

    async def stop(self, submission_id: str) -> None:
        raise NoRunner

    async def cpus(self) -> int:
        raise NoRunner

    async def check(self) -> None:
        raise NoRunner
