"""Addresses of issues as people copy them from a browser, read and written."""

import re
from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

import msgspec

from touchstone.adapters.issue_tracker import IssueReference, Source
from touchstone.errors import Invalid

DEFAULT_HOSTS: dict[Source, str] = {
    "github": "github.com",
    "jira": "warthogs.atlassian.net",
    "launchpad": "bugs.launchpad.net",
    "gitlab": "gitlab.com",
}
LONGEST_NAME = 200
_PATHS: dict[Source, str] = {
    "github": "{project}/issues/{key}",
    "jira": "browse/{project}-{key}",
    "launchpad": "{project}/+bug/{key}",
    "gitlab": "{project}/-/issues/{key}",
}
_FORMS: dict[Source, str] = {
    "github": "{owner}/{repository}/issues/{number}",
    "jira": "browse/{PROJECT}-{number}",
    "launchpad": "{project}/+bug/{number} or {project}/+source/{package}/+bug/{number}",
    "gitlab": "{group}/{project}/-/issues/{number}",
}
_NAME = r"(?!\.{1,2}/)[A-Za-z0-9_.-]+"
_PATTERNS: dict[Source, re.Pattern[str]] = {
    "github": re.compile(rf"(?P<project>{_NAME}/{_NAME})/issues/(?P<key>[0-9]+)"),
    "jira": re.compile(r"browse/(?P<project>[A-Za-z][A-Za-z0-9_]*)-(?P<key>[0-9]+)"),
    "launchpad": re.compile(
        r"(?P<project>[A-Za-z0-9][A-Za-z0-9+.-]*)/(?:\+source/[A-Za-z0-9][A-Za-z0-9+.-]*/)?\+bug/(?P<key>[0-9]+)"
    ),
    "gitlab": re.compile(rf"(?P<project>{_NAME}(?:/{_NAME})+)/-/(?:issues|work_items)/(?P<key>[0-9]+)"),
}
# the site that the contract knows has projects of letters alone, others may have digits in them
_LETTERS_ONLY = re.compile(r"browse/(?P<project>[A-Za-z]+)-(?P<key>[0-9]+)")
_SPELLING: dict[Source, Callable[[str], str]] = {
    "github": str.lower,
    "jira": str.upper,
    "launchpad": str.lower,
    "gitlab": str.lower,
}


class UnrecognizedIssueUrl(Invalid):
    """{text}"""


class TrackerHosts(msgspec.Struct, frozen=True):
    """Sites besides the default ones; a site is a host name, and its port and path if it has any, in lower case."""

    github: tuple[str, ...] = ()
    jira: tuple[str, ...] = ()
    launchpad: tuple[str, ...] = ()
    gitlab: tuple[str, ...] = ()

    def sites(self) -> list[tuple[Source, str]]:
        """Every source with each of its sites, longer sites first: one may lie under another."""
        more: dict[Source, tuple[str, ...]] = {
            "github": self.github,
            "jira": self.jira,
            "launchpad": self.launchpad,
            "gitlab": self.gitlab,
        }
        found: dict[tuple[Source, str], None] = {}
        for source, default in DEFAULT_HOSTS.items():
            found |= dict.fromkeys((source, site) for site in (default, *more[source]))
        return sorted(found, key=lambda entry: -len(entry[1]))


def issue_reference(url: str, hosts: TrackerHosts) -> IssueReference:
    """Query and fragment do not count, everything else does to the letter. Raises UnrecognizedIssueUrl."""
    try:
        parts = urlsplit(url)
        names = _written_hosts(parts)
    except ValueError:  # brackets that hold no address, a port that is no number
        raise _unrecognized(None, url, hosts) from None
    if parts.scheme in ("http", "https"):
        for source, site in hosts.sites():
            found = _read(source, site, names, parts.path)
            if found is not None:
                return found
    raise _unrecognized(parts.hostname, parts.path, hosts)


def issue_url(reference: IssueReference) -> str:
    path = _PATHS[reference.source].format(project=reference.project, key=reference.key)
    return f"https://{site_of(reference)}/{path}"


def site_of(reference: IssueReference) -> str:
    return reference.host or DEFAULT_HOSTS[reference.source]


def own_host(source: Source, site: str) -> str:
    """How a reference names this site."""
    return "" if site == DEFAULT_HOSTS[source] else site


def _read(source: Source, site: str, names: tuple[str, ...], path: str) -> IssueReference | None:
    host, _, folder = site.partition("/")
    prefix = f"/{folder}/" if folder else "/"
    if host not in names or not path.startswith(prefix):
        return None
    is_contract_jira = source == "jira" and site == DEFAULT_HOSTS["jira"]
    pattern = _LETTERS_ONLY if is_contract_jira else _PATTERNS[source]
    match = pattern.fullmatch(path.removeprefix(prefix))
    if match is None or max(len(match["project"]), len(match["key"])) > LONGEST_NAME:
        return None
    return IssueReference(source, _SPELLING[source](match["project"]), match["key"], own_host(source, site))


def _written_hosts(parts: SplitResult) -> tuple[str, ...]:
    """With port and without; a site that is set with a port is meant with it alone."""
    host, port = parts.hostname or "", parts.port
    return (host,) if port in (None, 80, 443) else (host, f"{host}:{port}")


def _unrecognized(host: str | None, path: str, hosts: TrackerHosts) -> UnrecognizedIssueUrl:
    expected = [f"  https://{site}/{_FORMS[source]}" for source, site in sorted(hosts.sites(), key=_contract_order)]
    given = ["Unrecognized issue URL format:", f"  host: {host}", f"  path: {path[:500]}"]
    return UnrecognizedIssueUrl(text="\n".join([*given, "Expected one of:", *expected]))


def _contract_order(entry: tuple[Source, str]) -> tuple[int, bool, str]:
    source, site = entry
    return list(DEFAULT_HOSTS).index(source), site != DEFAULT_HOSTS[source], site
