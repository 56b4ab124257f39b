"""An issue tracker in memory, held to the same contract as those that speak HTTP."""

import datetime as dt

from touchstone.adapters.issue_tracker import (
    CredentialsRefused,
    Fetched,
    IssueReference,
    NewIssue,
    NotModified,
    NotThere,
    RateLimited,
    TrackerProject,
    fetched,
)
from touchstone.errors import Failure, Unavailable


class FakeIssueTracker:
    """`trouble` is raised instead of an answer; `asked` holds every reference that was fetched."""

    def __init__(self) -> None:
        self.issues: dict[IssueReference, Fetched] = {}
        self.made: dict[str, IssueReference] = {}
        self.texts: dict[IssueReference, str] = {}
        self.asked: list[IssueReference] = []
        self.trouble: Failure | None = None
        self.is_closed = False

    def put(
        self,
        reference: IssueReference,
        title: str,
        *,
        is_closed: bool = False,
        labels: tuple[str, ...] = (),
        moved_to: IssueReference | None = None,
    ) -> None:
        etag = f'"{title}/{is_closed}/{labels}"'
        self.issues[reference] = fetched(title, is_closed=is_closed, labels=list(labels), etag=etag, moved_to=moved_to)

    def limit_until(self, until: dt.datetime) -> None:
        self.trouble = RateLimited(system="tracker.test", until=until)

    def refuse_credentials(self) -> None:
        self.trouble = CredentialsRefused(system="tracker.test")

    def go_away(self) -> None:
        self.trouble = Unavailable(system="tracker.test", reason="no answer in time")

    async def fetch(self, reference: IssueReference, etag: str | None = None) -> Fetched | NotModified:
        self.asked.append(reference)
        if self.trouble is not None:
            raise self.trouble
        found = self.issues.get(reference)
        if found is None:
            raise NotThere(system="tracker.test", name=reference.key)
        return NotModified() if etag is not None and etag == found.etag else found

    async def create(self, project: TrackerProject, new: NewIssue) -> IssueReference:
        if self.trouble is not None:
            raise self.trouble
        if new.marker in self.made:
            return self.made[new.marker]
        reference = project.issue(str(len(self.texts) + 1))
        self.put(reference, new.title, labels=new.labels)
        self.texts[reference] = new.text
        if new.marker is not None:
            self.made[new.marker] = reference
        return reference

    async def close(self) -> None:
        self.is_closed = True
