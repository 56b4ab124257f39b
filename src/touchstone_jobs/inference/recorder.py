"""Takes answers in: on the local disk, in segments of the object store, and in the progress report."""

import asyncio
import logging

from touchstone_jobs.attempt import Attempt
from touchstone_jobs.failures import JobFailure
from touchstone_jobs.inference.samples import Answer, Answers
from touchstone_jobs.segments import Segments

_log = logging.getLogger(__name__)

LARGEST_SEGMENT = 1000
# beyond the allowed failures, so many in a row mean that the provider is down, not that samples are odd
HOPELESS_IN_A_ROW = 32


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
