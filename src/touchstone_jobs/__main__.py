"""`python -m touchstone_jobs`: runs the one attempt whose config the environment names, and exits 0 if all is saved."""

import logging
import os
import signal
import sys
from types import FrameType

import msgspec

from touchstone_jobs import storage
from touchstone_jobs.attempt import Program, run_attempt
from touchstone_jobs.redaction import Redactor, log_to_stdout
from touchstone_jobs.wire import CONFIG_VARIABLE, JobConfig, JobKind

_log = logging.getLogger("touchstone_jobs")

EXIT_SAVED, EXIT_FAILED, EXIT_NO_CONFIG = 0, 1, 2


def main() -> int:
    redactor = Redactor()
    log_to_stdout(redactor)
    signal.signal(signal.SIGTERM, _stop)
    config = _config()
    if config is None:
        return EXIT_NO_CONFIG
    _log.info("Attempt %d of job %s (%s) begins", config.attempt, config.job_id, config.kind)
    try:
        return EXIT_SAVED if run_attempt(config, _program(config.kind), redactor) else EXIT_FAILED
    except Exception:
        _log.exception("The outcome could not be written")
        return EXIT_FAILED


def _stop(number: int, _: FrameType | None) -> None:
    # unwinds the attempt, asyncio's loop included, so that finished samples are flushed on the way
    raise SystemExit(128 + number)


def _config() -> JobConfig | None:
    uri = os.environ.get(CONFIG_VARIABLE)
    if not uri:
        _log.error("The variable %s must name the config of an attempt", CONFIG_VARIABLE)
        return None
    try:
        return msgspec.json.decode(storage.get(uri), type=JobConfig)
    except Exception as error:
        _log.error("The config at %s cannot be read: %s", uri, error)
        return None


def _program(kind: JobKind) -> Program:
    # imported on demand: an inference needs no metric libraries, and starts sooner without them
    if kind == "evaluator":
        from touchstone_jobs.evaluation.program import evaluate

        return evaluate
    from touchstone_jobs.inference.program import infer

    return infer


if __name__ == "__main__":
    sys.exit(main())
