"""What is asked of a system that keeps issues, in whatever words it speaks itself."""

import datetime as dt
import re
from typing import Literal, Protocol

import msgspec

from touchstone.errors import Conflict, NotFound, Refused, Unavailable

Source = Literal["jira", "github", "launchpad", "gitlab"]

_MARKER = re.compile(r"[A-Za-z0-9_-]{8,100}")


class IssueReference(msgspec.Struct, frozen=True):
    """`host` is empty for the source's own one (github.com, …), else the site: its name, and port and path if any.

    `key` is digits as text, also for Jira, where the project is written in front of it.
    """

    source: Source
    project: str
    key: str
    host: str = ""


class TrackerProject(msgspec.Struct, frozen=True):
    """Where an issue is to be; `host` as in IssueReference."""

    source: Source
    project: str
    host: str = ""

    def issue(self, key: str) -> IssueReference:
        return IssueReference(self.source, self.project, key, self.host)


def require_marker(text: str) -> None:
    """It becomes part of queries. Raises ValueError."""
    if not _MARKER.fullmatch(text):
        raise ValueError("a marker is eight to a hundred letters, digits, dashes and underscores")


class NewIssue(msgspec.Struct, frozen=True):
    """`text` is Markdown where the tracker reads it.

    `marker`, eight letters, digits or dashes at least, is written into the issue: an issue that already has it is
    taken instead of making another.
    """

    title: str
    text: str
    labels: tuple[str, ...] = ()
    marker: str | None = None

    def __post_init__(self) -> None:
        if self.marker is not None:
            require_marker(self.marker)


class Fetched(msgspec.Struct, frozen=True):
    """An issue as its tracker has it; `labels` sorted, each once. `moved_to` is where it is now, if elsewhere."""

    title: str
    status: Literal["open", "closed"]
    labels: tuple[str, ...] = ()
    etag: str | None = None
    moved_to: IssueReference | None = None


class NotModified(msgspec.Struct, frozen=True):
    """It is as it was when the etag was given."""


class NotThere(NotFound):
    """{system} has no {name}"""


class RateLimited(Unavailable):
    """{system} takes no more requests until {until:%Y-%m-%d %H:%M:%S} UTC"""

    def __init__(self, *, system: str, until: dt.datetime) -> None:
        """`until` in UTC."""
        super().__init__(system=system, until=until)
        self.until = until


class CredentialsRefused(Unavailable):
    """{system} refuses our credentials"""


class NotConfigured(Conflict):
    """This service has no access to {system}"""


class ReadOnly(Conflict):
    """{system} takes no new issues from this service"""


class NotAccepted(Refused):
    """{system} does not accept it: {reason}"""


class IssueTracker(Protocol):
    async def fetch(self, reference: IssueReference, etag: str | None = None) -> Fetched | NotModified:
        """`etag` as an earlier `Fetched` gave it.

        Raises NotThere, RateLimited, CredentialsRefused, NotConfigured, and Unavailable for all other trouble.
        """
        ...

    async def create(self, project: TrackerProject, new: NewIssue) -> IssueReference:
        """Raises as `fetch`, ReadOnly, and NotAccepted when the tracker dislikes the content."""
        ...

    async def close(self) -> None: ...


def fetched(
    title: str,
    *,
    is_closed: bool,
    labels: list[str],
    etag: str | None = None,
    moved_to: IssueReference | None = None,
) -> Fetched:
    """In a form that a text column takes."""
    shown = sorted({without_nul(label) for label in labels})
    return Fetched(without_nul(title), "closed" if is_closed else "open", tuple(shown), etag, moved_to)


def without_nul(text: str) -> str:
    return text.replace("\0", "")
