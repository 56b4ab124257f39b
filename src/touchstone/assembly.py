"""Everything long-lived, built once from the settings; the API and the worker are made of the same parts."""

import contextlib
from collections.abc import AsyncGenerator

import msgspec

from touchstone.adapters.object_store import ObjectStore
from touchstone.adapters.runner import Runner
from touchstone.adapters.signed_urls import SignedUrls
from touchstone.adapters.vault import Vault
from touchstone.adapters.webhook_sender import HttpWebhookSender
from touchstone.database.executor import Database
from touchstone.domains.audit_events.service import AuditChain
from touchstone.domains.auth.authenticator import Authenticator
from touchstone.domains.datasets.service import DatasetService
from touchstone.domains.jobs.attempts import Attempts
from touchstone.domains.jobs.dispatcher import Dispatcher
from touchstone.domains.jobs.endpoints import EndpointRules
from touchstone.domains.jobs.kinds import Layout
from touchstone.domains.jobs.leftovers import JobLeftovers
from touchstone.domains.jobs.logs import JobLogs
from touchstone.domains.jobs.removal import OldJobs
from touchstone.domains.jobs.service import JobService
from touchstone.domains.limits.model import Limit
from touchstone.domains.limits.quotas import Quotas
from touchstone.domains.limits.rates import LoginThrottle, RateLimiter
from touchstone.domains.outbox.service import Outbox
from touchstone.domains.permissions.model import EVALUATION_PERMISSIONS
from touchstone.domains.review_cards.service import want_cards
from touchstone.domains.stored_objects.service import OrphanSweep
from touchstone.domains.webhooks.dispatcher import WebhookDispatcher
from touchstone.domains.webhooks.service import WebhookService, fan_out
from touchstone.domains.workflows.service import WorkflowService
from touchstone.errors import Conflict
from touchstone.http.authentication import AccessPolicy
from touchstone.limit_settings import ADDRESS_REQUESTS, PRINCIPAL_REQUESTS
from touchstone.settings import Settings
from touchstone.trackers import OutsideSystems, outside_systems


class SettingMissing(Conflict):
    """TOUCHSTONE_{name} is not set."""


class Assembly(msgspec.Struct, frozen=True):
    settings: Settings
    database: Database
    store: ObjectStore
    runner: Runner
    urls: SignedUrls
    vault: Vault
    layout: Layout
    outside: OutsideSystems

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncGenerator[None]:
        """Holds connections while the block runs."""
        await self.database.open()
        try:
            yield
        finally:
            for part in (self.runner, self.store, self.outside):
                if close := getattr(part, "close", None):
                    await close()
            await self.database.close()

    def datasets(self) -> DatasetService:
        settings = self.settings
        return DatasetService(
            self.database,
            self.store,
            prefix=settings.datasets_prefix,
            size_limit=settings.max_dataset_size,
            quotas=self.quotas(),
        )

    def jobs(self) -> JobService:
        timeout_seconds = self.settings.job_timeout_seconds
        return JobService(
            self.database, self.store, self.vault, self.layout, self.endpoint_rules(), timeout_seconds, self.quotas()
        )

    def workflows(self) -> WorkflowService:
        return WorkflowService(self.database, self.layout, self.endpoint_rules(), self.job_logs(), self.quotas())

    def job_logs(self) -> JobLogs:
        return JobLogs(self.database, self.store)

    def job_leftovers(self) -> JobLeftovers:
        return JobLeftovers(self.database, self.store, self.layout)

    def old_jobs(self) -> OldJobs:
        return OldJobs(self.database, self.store, self.layout)

    def orphan_sweep(self) -> OrphanSweep:
        return OrphanSweep(self.database, self.store, self.layout)

    def authenticator(self) -> Authenticator:
        return Authenticator(self.database, idle_seconds=self.settings.session_idle_seconds)

    def access_policy(self) -> AccessPolicy:
        """Strict wins; what is ignored is said, or follows from who can call at all."""
        settings = self.settings
        ignored = settings.ignore_permissions
        if ignored is None:
            ignored = EVALUATION_PERMISSIONS if settings.is_private else ()
        if settings.strict_authentication:
            return AccessPolicy(is_authentication_required=True)
        return AccessPolicy(frozenset(word.lower() for word in ignored), settings.require_authentication)

    def audit_chain(self) -> AuditChain:
        return AuditChain(self.database, self.vault)

    def outbox(self) -> Outbox:
        """Cards are wanted only where there is access to Jira."""
        subscribers = [fan_out(self.access_policy().open_permissions)]
        return Outbox(self.database, [*subscribers, want_cards] if self.outside.cards else subscribers)

    def webhooks(self) -> WebhookService:
        return WebhookService(self.database, self.vault, allow_private=self.settings.webhook_allow_private)

    def webhook_dispatcher(self) -> WebhookDispatcher:
        settings = self.settings
        timeout = float(settings.webhook_timeout_seconds)
        sender = HttpWebhookSender(timeout_seconds=timeout, allow_private=settings.webhook_allow_private)
        return WebhookDispatcher(
            self.database,
            self.vault,
            sender,
            timeout_seconds=timeout,
            api_url=settings.api_url,
            open_permissions=self.access_policy().open_permissions,
        )

    def rate_limiter(self) -> RateLimiter:
        settings = self.settings
        principal, address = settings.rate_limit_principal, settings.rate_limit_address
        if not settings.is_private:
            principal = PRINCIPAL_REQUESTS if principal is None else principal
            address = ADDRESS_REQUESTS if address is None else address
        return RateLimiter(
            self.database,
            principal=Limit("principal", principal) if principal else None,
            address=Limit("address", address) if address else None,
        )

    def login_throttle(self) -> LoginThrottle:
        return LoginThrottle(self.database, self.settings.login_attempts)

    def quotas(self) -> Quotas:
        settings = self.settings
        return Quotas(settings.quota_running_jobs, settings.quota_stored_bytes or 0, settings.quota_tokens)

    def endpoint_rules(self) -> EndpointRules:
        return EndpointRules(self.settings.endpoint_hosts, self.settings.allow_remote_code)

    def dispatcher(self) -> Dispatcher:
        attempts = Attempts(
            self.database,
            self.store,
            self.runner,
            self.vault,
            self.layout,
            callback_url=self.settings.callback_url or self.settings.api_url,
            most_attempts=self.settings.job_max_attempts,
            num_gpus=self.settings.ray_num_gpus,
            on_finished=self.workflows().advance,
        )
        return Dispatcher(self.database, self.runner, attempts, most_submitted=self.settings.ray_max_submitted)


def assemble(
    settings: Settings,
    *,
    runner: Runner | None = None,
    store: ObjectStore | None = None,
    outside: OutsideSystems | None = None,
) -> Assembly:
    """Connects nothing yet. Raises SettingMissing for what must be set by now."""
    if settings.database_url is None:
        raise SettingMissing(name="DATABASE_URL")
    signing = [key.reveal().encode() for key in settings.url_signing_keys]
    if not signing:
        raise SettingMissing(name="URL_SIGNING_KEYS")
    urls = SignedUrls(settings.api_url, signing, expiry_seconds=settings.s3_url_expiration)
    return Assembly(
        settings=settings,
        database=Database(settings.database_url.reveal(), size=settings.database_pool_size),
        store=store or _store(settings, urls),
        runner=runner or _runner(settings),
        urls=urls,
        vault=Vault([key.reveal() for key in settings.secret_keys]),
        layout=Layout(results_prefix=settings.job_results_prefix, datasets_prefix=settings.datasets_prefix),
        outside=outside or outside_systems(settings),
    )


def _store(settings: Settings, urls: SignedUrls) -> ObjectStore:
    if settings.s3_bucket is None:
        from touchstone.adapters.local_store import LocalStore

        return LocalStore(settings.store_folder, urls)
    from touchstone.adapters.s3_store import S3Store

    secret = settings.s3_secret_access_key
    return S3Store(
        settings.s3_bucket,
        endpoint_url=settings.s3_endpoint_url,
        region=settings.s3_region or "us-east-1",
        access_key_id=settings.s3_access_key_id,
        secret_access_key=secret.reveal() if secret else None,
        url_expiry_seconds=settings.s3_url_expiration,
        public_endpoint_url=settings.s3_public_endpoint_url,
    )


def _runner(settings: Settings) -> Runner:
    from touchstone.adapters.ray_runner import RayRunner

    if settings.ray_url is None:
        from touchstone.adapters.absent_runner import AbsentRunner

        return AbsentRunner()
    token = settings.ray_token
    return RayRunner(settings.ray_url, token=token.reveal() if token else None, code=settings.ray_code)
