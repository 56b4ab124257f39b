import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from touchstone.settings import Settings, SettingsError
from touchstone.trackers import issue_trackers, jira_review_cards, tracker_hosts

CLOUD = {"jira_cloud_id": "c1", "jira_email": "bot@example.com", "jira_api_token": "hunter2"}
SITES = {
    "github_hosts": "git.example.com",
    "jira_hosts": "jira.example.com:8443/jira, open.atlassian.net",
    "gitlab_hosts": "gitlab.example.com",
    "launchpad_hosts": "bugs.staging.launchpad.net",
    "tracker_tokens": "git.example.com=hunter2,jira.example.com:8443/jira=hunter2==",
}


def read(**given: str) -> Settings:
    return Settings.from_environment({f"TOUCHSTONE_{name.upper()}": value for name, value in given.items()})


def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


def test_without_credentials_only_what_anybody_may_read_is_asked() -> None:
    trackers = issue_trackers(read())
    assert trackers.configured == {("launchpad", ""), ("gitlab", "")}
    assert jira_review_cards(read()) is None


def test_credentials_bring_a_tracker_in() -> None:
    trackers = issue_trackers(read(github_token="hunter2", **CLOUD))
    assert trackers.configured == {("launchpad", ""), ("gitlab", ""), ("github", ""), ("jira", "")}
    assert jira_review_cards(read(**CLOUD)) is not None


def test_sites_of_ones_own_are_known_by_their_names() -> None:
    settings = read(**SITES)
    assert issue_trackers(settings).configured - {("launchpad", ""), ("gitlab", "")} == {
        ("github", "git.example.com"),
        ("jira", "jira.example.com:8443/jira"),
        ("jira", "open.atlassian.net"),
        ("gitlab", "gitlab.example.com"),
        ("launchpad", "bugs.staging.launchpad.net"),
    }
    assert tracker_hosts(settings).github == ("git.example.com",)
    assert settings.tokens_of_sites["jira.example.com:8443/jira"] == "hunter2=="
    assert jira_review_cards(settings) is not None
    assert jira_review_cards(read(jira_hosts="open.atlassian.net")) is None


def test_another_cloud_site_is_known_beside_the_contracts_own() -> None:
    settings = read(jira_cloud_site="acme.atlassian.net", **CLOUD)
    assert ("jira", "acme.atlassian.net") in issue_trackers(settings).configured
    assert ("jira", "") not in issue_trackers(settings).configured
    assert ("jira", "warthogs.atlassian.net") in tracker_hosts(settings).sites()


@pytest.mark.parametrize("spelling", [str, lambda pem: pem.replace("\n", "\\n")])
def test_the_key_of_the_app_may_be_written_in_one_line(spelling: object) -> None:
    written = spelling(private_key())  # type: ignore[operator]
    settings = read(github_app_id="99", github_app_private_key=written)
    assert ("github", "") in issue_trackers(settings).configured
    again = Settings.from_environment(settings.to_environment())
    assert again.github_app_private_key == settings.github_app_private_key


@pytest.mark.parametrize(
    "given",
    [
        {"github_app_id": "99"},
        {"github_app_id": "99", "github_app_private_key": "hunter2"},
        {"jira_cloud_id": "c1"},
        {"jira_cloud_id": "c1", "jira_api_token": "hunter2"},
        {"github_hosts": "https://git.example.com"},
        {"github_hosts": "Git.Example.com"},
        {"jira_cloud_site": "a b"},
        {"tracker_tokens": "hunter2"},
        {"tracker_tokens": "git.example.com="},
        {"archive_url": "file:///etc"},
    ],
)
def test_what_cannot_work_is_refused_at_the_start(given: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as refusal:
        read(**given)
    assert "hunter2" not in str(refusal.value)


def test_no_credentials_are_shown() -> None:
    settings = read(github_token="hunter2", gitlab_token="hunter2", **SITES, **CLOUD)
    assert "hunter2" not in f"{settings!r}"
