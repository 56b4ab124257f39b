"""The runner's protocol in one process, held to it by tests/contract/runner. No clock, no sockets, no tasks."""

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import msgspec

from touchstone.adapters.runner import Run, RunStatus, Submission, redacted_environment
from touchstone.errors import Unavailable
from touchstone_jobs.wire import CONFIG_VARIABLE

FIRST_MOMENT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
NEVER = None
SCRIPT_FAILED = "JOB_ENTRYPOINT_COMMAND_ERROR"


class Fate(msgspec.Struct, frozen=True):
    """What becomes of a run. The two counts are how many looks see that status; NEVER ending is a fate, too.

    With `works` the runner's `work` is done just before the end, and its exception turns success into failure.
    """

    looks_pending: int | None = 1
    looks_running: int | None = 1
    ends: RunStatus = RunStatus.SUCCEEDED
    exit_code: int = 0
    error_type: str | None = None
    prints: str = ""
    works: bool = True


SUCCEEDS = Fate()
FAILS = Fate(ends=RunStatus.FAILED, exit_code=1, error_type=SCRIPT_FAILED, works=False)
RUNS_ON = Fate(looks_running=NEVER)
STAYS_PENDING = Fate(looks_pending=NEVER)
LEAVES_NOTHING = Fate(works=False)

FATES_BY_WORD = {"noresult": LEAVES_NOTHING, "fail": FAILS, "slow": RUNS_ON, "pending": STAYS_PENDING}

Script = Callable[[Submission], Awaitable[Fate]]
Work = Callable[[Submission], Awaitable[None]]


async def fate_by_metadata(submission: Submission) -> Fate:
    """The first word of FATES_BY_WORD that occurs in the metadata decides; without one the run succeeds."""
    return fate_by_word(" ".join(submission.metadata.values()))


def fate_by_word(text: str) -> Fate:
    return next((fate for word, fate in FATES_BY_WORD.items() if word in text.lower()), SUCCEEDS)


async def no_work(submission: Submission) -> None:
    """Nothing is left behind."""


@dataclass
class FakeRun:
    submission: Submission
    fate: Fate
    started_at: dt.datetime
    status: RunStatus = RunStatus.PENDING
    looks: int = 0
    message: str | None = "Job has not started yet."
    error_type: str | None = None
    exit_code: int | None = None
    ended_at: dt.datetime | None = None
    printed: str = ""

    @property
    def is_due(self) -> bool:
        """Whether it has been seen in its present status as often as its fate says."""
        wanted = self.fate.looks_pending if self.status is RunStatus.PENDING else self.fate.looks_running
        return wanted is not NEVER and self.looks >= wanted


@dataclass
class FakeRunner:
    """Every look moves a run on as its fate says; with `looks_advance` off only `advance` does.

    A script may raise what the real runner would, and the submission fails with it. `submissions` holds each new one.
    """

    script: Script = fate_by_metadata
    work: Work = no_work
    looks_advance: bool = True
    cpu_count: int = 2
    submissions: list[Submission] = field(default_factory=list)
    runs: dict[str, FakeRun] = field(default_factory=dict)
    down_because: str | None = None
    _moments: int = 0

    def go_down(self, reason: str = "no answer in time") -> None:
        """Every call fails from now on; runs stay as they are."""
        self.down_because = reason

    def come_back(self) -> None:
        self.down_because = None

    def lose(self, submission_id: str) -> None:
        """The run is forgotten, as by a cluster that was started anew."""
        del self.runs[submission_id]

    async def advance(self, submission_id: str) -> RunStatus:
        """To the next status, whatever its fate says of looks. An ended run stays as it is."""
        run = self.runs[submission_id]
        if run.status is RunStatus.PENDING:
            run.status, run.looks, run.message = RunStatus.RUNNING, 0, "Job is currently running."
            run.printed += run.fate.prints
        elif run.status is RunStatus.RUNNING:
            await self._end(run)
        return run.status

    async def finish(self, submission_id: str) -> RunStatus:
        """To its end, be it a run that would go on for ever."""
        while not self.runs[submission_id].status.is_final:
            await self.advance(submission_id)
        return self.runs[submission_id].status

    async def submit(self, submission: Submission) -> None:
        self._answer()
        if submission.id in self.runs:
            return
        fate = await self.script(submission)
        self.submissions.append(submission)
        self.runs[submission.id] = FakeRun(submission, fate, started_at=self._now())

    async def look(self, submission_id: str) -> Run | None:
        self._answer()
        run = self.runs.get(submission_id)
        if run is None:
            return None
        if self.looks_advance and not run.status.is_final and run.is_due:
            await self.advance(submission_id)
        run.looks += 1
        return _seen(run)

    async def logs(self, submission_id: str) -> str:
        self._answer()
        run = self.runs.get(submission_id)
        return run.printed if run else ""

    async def stop(self, submission_id: str) -> None:
        self._answer()
        run = self.runs.get(submission_id)
        if run and not run.status.is_final:
            run.status, run.message, run.ended_at = RunStatus.STOPPED, "Job was intentionally stopped.", self._now()

    async def cpus(self) -> int:
        self._answer()
        return self.cpu_count

    async def check(self) -> None:
        self._answer()

    async def close(self) -> None:
        """Nothing is open."""

    async def _end(self, run: FakeRun) -> None:
        run.status, run.exit_code, run.error_type = run.fate.ends, run.fate.exit_code, run.fate.error_type
        if run.fate.works:
            try:
                await self.work(run.submission)
            except Exception as error:
                run.status, run.exit_code, run.error_type = RunStatus.FAILED, 1, SCRIPT_FAILED
                run.printed += f"{type(error).__name__}: {error}\n"
        run.message, run.ended_at = _last_message(run), self._now()

    def _answer(self) -> None:
        if self.down_because is not None:
            raise Unavailable(system="ray", reason=self.down_because)

    def _now(self) -> dt.datetime:
        self._moments += 1
        return FIRST_MOMENT + dt.timedelta(seconds=self._moments)


def _last_message(run: FakeRun) -> str:
    if run.status is RunStatus.SUCCEEDED:
        return "Job finished successfully."
    return f"Job entrypoint command failed with exit code {run.exit_code}, last available logs:\n{run.printed}"


def _seen(run: FakeRun) -> Run:
    has_driver = run.status is not RunStatus.PENDING
    variables = {**run.submission.environment, CONFIG_VARIABLE: run.submission.config_uri}
    return Run(
        id=run.submission.id,
        status=run.status,
        message=run.message,
        error_type=run.error_type,
        started_at=run.started_at,
        ended_at=run.ended_at,
        driver_exit_code=run.exit_code,
        driver_node_id="fake-node" if has_driver else None,
        driver_agent_http_address="http://127.0.0.2:52365" if has_driver else None,
        metadata=dict(run.submission.metadata),
        runtime_env=redacted_environment({"env_vars": variables}),
    )
