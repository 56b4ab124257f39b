"""Watches the systems that the service stands on, without ever waiting for them while somebody asks."""

import asyncio
import contextlib
import importlib.metadata
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any

import structlog

from touchstone.domains.health.model import Finding, NotReady
from touchstone.domains.health.schemas import Dependencies, Dependency, DeploymentType
from touchstone.errors import Unavailable

Check = Callable[[], Awaitable[object]]
Clock = Callable[[], float]

DATABASE = "database"
INTERVAL_SECONDS = 15.0
TIMEOUT_SECONDS = 3.0
UNKNOWN_VERSION = "0.0.0"

_log: Any = structlog.get_logger("touchstone.health")


class HealthService:
    """`checks` by name of the system; a check raises Unavailable when its system is down.

    Each system is checked by a loop of its own every `interval_seconds`, so that a dead one delays no other.
    """

    def __init__(
        self,
        checks: Mapping[str, Check],
        *,
        deployment_type: DeploymentType | str = DeploymentType.LOCAL,
        version: str | None = None,
        interval_seconds: float = INTERVAL_SECONDS,
        timeout_seconds: float = TIMEOUT_SECONDS,
        clock: Clock = time.monotonic,
    ) -> None:
        self.deployment_type = DeploymentType(deployment_type)
        self.version = version or installed_version()
        self._checks = dict(checks)
        self._interval_seconds = interval_seconds
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._findings: dict[str, Finding] = {}
        self._running: dict[str, asyncio.Task[Finding]] = {}

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncGenerator[None]:
        """Checks everything again and again while the block runs."""
        watchers = [asyncio.create_task(self._watch(name), name=f"watch {name}") for name in self._checks]
        try:
            yield
        finally:
            unfinished: list[asyncio.Task[Any]] = [*watchers, *self._running.values()]
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)

    def dependencies(self) -> Dependencies:
        """The last findings; waits for nothing."""
        found = {name: self._dependency(name) for name in self._checks}
        is_up = all(dependency.status == "up" for dependency in found.values())
        return Dependencies("up" if is_up else "degraded", found)

    def up(self) -> dict[tuple[str, ...], float]:
        """1 for each system that the last check found up, 0 for one that it found down, by its name."""
        return {(name,): float(finding.status == "up") for name, finding in self._findings.items()}

    async def require_database(self) -> None:
        """Checks the database now; callers at the same time share one check. Raises NotReady."""
        if DATABASE in self._checks and (await self._check_once(DATABASE)).status == "down":
            raise NotReady

    def _dependency(self, name: str) -> Dependency:
        finding = self._findings.get(name)
        if finding is None:
            return Dependency("unknown")
        age = round(self._clock() - finding.checked_at, 3)
        return Dependency(finding.status, finding.detail, finding.latency_seconds, age)

    async def _watch(self, name: str) -> None:
        while True:
            await self._check_once(name)
            await asyncio.sleep(self._interval_seconds)

    async def _check_once(self, name: str) -> Finding:
        """Joins a check that is under way, else begins one; whoever waits may go away without ending it."""
        task = self._running.get(name)
        if task is None:
            task = self._running[name] = asyncio.create_task(self._find(name), name=f"check {name}")
            task.add_done_callback(lambda _: self._running.pop(name, None))
        return await asyncio.shield(task)

    async def _find(self, name: str) -> Finding:
        began = self._clock()
        problem = await self._problem(name)
        now = self._clock()
        finding = Finding("down" if problem else "up", problem, round(now - began, 4), now)
        self._tell_change(name, finding)
        self._findings[name] = finding
        return finding

    async def _problem(self, name: str) -> str | None:
        """Why the system counts as down, in words that may be shown to anybody; None when it is up."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await self._checks[name]()
        except TimeoutError:
            return f"no answer within {self._timeout_seconds:g} s"
        except Unavailable as error:
            return str(error)
        except Exception as error:
            _log.error("check failed", dependency=name, exc_info=error)
            return "the check failed"
        return None

    def _tell_change(self, name: str, finding: Finding) -> None:
        before = self._findings.get(name)
        if before is None or before.status != finding.status:
            write = _log.info if finding.status == "up" else _log.warning
            write(f"dependency {finding.status}", dependency=name, detail=finding.detail)


def installed_version() -> str:
    """As the tag names it; a source tree without one is 0.0.0, whatever commit it stands at."""
    try:
        version = importlib.metadata.version("touchstone")
    except importlib.metadata.PackageNotFoundError:
        return UNKNOWN_VERSION
    return UNKNOWN_VERSION if version.startswith(f"{UNKNOWN_VERSION}.") else version
