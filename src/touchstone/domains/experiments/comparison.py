"""Workflows of an experiment side by side: their metrics from rows, their samples from compiled results."""

import asyncio
from typing import Any

import msgspec

from touchstone.adapters.object_store import ObjectNotFound, ObjectStore
from touchstone.database.executor import Database
from touchstone.domains.experiments.repository import ExperimentRepository
from touchstone.domains.experiments.schemas import ComparedSample, ComparedWorkflow, Comparison
from touchstone.domains.experiments.service import number_of
from touchstone.domains.workflows.model import WorkflowRow
from touchstone.domains.workflows.repository import WorkflowRepository
from touchstone.errors import Unavailable
from touchstone.http.caller import Caller

MOST_BYTES = 64 * 1024 * 1024
READ_SECONDS = 10.0


class Compiled(msgspec.Struct):
    """The parts of compiled.json that a comparison shows."""

    metrics: dict[str, Any] = {}
    artifacts: dict[str, Any] = {}


class ComparisonService:
    def __init__(self, database: Database, store: ObjectStore) -> None:
        self.database = database
        self.store = store

    async def compare(self, experiment_id: str, caller: Caller, *, skip: int, limit: int) -> Comparison:
        """`limit` 0 leaves the samples, and with them the object store, alone. Raises ExperimentNotFound."""
        experiment = await ExperimentRepository(self.database).get(number_of(experiment_id), caller.viewer)
        rows = await WorkflowRepository(self.database).list_of_experiments([experiment.id], caller.viewer)
        columns = [_column(row) for row in rows]
        compiled = await self._read_all(rows) if limit > 0 else {}
        return Comparison(
            experiment_id=str(experiment.id),
            metrics=sorted({name for column in columns for name in column.metrics}),
            workflows=columns,
            total_samples=max((_length(found) for found in compiled.values()), default=0),
            samples=_samples(compiled, skip, limit),
            left_out=[row.id.hex for row in rows if row.compiled_key and limit > 0 and row.id.hex not in compiled],
        )

    async def _read_all(self, rows: list[WorkflowRow]) -> dict[str, Compiled]:
        ready = [row for row in rows if row.compiled_key]
        found = await asyncio.gather(*(self._read(row.compiled_key or "") for row in ready))
        return {row.id.hex: compiled for row, compiled in zip(ready, found, strict=True) if compiled is not None}

    async def _read(self, key: str) -> Compiled | None:
        try:
            async with asyncio.timeout(READ_SECONDS):
                body = await self.store.get(key, at_most=MOST_BYTES)
            return await asyncio.to_thread(msgspec.json.decode, body, type=Compiled)
        except (ObjectNotFound, Unavailable, TimeoutError, msgspec.DecodeError):
            return None


def _column(row: WorkflowRow) -> ComparedWorkflow:
    metrics = {name: value for job in row.jobs for name, value in job.metrics.items()}
    return ComparedWorkflow(
        id=row.id.hex, name=row.name, model=row.model, provider=row.provider, status=row.status, metrics=metrics
    )


def _length(compiled: Compiled) -> int:
    predictions = compiled.artifacts.get("predictions")
    return len(predictions) if isinstance(predictions, list) else 0  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def _samples(compiled: dict[str, Compiled], skip: int, limit: int) -> list[ComparedSample]:
    longest = max((_length(found) for found in compiled.values()), default=0)
    return [_sample(compiled, index) for index in range(longest)[skip : skip + limit]]


def _sample(compiled: dict[str, Compiled], index: int) -> ComparedSample:
    return ComparedSample(
        index=index,
        example=_first(compiled, "examples", index),
        ground_truth=_first(compiled, "ground_truth", index),
        predictions={name: _at(found.artifacts.get("predictions"), index) for name, found in compiled.items()},
        scores={name: _scores(found.metrics, index) for name, found in compiled.items()},
    )


def _first(compiled: dict[str, Compiled], artifact: str, index: int) -> Any:
    """All workflows of an experiment read the same dataset, so any of them may tell."""
    found = (_at(one.artifacts.get(artifact), index) for one in compiled.values())
    return next((value for value in found if value is not None), None)


def _scores(metrics: dict[str, Any], index: int) -> dict[str, Any]:
    """The members of metric objects that hold a value per row, under `{metric}_{member}`."""
    return {
        f"{metric}_{member}": _at(values, index)
        for metric, members in metrics.items()
        if isinstance(members, dict)
        for member, values in members.items()  # pyright: ignore[reportUnknownVariableType]
        if isinstance(values, list)
    }


def _at(values: Any, index: int) -> Any:
    return values[index] if isinstance(values, list) and index < len(values) else None  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
