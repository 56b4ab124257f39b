"""All trackers that are set up, as one that knows whom to ask."""

import asyncio
from collections.abc import Mapping

from touchstone.adapters.issue_tracker import (
    Fetched,
    IssueReference,
    IssueTracker,
    NewIssue,
    NotConfigured,
    NotModified,
    NotThere,
    Source,
    TrackerProject,
)
from touchstone.adapters.tracker_urls import (
    DEFAULT_HOSTS,
    TrackerHosts,
    UnrecognizedIssueUrl,
    issue_reference,
    issue_url,
)


class IssueTrackers:
    """`trackers` by source and host as references have them; `hosts` are what addresses may name."""

    def __init__(self, trackers: Mapping[tuple[Source, str], IssueTracker], hosts: TrackerHosts) -> None:
        self._trackers = dict(trackers)
        self.hosts = hosts

    @property
    def configured(self) -> frozenset[tuple[Source, str]]:
        """Source and host of everything that can be asked."""
        return frozenset(self._trackers)

    async def fetch(self, reference: IssueReference, etag: str | None = None) -> Fetched | NotModified:
        return await self._tracker(reference, reference).fetch(reference, etag)

    async def create(self, project: TrackerProject, new: NewIssue) -> IssueReference:
        return await self._tracker(project, project.issue("1")).create(project, new)

    async def close(self) -> None:
        await asyncio.gather(*(tracker.close() for tracker in self._trackers.values()))

    def _tracker(self, asked: IssueReference | TrackerProject, reference: IssueReference) -> IssueTracker:
        """Raises NotConfigured, and NotThere for names that no address has: they would be parts of other requests."""
        system = asked.host or DEFAULT_HOSTS[asked.source]
        found = self._trackers.get((asked.source, asked.host))
        if found is None:
            raise NotConfigured(system=system)
        if not self._is_sound(reference):
            raise NotThere(system=system, name=asked.project[:100])
        return found

    def _is_sound(self, reference: IssueReference) -> bool:
        try:
            return issue_reference(issue_url(reference), self.hosts) == reference
        except UnrecognizedIssueUrl:
            return False
