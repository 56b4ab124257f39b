"""The systems of others that settings name, ready to be asked; none is called before it is."""

import asyncio
from functools import partial

import msgspec

from touchstone.adapters.github_app import GithubApp
from touchstone.adapters.github_tracker import GithubTracker, github_api
from touchstone.adapters.gitlab_tracker import GitlabTracker
from touchstone.adapters.issue_tracker import IssueTracker, Source
from touchstone.adapters.issue_trackers import IssueTrackers
from touchstone.adapters.jira_cards import JiraReviewCards
from touchstone.adapters.jira_site import JiraSite, cloud_site, server_site
from touchstone.adapters.jira_tracker import JiraTracker
from touchstone.adapters.kernel_tracker import KernelTracker
from touchstone.adapters.launchpad_tracker import LaunchpadTracker
from touchstone.adapters.package_archive import PackageArchive
from touchstone.adapters.remote_service import Authorize, RemoteService, anonymous, bearer
from touchstone.adapters.snap_store import SnapStore
from touchstone.adapters.tracker_urls import DEFAULT_HOSTS, TrackerHosts, own_host
from touchstone.tracker_settings import TrackerSettings

Trackers = dict[tuple[Source, str], IssueTracker]


class OutsideSystems(msgspec.Struct, frozen=True):
    """What workers ask, kept as long as they live: it remembers limits, tokens and what has not changed."""

    trackers: IssueTrackers
    cards: JiraReviewCards | None
    snaps: SnapStore
    packages: PackageArchive
    kernels: KernelTracker

    async def close(self) -> None:
        parts = (self.trackers, self.cards, self.snaps, self.packages, self.kernels)
        await asyncio.gather(*(part.close() for part in parts if part))


def outside_systems(settings: TrackerSettings) -> OutsideSystems:
    """Connects nothing yet."""
    return OutsideSystems(
        issue_trackers(settings),
        jira_review_cards(settings),
        snap_store(settings),
        package_archive(settings),
        kernel_tracker(settings),
    )


def tracker_hosts(settings: TrackerSettings) -> TrackerHosts:
    """What addresses of issues may name, whether or not there is access to it."""
    jira = tuple(dict.fromkeys((settings.jira_cloud_site, *settings.jira_hosts)))
    return TrackerHosts(settings.github_hosts, jira, settings.launchpad_hosts, settings.gitlab_hosts)


def issue_trackers(settings: TrackerSettings) -> IssueTrackers:
    """github.com and the Jira cloud need credentials to be among them."""
    trackers = _github(settings) | _jira(settings) | _launchpad(settings) | _gitlab(settings)
    return IssueTrackers(trackers, tracker_hosts(settings))


def jira_review_cards(settings: TrackerSettings) -> JiraReviewCards | None:
    """On the cloud site, else on the first server that there is a token for; None where there is neither."""
    jira = _cloud(settings) or next(iter(_servers(settings, only_with_token=True)), None)
    return JiraReviewCards(jira) if jira else None


def snap_store(settings: TrackerSettings) -> SnapStore:
    return SnapStore(settings.snap_store_url)


def package_archive(settings: TrackerSettings) -> PackageArchive:
    return PackageArchive(settings.archive_url, settings.ports_archive_url)


def kernel_tracker(settings: TrackerSettings) -> KernelTracker:
    return KernelTracker(settings.kernel_status_url)


def _github(settings: TrackerSettings) -> Trackers:
    service = partial(RemoteService, timeout_seconds=settings.tracker_timeout_seconds)
    found: Trackers = {
        ("github", site): GithubTracker(site, service(site), _token(settings, site)) for site in settings.github_hosts
    }
    access = _github_access(settings)
    if access is not None:
        site = DEFAULT_HOSTS["github"]
        found["github", ""] = GithubTracker(site, service(site), access)
    return found


def _github_access(settings: TrackerSettings) -> GithubApp | Authorize | None:
    if settings.github_app_id and settings.github_app_private_key:
        return GithubApp(
            settings.github_app_id,
            settings.github_app_private_key.reveal(),
            github_api(DEFAULT_HOSTS["github"]),
            timeout_seconds=settings.tracker_timeout_seconds,
        )
    return bearer(settings.github_token.reveal()) if settings.github_token else None


def _jira(settings: TrackerSettings) -> Trackers:
    cloud = _cloud(settings)
    found = [*_servers(settings), *([cloud] if cloud else [])]
    return {
        ("jira", own_host("jira", jira.site)): JiraTracker(jira, issue_type=settings.jira_issue_type) for jira in found
    }


def _cloud(settings: TrackerSettings) -> JiraSite | None:
    if not (settings.jira_cloud_id and settings.jira_email and settings.jira_api_token):
        return None
    return cloud_site(
        settings.jira_cloud_site,
        settings.jira_cloud_id,
        settings.jira_email,
        settings.jira_api_token.reveal(),
        timeout_seconds=settings.tracker_timeout_seconds,
    )


def _servers(settings: TrackerSettings, *, only_with_token: bool = False) -> list[JiraSite]:
    tokens = settings.tokens_of_sites
    return [
        server_site(site, tokens.get(site), timeout_seconds=settings.tracker_timeout_seconds)
        for site in settings.jira_hosts
        if site in tokens or not only_with_token
    ]


def _launchpad(settings: TrackerSettings) -> Trackers:
    service = partial(RemoteService, timeout_seconds=settings.tracker_timeout_seconds)
    sites = (DEFAULT_HOSTS["launchpad"], *settings.launchpad_hosts)
    return {("launchpad", own_host("launchpad", site)): LaunchpadTracker(site, service(site)) for site in sites}


def _gitlab(settings: TrackerSettings) -> Trackers:
    service = partial(RemoteService, timeout_seconds=settings.tracker_timeout_seconds)
    default = DEFAULT_HOSTS["gitlab"]
    access = bearer(settings.gitlab_token.reveal()) if settings.gitlab_token else anonymous
    found: Trackers = {
        ("gitlab", site): GitlabTracker(site, service(site, authorize=_token(settings, site)))
        for site in settings.gitlab_hosts
    }
    found["gitlab", ""] = GitlabTracker(default, service(default, authorize=access))
    return found


def _token(settings: TrackerSettings, site: str) -> Authorize:
    token = settings.tokens_of_sites.get(site)
    return bearer(token) if token else anonymous
