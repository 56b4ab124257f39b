"""Until when kernels are to be tested, as the kernel team's stable release updates say."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from touchstone.adapters.issue_tracker import NotModified
from touchstone.adapters.remote_service import RemoteService

STAGES = ("proposed", "updates", "edge", "beta", "candidate", "stable", "pending", "current")
FINISHED = ("Fix Committed", "Fix Released")
MOST_BYTES = 64 * 1024 * 1024
BUG_URL = "https://bugs.launchpad.net/kernel-sru-workflow/+bug/{bug}"


class KernelUpdate(msgspec.Struct, frozen=True):
    """What an artefact is told: `due_date` may be none, `bug_link` is where the update is worked on."""

    artefact_id: int
    stage: str
    due_date: dt.date | None
    bug_link: str


class KernelUpdates(msgspec.Struct, frozen=True):
    """`unreadable` counts entries that are about us and make no sense."""

    updates: list[KernelUpdate]
    unreadable: int
    etag: str | None


class _Task(msgspec.Struct, frozen=True):
    status: str | None = None


class _Tasks(msgspec.Struct, frozen=True, rename="kebab"):
    kernel_sru_workflow: _Task | None = None


class _Entry(msgspec.Struct, frozen=True, rename="kebab"):
    test_observer: dict[str, Any] | None = None
    task: _Tasks | None = None

    @property
    def is_open(self) -> bool:
        status = self.task and self.task.kernel_sru_workflow and self.task.kernel_sru_workflow.status
        return bool(status) and status not in FINISHED


class _Status(msgspec.Struct, frozen=True):
    trackers: dict[str, msgspec.Raw]


class KernelTracker:
    def __init__(
        self, url: str = "https://kernel.ubuntu.com/swm/status.json", *, timeout_seconds: float = 60.0
    ) -> None:
        self._url = url
        self._service = RemoteService(
            "the kernel tracker", timeout_seconds=timeout_seconds, most_bytes=MOST_BYTES, leads_elsewhere=True
        )

    async def close(self) -> None:
        await self._service.close()

    async def updates(self, etag: str | None = None) -> KernelUpdates | NotModified:
        """Of all kernels that are being tested. Raises RateLimited, CredentialsRefused, Unavailable."""
        answer = await self._service.get(self._url, headers={"if-none-match": etag} if etag else {})
        if answer.status == 304:
            return NotModified()
        found, unreadable = _read(self._service.decoded(answer, _Status).trackers)
        return KernelUpdates(found, unreadable, answer.etag)


def _read(trackers: Mapping[str, msgspec.Raw]) -> tuple[list[KernelUpdate], int]:
    """One entry that is broken does not keep the others."""
    found: list[KernelUpdate] = []
    unreadable = 0
    for bug, raw in trackers.items():
        try:
            found += list(_updates(bug, raw))
        except ValueError:
            unreadable += 1
    return found, unreadable


def _updates(bug: str, raw: msgspec.Raw) -> Iterator[KernelUpdate]:
    """Raises ValueError."""
    entry = msgspec.json.decode(raw, type=_Entry)
    said = entry.test_observer
    if not said or not entry.is_open:
        return
    due = said.get("due-date")
    due_date = None if due is None else dt.date.fromisoformat(str(due))
    for stage in STAGES:
        artefact = said.get(stage)
        if artefact is not None:
            yield KernelUpdate(int(str(artefact)), stage, due_date, BUG_URL.format(bug=int(bug)))
