"""The settings about systems of others: who keeps the issues, who publishes what is tested."""

import re
from typing import Annotated

from touchstone.people_settings import PeopleSettings
from touchstone.setting_values import Secret, Variable, flag, secret, text, url, whole_number

_SITE = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~-]+)*")

TRACKER_NEEDS = {
    "github_app_id": "github_app_private_key",
    "github_app_private_key": "github_app_id",
    "jira_cloud_id": "jira_api_token",
    "jira_api_token": "jira_email",
    "jira_email": "jira_cloud_id",
}


def sites(about: str) -> Variable:
    def read(value: str) -> tuple[str, ...]:
        found = tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())
        if not all(_SITE.fullmatch(one) for one in found):
            raise ValueError
        return found

    return Variable(about, "a list of host names in lower case, separated by commas, each with :port and /path", read)


def site(about: str) -> Variable:
    def read(value: str) -> str:
        if not _SITE.fullmatch(value):
            raise ValueError
        return value

    return Variable(about, "a host name in lower case, with :port and /path if it has them", read)


def site_tokens(about: str) -> Variable:
    def read(value: str) -> tuple[Secret, ...]:
        pairs = [part.strip() for part in value.split(",") if part.strip()]
        if not all(_SITE.fullmatch(pair.partition("=")[0]) and pair.partition("=")[2] for pair in pairs):
            raise ValueError
        return tuple(Secret(pair) for pair in pairs)

    return Variable(about, "a list of site=token pairs separated by commas", read, is_secret=True)


def private_key(about: str) -> Variable:
    def read(value: str) -> Secret:
        # imported where it is needed: most processes have no such key
        from touchstone.adapters.github_app import rsa_key

        pem = value.replace("\\n", "\n").strip()
        rsa_key(pem)
        return Secret(pem)

    return Variable(about, "an RSA private key in PEM", read, is_secret=True)


ISSUE_TITLE = "$artefact $version: $test_case failed"
ISSUE_TEXT = (
    "$test_case failed for $family $artefact $version in $environment ($architecture), test plan $test_plan."
    "\\n\\n$comment\\n\\nResult: $page\\nLog: $ci_link"
)


class TrackerSettings(PeopleSettings, frozen=True, kw_only=True):
    """A site is a host name, and its port and path if it has any. Lengths of time are seconds."""

    github_app_id: Annotated[str | None, text("GitHub App: its id; unset: GITHUB_TOKEN.")] = None
    github_app_private_key: Annotated[
        Secret | None, private_key("GitHub App: its private key (PEM), line ends may be written as \\n.")
    ] = None
    github_token: Annotated[Secret | None, secret("Token for github.com; unset, and no app: its issues are left.")] = (
        None
    )
    github_hosts: Annotated[tuple[str, ...], sites("GitHub Enterprise servers whose issues are known.")] = ()

    jira_cloud_site: Annotated[str, site("Jira: the site in Atlassian's cloud that JIRA_CLOUD_ID is the id of.")] = (
        "warthogs.atlassian.net"
    )
    jira_cloud_id: Annotated[str | None, text("Jira: id of the cloud site; unset: its issues are left.")] = None
    jira_email: Annotated[str | None, text("Jira: e-mail address of the account in the cloud.")] = None
    jira_api_token: Annotated[Secret | None, secret("Jira: API token of that account.")] = None
    jira_hosts: Annotated[tuple[str, ...], sites("Jira servers and data centers whose issues are known.")] = ()
    jira_issue_type: Annotated[str, text("Jira: type of the issues that are made here.")] = "Bug"

    launchpad_hosts: Annotated[
        tuple[str, ...], sites("Launchpads besides bugs.launchpad.net; their names begin with bugs as well.")
    ] = ()

    gitlab_token: Annotated[Secret | None, secret("Token for gitlab.com; unset: public projects alone.")] = None
    gitlab_hosts: Annotated[tuple[str, ...], sites("GitLab servers whose issues are known.")] = ()

    tracker_tokens: Annotated[
        tuple[Secret, ...],
        site_tokens(
            "Tokens for GITHUB_HOSTS, JIRA_HOSTS and GITLAB_HOSTS: site=token pairs separated by commas; a site "
            "without one is read as the anonymous may."
        ),
    ] = ()
    tracker_timeout_seconds: Annotated[int, whole_number("How long an issue tracker may take to answer.", 1, 300)] = 30

    snap_store_url: Annotated[str, url("The snap store, for promotion.", "http", "https")] = "https://api.snapcraft.io"
    archive_url: Annotated[str, url("The archive of Ubuntu's packages, for promotion.", "http", "https")] = (
        "https://archive.ubuntu.com/ubuntu"
    )
    ports_archive_url: Annotated[
        str, url("The same for the architectures that ARCHIVE_URL has not.", "http", "https")
    ] = "https://ports.ubuntu.com/ubuntu-ports"
    kernel_status_url: Annotated[
        str, url("Where the kernel team tells the state of its stable release updates.", "http", "https")
    ] = "https://kernel.ubuntu.com/swm/status.json"

    enable_issue_sync: Annotated[
        bool, flag("Whether workers read titles and states of issues from their trackers.")
    ] = False
    sync_open_interval: Annotated[
        int, whole_number("How often an issue is read that is not known to be closed.", 1)
    ] = 3600
    sync_recent_closed_interval: Annotated[int, whole_number("How often one is read that was closed lately.", 1)] = (
        21600
    )
    sync_old_closed_interval: Annotated[
        int, whole_number("How often one is read that has been closed for long.", 1)
    ] = 604800
    sync_old_closed_threshold_days: Annotated[
        int, whole_number("After so many days an issue has been closed for long.", 1, 36500)
    ] = 30
    sync_batch_size: Annotated[int, whole_number("How many issues a worker takes for itself at once.", 1, 1000)] = 50

    new_issue_title: Annotated[
        str,
        text(
            "Title of issues that are made of results, where none is given. Fields: $artefact, $version, $family, "
            "$stage, $environment, $architecture, $test_plan, $test_case, $template_id, $status, $comment, $ci_link, "
            "$page."
        ),
    ] = ISSUE_TITLE
    new_issue_text: Annotated[str, text("Text of such issues, with the same fields; line ends are written as \\n.")] = (
        ISSUE_TEXT
    )

    enable_promotion: Annotated[
        bool, flag("Whether the snap store and the archive of packages say what stage artefacts are in.")
    ] = False
    enable_kernel_tracker: Annotated[
        bool, flag("Whether the kernel team says until when kernels are to be tested.")
    ] = False

    @property
    def tokens_of_sites(self) -> dict[str, str]:
        pairs = (token.reveal().partition("=") for token in self.tracker_tokens)
        return {site: token for site, _, token in pairs}
