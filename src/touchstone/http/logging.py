"""One stream of log lines: JSON for machines, text on a terminal, whoever wrote them."""

import logging
import re
import sys
from functools import lru_cache
from typing import Any, cast

import asyncpg
import msgspec
import structlog
from litestar.exceptions import HTTPException
from structlog.typing import EventDict, Processor

from touchstone.errors import Failure, Unavailable
from touchstone.http.error_reports import Report
from touchstone.http.exchange import PROBES, Exchange

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
MAX_PATH = 300
_SECRET = re.compile(r"(authorization|cookie|password|secret|token|api_?key|dsn)$", re.IGNORECASE)
_HANDLER = "touchstone"

_access: Any = structlog.get_logger("touchstone.access")
_failures: Any = structlog.get_logger("touchstone.failures")


def configure_logging(level: str = "info", json: bool | None = None) -> None:
    """Sends structlog and the standard library's loggers to stderr; `json` None: unless that is a terminal.

    Lines of other libraries start at warning: some write whole URLs, signatures included, at info.
    """
    as_json = not sys.stderr.isatty() if json is None else json
    shared = _shared_processors()
    structlog.configure(
        processors=[*shared, _renderer(as_json)],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=cast("Any", _LineLoggerFactory()),
        cache_logger_on_first_use=False,
    )
    _configure_standard_library(LEVELS[level], shared, as_json)


def server_log_config(level: str = "info") -> dict[str, Any]:
    """For granian's `log_dictconfig`: its own lines join ours, and it writes no access lines beside ours."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "loggers": {
            "_granian": {"handlers": [], "level": LEVELS[level], "propagate": True},
            "granian.access": {"handlers": [], "level": logging.CRITICAL, "propagate": False},
        },
    }


def log_access(exchange: Exchange) -> None:
    """One line per request: no query, which may hold signatures, and no headers. Probes only at debug."""
    write = _access.debug if exchange.path in PROBES else _access.info
    write(
        "request",
        method=exchange.method,
        route=exchange.route,
        path=exchange.path[:MAX_PATH],
        status=exchange.status,
        duration_ms=round(exchange.seconds * 1000, 2),
    )


class FailureLog:
    """Logs what goes wrong, once, and hands faults of ours to `report`; made for Litestar's `after_exception`."""

    def __init__(self, report: Report | None = None) -> None:
        self._report = report

    async def __call__(self, error: Exception, scope: Any) -> None:
        if isinstance(error, Unavailable):
            mark_logged(error)
            _failures.warning("unavailable", failure=str(error), cause=type(error.__cause__).__name__)
        elif _is_fault(error):
            self.fault(error, scope.get("path_template"))

    def fault(self, error: BaseException, route: str | None) -> None:
        """A fault of ours with its traceback, unless somebody has logged this very exception."""
        if is_logged(error):
            return
        mark_logged(error)
        _failures.error("request failed", route=route, error=type(error).__name__, exc_info=error)
        if self._report is not None:
            self._report(error)


def _is_fault(error: Exception) -> bool:
    # a DataError is a value of the client's that no column takes, see `answer_exception`
    is_refusal = isinstance(error, HTTPException) and error.status_code != 500
    return not is_refusal and not isinstance(error, Failure | asyncpg.DataError)


def mark_logged(error: BaseException) -> None:
    error.__dict__["is_logged"] = True


def is_logged(error: BaseException | None) -> bool:
    """Whether the exception, or one that it came from, is in the log already."""
    for _ in range(10):
        if error is None:
            return False
        if error.__dict__.get("is_logged", False):
            return True
        error = error.__cause__
    return False


def redact(_: object, __: str, event: EventDict) -> EventDict:
    """Blanks values whose name says that they are secret, whoever put them into a line."""
    for name in event:
        if _is_secret(name):
            event[name] = "<redacted>"
    return event


@lru_cache(1024)
def _is_secret(name: str) -> bool:
    return _SECRET.search(name) is not None


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
    ]


def _add_logger_name(logger: Any, _: str, event: EventDict) -> EventDict:
    event.setdefault("logger", getattr(logger, "name", None) or "touchstone")
    return event


def _renderer(as_json: bool) -> Processor:
    if as_json:
        return _as_json
    return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)


def _as_json(logger: Any, method: str, event: EventDict) -> str:
    # tracebacks as plain text: the structured kind shows local variables, secrets among them
    event = structlog.processors.format_exc_info(logger, method, event)
    return msgspec.json.encode(event, enc_hook=repr, order=None).decode()


class _LineLogger:
    """Writes finished lines to the stderr of the moment, so that a test that swaps it sees them."""

    def __init__(self, name: str | None) -> None:
        self.name = name

    def _write(self, line: str) -> None:
        sys.stderr.write(line + "\n")

    debug = info = warning = error = critical = exception = log = msg = fatal = failure = err = warn = _write


class _LineLoggerFactory:
    def __call__(self, *names: str) -> _LineLogger:
        return _LineLogger(names[0] if names else None)


class AnswerCutOffError(Exception):
    """Tells the server to break the connection, since the answer cannot be completed; the reason is in the log."""


class _StderrHandler(logging.StreamHandler[Any]):
    """Drops what the server says about an answer that was cut off: granian as text, others with the exception."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, AnswerCutOffError) and AnswerCutOffError.__name__ not in str(record.msg):
            super().emit(record)


def _configure_standard_library(level: int, shared: list[Processor], as_json: bool) -> None:
    handler = _StderrHandler(sys.stderr)
    handler.set_name(_HANDLER)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(as_json)],
        )
    )
    root = logging.getLogger()
    root.handlers = [other for other in root.handlers if other.get_name() != _HANDLER] + [handler]
    root.setLevel(max(level, logging.WARNING))
    logging.getLogger("touchstone").setLevel(level)
    for name in ("_granian", "uvicorn", "uvicorn.error"):
        _joins_root(name, level)
    for name in ("granian.access", "uvicorn.access"):
        logging.getLogger(name).disabled = True
    logging.captureWarnings(True)


def _joins_root(name: str, level: int) -> None:
    logger = logging.getLogger(name)
    logger.handlers = []
    logger.propagate = True
    logger.setLevel(level)
