"""Takes answers in: on the local disk, in segments of the object store, and in the progress report."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from touchstone_jobs.attempt import Attempt
from touchstone_jobs.failures import JobFailure
from touchstone_jobs.inference.samples import Answer, Answers
from touchstone_jobs.segments import Segments

_log = logging.getLogger(__name__)

SECONDS_BETWEEN_FLUSHES = 1.0
LARGEST_SEGMENT = 1000
# beyond the allowed failures, so many in a row mean that the provider is down, not that samples are odd
HOPELESS_IN_A_ROW = 32
_BEATS_BETWEEN_TAKEOVER_CHECKS = 10


class Recorder:
    def __init__(self, attempt: Attempt, answers: Answers, segments: Segments[Answer], allowed_failures: int) -> None:
        self._attempt = attempt
        self._answers = answers
        self._segments = segments
        self._allowed_failures = allowed_failures
        self._failed_in_a_row = 0
        self.failed = 0
        self.first_failure: Answer | None = None

    async def record(self, answer: Answer) -> None:
        """Raises JobFailure when going on is hopeless."""
        if answer.error is not None:
            answer.error = self._attempt.redactor.clean(answer.error)
        self._answers.add(answer)
        self._segments.append(answer)
        self._count(answer)
        if self._segments.pending >= LARGEST_SEGMENT:
            await asyncio.to_thread(self._segments.flush)
        if self.failed > self._allowed_failures and self._failed_in_a_row >= HOPELESS_IN_A_ROW:
            raise self.failure()

    def _count(self, answer: Answer) -> None:
        if answer.error is None:
            self._failed_in_a_row = 0
            self._attempt.progress.add(done=1)
            return
        _log.warning("Row %d has no answer: %s", answer.row, answer.error)
        self.failed += 1
        self._failed_in_a_row += 1
        self.first_failure = self.first_failure or answer
        self._attempt.progress.add(failed=1)

    def refuse_if_too_many_failed(self) -> None:
        """Raises JobFailure `too_many_failed_samples`."""
        if self.failed > self._allowed_failures:
            raise self.failure()

    def failure(self) -> JobFailure:
        first = self.first_failure
        example = f" Row {first.row}: {first.error}" if first else ""
        return JobFailure(
            "too_many_failed_samples",
            f"{self.failed} samples failed, {self._allowed_failures} may; finished ones are kept for a retry.{example}",
        )

    async def while_recording(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs the work, flushes and reports every second meanwhile, and flushes at its end, however it ends."""
        tasks = {asyncio.create_task(work), asyncio.create_task(self._beat())}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._segments.flush()

    async def _beat(self) -> None:
        beats = 0
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_FLUSHES)
            try:
                await asyncio.to_thread(self._segments.flush)
            except Exception as error:
                _log.warning("Finished samples could not be stored, will be tried again: %s", error)
            await asyncio.to_thread(self._attempt.progress.write_if_due)
            beats += 1
            if beats % _BEATS_BETWEEN_TAKEOVER_CHECKS == 0:
                await asyncio.to_thread(self._attempt.refuse_if_superseded)
