"""What may be wrong with what people report of test cases and environments."""

from typing import Literal
from urllib.parse import urlsplit

from touchstone.adapters.tracker_urls import DEFAULT_HOSTS, TrackerHosts
from touchstone.errors import InvalidValue, NotFound

Subject = Literal["test_case", "environment"]


class ReportedIssueNotFound(NotFound):
    """Reported issue {id} doesn't exist"""


class NoTrackerUrl(InvalidValue):
    """{reason}"""

    def __init__(self, url: str, names: frozenset[str]) -> None:
        known = ", ".join(sorted(names))
        super().__init__(location=("body", "url"), reason=f"The host of the URL must be one of {known}", value=url)


def tracker_names(hosts: TrackerHosts) -> frozenset[str]:
    """The host names that addresses may have: those of the contract, and what settings add."""
    sites = {site for source, site in hosts.sites() if (source, site) != ("gitlab", DEFAULT_HOSTS["gitlab"])}
    return frozenset(site.partition("/")[0].partition(":")[0] for site in sites)


def require_tracker_url(url: str | None, names: frozenset[str]) -> None:
    """Any path will do. Raises NoTrackerUrl."""
    if url is not None and urlsplit(url).hostname not in names:
        raise NoTrackerUrl(url, names)
