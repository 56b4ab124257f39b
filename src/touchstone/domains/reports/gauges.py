"""The gauges of test results, under the names and labels that dashboards know.

They are counted in the database, not along with the requests: nothing drifts, and every process tells the same.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import msgspec
import structlog

from touchstone.database.executor import Database
from touchstone.domains.reports.gauge_repository import GaugeRepository, Series
from touchstone.http.metrics import Metrics

PERMISSION = "view_test"
LABELS = (
    "family",
    "artefact_name",
    "artefact_stage",
    "track",
    "series",
    "os",
    "environment_name",
    "test_plan",
    "test_name",
    "status",
)
ISSUE_LABELS = ("issue_source", "issue_project", "issue_key")
METADATA_LABELS = ("metadata_category", "metadata_value")
FRESH_SECONDS = 60.0
# when the database has not answered for so long, no number says more than an old one
LAST_SECONDS = 600.0

_log: Any = structlog.get_logger("touchstone.reports")

Numbers = Mapping[tuple[str, ...], float]


class GaugeRules(msgspec.Struct, frozen=True):
    """`days` 0: all results there are. `most` series a gauge; without `by_case` the label of the test is empty."""

    days: int = 30
    most: int = 5000
    by_case: bool = False


class ResultGauges:
    """Counts when somebody looks and the last count is a minute old; meanwhile it tells the last one."""

    def __init__(self, database: Database, rules: GaugeRules) -> None:
        self._repository = GaugeRepository(database)
        self._rules = rules
        self._counted: dict[str, Numbers] = {}
        self._counted_at = float("-inf")
        self._counting: asyncio.Task[None] | None = None

    def add_to(self, metrics: Metrics) -> None:
        for name, documentation, labels in (
            ("test_observer_test_results", "Test results.", LABELS),
            ("test_observer_test_results_triaged", "Test results by attached issue.", LABELS + ISSUE_LABELS),
            ("test_observer_test_results_metadata", "Test results by metadata.", LABELS + METADATA_LABELS),
        ):
            metrics.add_gauge(name, documentation, self._reader(name), labels, permission=PERMISSION)

    def _reader(self, name: str):
        async def read() -> Numbers:
            await self._look()
            return self._counted[name]

        return read

    async def _look(self) -> None:
        age = time.monotonic() - self._counted_at
        if age >= FRESH_SECONDS and (self._counting is None or self._counting.done()):
            self._counting = asyncio.create_task(self._count())
            self._counting.add_done_callback(_note)
        if age >= LAST_SECONDS and self._counting is not None:
            # whoever waits may be cut off; the count goes on for those who ask next
            await asyncio.shield(self._counting)

    async def _count(self) -> None:
        rules, repository = self._rules, self._repository
        found: dict[str, list[Series]] = {}
        for name, count in (
            ("test_observer_test_results", repository.count_results),
            ("test_observer_test_results_triaged", repository.count_triaged),
            ("test_observer_test_results_metadata", repository.count_by_metadata),
        ):
            found[name] = await count(rules.days, rules.most, by_case=rules.by_case)
        self._counted = {name: {one.labels: float(one.count) for one in series} for name, series in found.items()}
        self._counted_at = time.monotonic()

    @contextlib.asynccontextmanager
    async def counting(self) -> AsyncGenerator[None]:
        """Ends a count that goes on when the block ends."""
        try:
            yield
        finally:
            if self._counting is not None:
                self._counting.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await self._counting


def _note(counting: "asyncio.Task[None]") -> None:
    """The next look tries again; until the last count is too old nobody waits to be told of the failure."""
    if not counting.cancelled() and (error := counting.exception()):
        _log.warning("results cannot be counted", error=type(error).__name__)
