import pytest

from touchstone.adapters.issue_tracker import IssueReference
from touchstone.adapters.tracker_urls import TrackerHosts, UnrecognizedIssueUrl, issue_reference, issue_url

HOSTS = TrackerHosts(
    github=("git.example.com",),
    jira=("jira.example.com:8443/jira", "other.atlassian.net"),
    launchpad=("bugs.staging.launchpad.net",),
    gitlab=("gitlab.example.com",),
)
NONE = TrackerHosts()


@pytest.mark.parametrize(
    ("url", "reference"),
    [
        ("https://github.com/Owner/Repo.x/issues/12", IssueReference("github", "owner/repo.x", "12")),
        ("http://GitHub.com/owner/repo/issues/007?a=1#note", IssueReference("github", "owner/repo", "007")),
        ("https://github.com:443/owner/repo/issues/1", IssueReference("github", "owner/repo", "1")),
        ("https://warthogs.atlassian.net/browse/proj-12", IssueReference("jira", "PROJ", "12")),
        ("https://bugs.launchpad.net/Ubuntu/+bug/12", IssueReference("launchpad", "ubuntu", "12")),
        ("https://bugs.launchpad.net/ubuntu/+source/linux-6.8/+bug/12", IssueReference("launchpad", "ubuntu", "12")),
        ("https://gitlab.com/G/sub/p/-/issues/3", IssueReference("gitlab", "g/sub/p", "3")),
        ("https://gitlab.com/g/p/-/work_items/3", IssueReference("gitlab", "g/p", "3")),
        ("https://git.example.com/o/r/issues/3", IssueReference("github", "o/r", "3", "git.example.com")),
        ("https://other.atlassian.net/browse/AB2C-3", IssueReference("jira", "AB2C", "3", "other.atlassian.net")),
        (
            "https://jira.example.com:8443/jira/browse/AB_2-3",
            IssueReference("jira", "AB_2", "3", "jira.example.com:8443/jira"),
        ),
        ("https://gitlab.example.com/g/p/-/issues/3", IssueReference("gitlab", "g/p", "3", "gitlab.example.com")),
    ],
)
def test_an_address_is_read_as_source_project_and_key(url: str, reference: IssueReference) -> None:
    assert issue_reference(url, HOSTS) == reference


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/owner/repo/issues/12/",
        "https://github.com/owner/repo/pull/12",
        "https://www.github.com/owner/repo/issues/12",
        "https://github.com/owner/repo/issues/1a",
        "https://github.com/owner/repo/issues/١",
        "https://github.com/../repo/issues/1",
        "https://github.com/owner/%2e%2e/issues/1",
        "https://github.com/a/b/c/issues/1",
        f"https://github.com/owner/repo/issues/{'1' * 201}",
        "https://warthogs.atlassian.net/browse/AB2-1",
        "https://warthogs.atlassian.net/browse/PROJ-1/",
        "https://bugs.launchpad.net/bugs/123",
        "https://bugs.launchpad.net/ubuntu/+bug/12/",
        "https://gitlab.com/project/-/issues/3",
        "https://jira.example.com/jira/browse/AB-3",
        "https://jira.example.com:8443/browse/AB-3",
        "ftp://github.com/owner/repo/issues/12",
        "github.com/owner/repo/issues/12",
        "https://[::1/owner/repo/issues/1",
        "https://github.com:99999/owner/repo/issues/1",
        "https://evil.test/owner/repo/issues/1",
        "",
    ],
)
def test_an_address_that_is_not_of_an_issue_is_refused(url: str) -> None:
    with pytest.raises(UnrecognizedIssueUrl, match=r"^Unrecognized issue URL format:\n"):
        issue_reference(url, HOSTS)


def test_a_refusal_names_host_path_and_what_is_expected() -> None:
    with pytest.raises(UnrecognizedIssueUrl) as refusal:
        issue_reference("https://Example.com/a{b}/c?d", NONE)
    lines = str(refusal.value).split("\n")
    assert lines[:4] == [
        "Unrecognized issue URL format:",
        "  host: example.com",
        "  path: /a{b}/c",
        "Expected one of:",
    ]
    assert [line.split("/")[2] for line in lines[4:]] == [
        "github.com",
        "warthogs.atlassian.net",
        "bugs.launchpad.net",
        "gitlab.com",
    ]


def test_hosts_that_are_not_set_are_not_known() -> None:
    with pytest.raises(UnrecognizedIssueUrl):
        issue_reference("https://git.example.com/o/r/issues/3", NONE)


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        (IssueReference("github", "o/r", "007"), "https://github.com/o/r/issues/007"),
        (IssueReference("jira", "AB", "3"), "https://warthogs.atlassian.net/browse/AB-3"),
        (IssueReference("launchpad", "ubuntu", "3"), "https://bugs.launchpad.net/ubuntu/+bug/3"),
        (IssueReference("gitlab", "g/s/p", "3"), "https://gitlab.com/g/s/p/-/issues/3"),
        (
            IssueReference("jira", "AB2", "3", "jira.example.com:8443/jira"),
            "https://jira.example.com:8443/jira/browse/AB2-3",
        ),
    ],
)
def test_an_address_is_written_as_it_is_read(reference: IssueReference, url: str) -> None:
    assert issue_url(reference) == url
    assert issue_reference(url, HOSTS) == reference
