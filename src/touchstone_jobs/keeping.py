"""Keeps what paid work has yielded while more of it is under way."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from touchstone_jobs.attempt import Attempt
from touchstone_jobs.segments import Segments

_log = logging.getLogger(__name__)

SECONDS_BETWEEN_FLUSHES = 1.0
_BEATS_BETWEEN_TAKEOVER_CHECKS = 10


async def while_keeping(work: Coroutine[Any, Any, None], segments: Segments[Any], attempt: Attempt) -> None:
    """Runs the work, flushes segments and progress every second meanwhile, and flushes at its end, however it ends.

    Raises what the work raises, and JobFailure `superseded` when a later attempt takes over.
    """
    tasks = {asyncio.create_task(work), asyncio.create_task(_beat(segments, attempt))}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        segments.flush()


async def _beat(segments: Segments[Any], attempt: Attempt) -> None:
    beats = 0
    while True:
        await asyncio.sleep(SECONDS_BETWEEN_FLUSHES)
        try:
            await asyncio.to_thread(segments.flush)
        except Exception as error:
            _log.warning("What is finished could not be stored, will be tried again: %s", error)
        await asyncio.to_thread(attempt.progress.write_if_due)
        beats += 1
        if beats % _BEATS_BETWEEN_TAKEOVER_CHECKS == 0:
            await asyncio.to_thread(attempt.refuse_if_superseded)
