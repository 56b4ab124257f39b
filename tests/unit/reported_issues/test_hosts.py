"""Which hosts the addresses of reported issues may name."""

import pytest

from touchstone.adapters.tracker_urls import TrackerHosts
from touchstone.domains.reported_issues.model import NoTrackerUrl, require_tracker_url, tracker_names

OF_THE_CONTRACT = {"github.com", "warthogs.atlassian.net", "bugs.launchpad.net"}


def test_unless_set_otherwise_they_are_those_of_the_contract() -> None:
    assert tracker_names(TrackerHosts()) == OF_THE_CONTRACT


def test_settings_add_to_them() -> None:
    hosts = TrackerHosts(
        github=("git.example.test:8443",), jira=("jira.example.test/browse",), gitlab=("git.lab.test",)
    )
    assert tracker_names(hosts) - OF_THE_CONTRACT == {"git.example.test", "jira.example.test", "git.lab.test"}


def test_an_address_names_one_of_them_or_is_left_out() -> None:
    names = tracker_names(TrackerHosts())
    require_tracker_url("https://github.com:8443/anything", names)
    require_tracker_url(None, names)
    for url in (
        "https://github.com.example.test/",
        "https://example.test/github.com",
        "https://github.com@example.test/",
    ):
        with pytest.raises(NoTrackerUrl):
            require_tracker_url(url, names)
