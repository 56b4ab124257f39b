"""Bugs on Launchpad, read without an account.

https://api.launchpad.net/devel/#bug and #bug_task
"""

from urllib.parse import urlsplit

import msgspec

from touchstone.adapters.issue_tracker import (
    Fetched,
    IssueReference,
    NewIssue,
    NotModified,
    NotThere,
    ReadOnly,
    TrackerProject,
    fetched,
)
from touchstone.adapters.remote_service import RemoteService
from touchstone.adapters.tracker_urls import issue_url

COMPLETE = {"Fix Released", "Invalid", "Won't Fix", "Expired"}
PAGE = 300


class _Bug(msgspec.Struct, frozen=True):
    title: str
    tags: list[str] = []


class _Task(msgspec.Struct, frozen=True):
    status: str
    target_link: str
    is_complete: bool | None = None

    @property
    def is_done(self) -> bool:
        return self.status in COMPLETE if self.is_complete is None else self.is_complete

    @property
    def project(self) -> str:
        """The first name after the version of the interface: a project or a distribution."""
        return "".join(urlsplit(self.target_link).path.split("/")[2:3]).lower()


class _Tasks(msgspec.Struct, frozen=True):
    entries: list[_Task]


def launchpad_api(site: str) -> str:
    return f"https://{site.replace('bugs.', 'api.', 1)}/devel"


class LaunchpadTracker:
    """A bug is closed when all its tasks in the reference's project are, or all at all where it has none there.

    Nothing is conditional: the entity tag of a bug does not cover its tasks.
    """

    def __init__(self, site: str, service: RemoteService) -> None:
        self._service, self._api_url = service, launchpad_api(site)

    async def close(self) -> None:
        await self._service.close()

    async def fetch(self, reference: IssueReference, etag: str | None = None) -> Fetched | NotModified:
        bug_url = f"{self._api_url}/bugs/{reference.key.lstrip('0') or '0'}"
        answer = await self._service.get(bug_url, headers={"accept": "application/json"})
        if answer.is_absent:
            raise NotThere(system=self._service.system, name=issue_url(reference))
        bug = self._service.decoded(answer, _Bug)
        listed = await self._service.get(f"{bug_url}/bug_tasks", params={"ws.size": str(PAGE)})
        tasks = self._service.decoded(listed, _Tasks).entries
        own = [task for task in tasks if task.project == reference.project] or tasks
        return fetched(bug.title, is_closed=bool(own) and all(task.is_done for task in own), labels=bug.tags)

    async def create(self, project: TrackerProject, new: NewIssue) -> IssueReference:
        raise ReadOnly(system=self._service.system)
