"""Logs and events of a job as server-sent events, resumable from rows by `Last-Event-ID`."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import msgspec
from litestar.response import ServerSentEvent, ServerSentEventMessage
from litestar.response.base import ASGIResponse

from touchstone.database.executor import Database
from touchstone.database.visibility import EVERYTHING
from touchstone.domains.jobs.logs import JobLogs
from touchstone.domains.jobs.repository import JobRepository

POLL_SECONDS = 0.5
# a comment now and then keeps proxies from closing a quiet stream
KEEP_ALIVE_POLLS = 30


class EventStream(ServerSentEvent):
    """Keeps its content type also where the handler is declared to answer something else."""

    def to_asgi_response(self, *args: Any, **named: Any) -> ASGIResponse:
        return super().to_asgi_response(*args, **{**named, "media_type": self.media_type})  # pyright: ignore[reportUnknownMemberType]


async def stream_log(logs: JobLogs, job_id: UUID, start: int) -> AsyncGenerator[ServerSentEventMessage]:
    """The log from position `start` on, until the job has ended; an event's id is the position after it."""
    quiet = 0
    while True:
        is_final = (await logs.jobs.get(job_id, EVERYTHING)).status.is_final
        seen = start
        async for piece in logs.pieces(job_id, start):
            start = piece.position + len(piece.text)
            yield ServerSentEventMessage(data=msgspec.json.encode(piece.text).decode(), event="log", id=str(start))
        if is_final and start == seen:
            yield ServerSentEventMessage(data="{}", event="end", id=str(start))
            return
        quiet = 0 if start > seen else quiet + 1
        if quiet % KEEP_ALIVE_POLLS == KEEP_ALIVE_POLLS - 1:
            yield ServerSentEventMessage(comment="still here")
        if start == seen:
            await asyncio.sleep(POLL_SECONDS)


async def stream_events(database: Database, job_id: UUID, after: int) -> AsyncGenerator[ServerSentEventMessage]:
    """What happened to the job after event `after`, until its end has been told."""
    jobs, quiet = JobRepository(database), 0
    while True:
        is_final = (await jobs.get(job_id, EVERYTHING)).status.is_final
        events = await jobs.list_events(job_id, after=after)
        for event in events:
            after = event.id
            yield ServerSentEventMessage(data=msgspec.json.encode(event).decode(), event=event.kind, id=str(event.id))
        if is_final and not events:
            yield ServerSentEventMessage(data="{}", event="end", id=str(after))
            return
        quiet = 0 if events else quiet + 1
        if quiet % KEEP_ALIVE_POLLS == KEEP_ALIVE_POLLS - 1:
            yield ServerSentEventMessage(comment="still here")
        if not events:
            await asyncio.sleep(POLL_SECONDS)


def resume_position(header: str | None) -> int:
    """What `Last-Event-ID` says; anything that is no such id starts from the beginning."""
    return int(header) if header and header.isascii() and header.isdigit() and len(header) < 19 else 0
