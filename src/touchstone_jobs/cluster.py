"""Work spread over the cluster's CPUs when the attempt runs on one, and done in place otherwise."""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any

from touchstone_jobs.failures import JobFailure

_log = logging.getLogger(__name__)
# what Ray sets for the driver of a submitted job, and what its users set to name a cluster
_SIGNS_OF_RAY = ("RAY_JOB_CONFIG_JSON_ENV_VAR", "RAY_ADDRESS")


def on_cluster() -> bool:
    return any(os.environ.get(name) for name in _SIGNS_OF_RAY)


def connect() -> Any:
    """The ray module, connected to the cluster this attempt runs on. Raises JobFailure `cluster_unavailable`."""
    # a driver below `uv run` would have Ray install its environment again, under another Python, for every worker
    os.environ["RAY_ENABLE_UV_RUN_RUNTIME_ENV"] = "0"
    ray = import_module("ray")
    if not ray.is_initialized():
        try:
            ray.init(address="auto", log_to_driver=False, logging_level=logging.WARNING)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise JobFailure("cluster_unavailable", f"The attempt cannot reach its Ray cluster: {error}") from None
    return ray


def each_result(
    function: Callable[..., Any], calls: Sequence[tuple[Any, ...]], *, num_gpus: Sequence[float]
) -> Iterator[tuple[int, Any]]:
    """The number of a call and what the function gave, as the calls end. On a cluster each is a task of one CPU, and
    of as many GPUs as `num_gpus` says for it."""
    if not on_cluster():
        yield from ((number, function(*arguments)) for number, arguments in enumerate(calls))
        return
    ray = connect()
    task = ray.remote(num_cpus=1)(function)
    tasks = [task.options(num_gpus=gpus or None) for gpus in num_gpus]
    running = {tasks[number].remote(*arguments): number for number, arguments in enumerate(calls)}
    _log.info("%d tasks on the cluster", len(running))
    while running:
        (ready,), _ = ray.wait(list(running), num_returns=1)
        yield running.pop(ready), _result(ray, ready)


def _result(ray: Any, reference: Any) -> Any:
    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, JobFailure):
            raise error.cause from None
        raise
    except ray.exceptions.RayError as error:  # a worker or node that died, beyond Ray's own retries
        raise JobFailure("cluster_unavailable", f"The cluster lost a task: {error}") from None
