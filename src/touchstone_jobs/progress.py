"""How far an attempt is, told to the service through `progress.json`."""

import logging
import threading
import time

import msgspec

from touchstone_jobs import storage
from touchstone_jobs.wire import Progress

_log = logging.getLogger(__name__)
SECONDS_BETWEEN_WRITES = 1.0


class ProgressReport:
    """Counts samples and writes the count at most once a second. May be used from several threads."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._done = self._earlier = 0.0
        self._failed = self._total = 0
        self._began = self._written = time.monotonic()
        self._writing = threading.Lock()

    def begin(self, total: int, *, done: int = 0) -> None:
        """`done` samples were finished by earlier attempts; they do not count for the rate."""
        self._total, self._done, self._earlier = total, done, done
        self._began = time.monotonic()
        self.write_if_due()

    def take_over(self, *, done: float) -> None:
        """What earlier attempts finished and only now turned up; it does not count for the rate either."""
        self._done += done
        self._earlier += done

    def add(self, *, done: float = 0, failed: int = 0) -> None:
        """A sample that several metrics look at is done by and by."""
        self._done += done
        self._failed += failed

    def now(self) -> Progress:
        seconds = max(time.monotonic() - self._began, 1e-9)
        rate = (self._done + self._failed - self._earlier) / seconds
        done = int(self._done + 1e-6)
        return Progress(done=done, total=self._total, failed=self._failed, rate_per_second=round(rate, 3))

    def write_if_due(self) -> None:
        """Losing a report is not worth failing for: the next one tells more."""
        with self._writing:
            if time.monotonic() - self._written < SECONDS_BETWEEN_WRITES:
                return
            self._written = time.monotonic()
            try:
                storage.put(self._uri, msgspec.json.encode(self.now()))
            except Exception as error:
                _log.warning("Could not write the progress: %s", error)
