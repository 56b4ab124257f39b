"""Feeds a Hugging Face model with length-sorted batches: through Ray Data on a cluster, in place otherwise."""

import asyncio
import logging
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from typing import Any

import msgspec

from touchstone_jobs.cluster import connect, on_cluster
from touchstone_jobs.failures import JobFailure, missing_package
from touchstone_jobs.inference.hugging_face.model import HuggingFaceModel, HuggingFaceWorker
from touchstone_jobs.inference.samples import Answer, Record, Sample
from touchstone_jobs.wire import FailureReason, InferenceSettings

_log = logging.getLogger(__name__)

# the contract's default of 1 says nothing about the machine
SMALLEST_BATCH = 8
# sorting wants many samples, memory few
WINDOW = 4096
_NEEDED = ("torch", "transformers", "langcodes")


class HuggingFacePredictor:
    """Raises JobFailure `models_not_installed` when a package is missing."""

    def __init__(self, settings: InferenceSettings, secret: str | None) -> None:
        for package in (*_NEEDED, *(("pandas",) if on_cluster() else ())):
            if find_spec(package) is None:
                raise missing_package(
                    "models_not_installed", f"The model {settings.model}", package, "'touchstone[models]'"
                )
        self._settings = settings
        self._secret = secret

    @property
    def _batch_size(self) -> int:
        return max(self._settings.batch_size, SMALLEST_BATCH)

    async def answer_all(self, samples: Iterator[Sample], record: Record) -> None:
        batches = sorted_batches(samples, self._batch_size)
        answers = self._on_ray(batches) if on_cluster() else self._in_place(batches)
        while (some := await asyncio.to_thread(next, answers, None)) is not None:
            for answer in some:
                await record(answer)

    def _in_place(self, batches: Iterator[list[Sample]]) -> Iterator[list[Answer]]:
        model = HuggingFaceModel(self._settings, self._secret)
        _log.info("%s is asked as a %s", self._settings.model, model.kind)
        return (model.answers(batch) for batch in batches)

    def _on_ray(self, batches: Iterator[list[Sample]]) -> Iterator[list[Answer]]:
        ray, data, arrow = connect(), import_module("ray.data"), import_module("pyarrow")
        data.DataContext.get_current().enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.WARNING)
        # a block per batch, each handed to the object store at once: the driver holds none of them
        blocks = [ray.put(arrow.Table.from_pydict(_columns(batch))) for batch in batches]
        resources: dict[str, float] = ray.cluster_resources()
        gpus = gpus_of_worker(self._settings, resources.get("GPU", 0))
        _log.info("%d batches for %s on the cluster, %g GPUs a worker", len(blocks), self._settings.model, gpus)
        answered = data.from_arrow_refs(blocks).map_batches(
            HuggingFaceWorker,
            batch_size=self._batch_size,  # a block's, which Ray does not take for granted where there are GPUs
            fn_constructor_args=(msgspec.json.encode(self._settings), self._secret),
            compute=data.ActorPoolStrategy(min_size=1, max_size=most_workers(resources, gpus)),
            num_cpus=1,
            num_gpus=gpus or None,
        )
        return (_unpacked(batch) for batch in answered.iter_batches(batch_size=None, prefetch_batches=0))


def gpus_of_worker(settings: InferenceSettings, held: float) -> float:
    """`held` is how many GPUs the cluster has."""
    asked = settings.num_gpus
    if asked > held:
        _log.warning("The cluster has %g GPUs, a worker asks for %g: it waits until there are more", held, asked)
    if asked or not settings.gpu_if_any or settings.accelerator not in (None, "auto", "cuda"):
        return asked
    return 1.0 if held >= 1 else 0.0


def most_workers(resources: dict[str, float], gpus: float) -> int:
    """As many as the GPUs suffice for; without any, half of the CPUs: other jobs' tasks need some as well."""
    most = resources.get("GPU", 0) // gpus if gpus else resources.get("CPU", 1) // 2
    return max(int(most), 1)


def sorted_batches(samples: Iterator[Sample], size: int) -> Iterator[list[Sample]]:
    """Batches of samples alike in length, longest first, so that little is padding and memory fails early if at all."""
    while window := list(islice(samples, WINDOW)):
        window.sort(key=lambda sample: len(sample.text), reverse=True)
        yield from (window[start : start + size] for start in range(0, len(window), size))


def _columns(batch: list[Sample]) -> dict[str, list[Any]]:
    return {"row": [sample.row for sample in batch], "text": [sample.text for sample in batch]}


def _unpacked(batch: dict[str, Any]) -> list[Answer]:
    for failure in batch["failure"]:
        if failure:
            reason = msgspec.json.decode(failure, type=FailureReason)
            raise JobFailure(reason.code, reason.message)
    return [msgspec.json.decode(answer, type=Answer) for answer in batch["answer"]]
