"""One table: every name a handler may ask for, and what it is given. Providers only construct; none runs a query."""

from collections.abc import Callable
from typing import Any

from litestar import Request
from litestar.di import Provide

from touchstone.assembly import Assembly
from touchstone.database.executor import Database
from touchstone.domains.applications.repository import ApplicationRepository
from touchstone.domains.applications.service import ApplicationService
from touchstone.domains.artefact_matching_rules.repository import ArtefactMatchingRuleRepository
from touchstone.domains.artefact_matching_rules.service import ArtefactMatchingRuleService
from touchstone.domains.artefacts.decision_repository import forget_decider
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.auth.authenticator import Authenticator
from touchstone.domains.datasets.repository import DatasetRepository
from touchstone.domains.experiments.comparison import ComparisonService
from touchstone.domains.experiments.repository import ExperimentRepository
from touchstone.domains.experiments.service import ExperimentService
from touchstone.domains.health.service import HealthService
from touchstone.domains.idempotent_requests.model import IdempotentCall
from touchstone.domains.jobs.repository import JobRepository
from touchstone.domains.jobs.views import JobView
from touchstone.domains.notifications.repository import NotificationRepository
from touchstone.domains.notifications.service import NotificationService
from touchstone.domains.periodic_work.repository import PeriodicWorkRepository
from touchstone.domains.periodic_work.service import PeriodicWorkService
from touchstone.domains.retention_rules.repository import RetentionRuleRepository
from touchstone.domains.retention_rules.service import RetentionRuleService
from touchstone.domains.secrets.repository import SecretRepository
from touchstone.domains.secrets.service import SecretService
from touchstone.domains.teams.repository import TeamRepository
from touchstone.domains.teams.service import TeamService
from touchstone.domains.users.repository import UserRepository
from touchstone.domains.users.service import UserService
from touchstone.domains.visibility.service import VisibilityService
from touchstone.domains.webhooks.delivery_repository import DeliveryRepository
from touchstone.domains.webhooks.repository import WebhookRepository
from touchstone.domains.workflows.repository import WorkflowRepository
from touchstone.domains.workflows.views import WorkflowView
from touchstone.http.caller import caller_of
from touchstone.http.idempotency import keyed_call
from touchstone.http.signature import Derived, Given
from touchstone.observation import observation_dependencies
from touchstone.sign_on import sign_on_dependencies


def dependencies(parts: Assembly, health_service: HealthService, authenticator: Authenticator) -> dict[str, Provide]:
    database, store = parts.database, parts.store
    workflow_view = WorkflowView(store)
    given: dict[str, Any] = {
        "database": database,
        "object_store": store,
        "signed_urls": parts.urls,
        "vault": parts.vault,
        "health_service": health_service,
        "datasets": DatasetRepository(database),
        "dataset_service": parts.datasets(),
        "jobs": JobRepository(database),
        "job_service": parts.jobs(),
        "job_logs": parts.job_logs(),
        "job_view": JobView(parts.layout, store.uri),
        "workflows": WorkflowRepository(database),
        "workflow_service": parts.workflows(),
        "workflow_view": workflow_view,
        "experiments": ExperimentRepository(database),
        "experiment_service": ExperimentService(database, workflow_view),
        "comparison_service": ComparisonService(database, store),
        "secrets": SecretRepository(database),
        "secret_service": SecretService(database, parts.vault),
        "visibility_service": VisibilityService(database),
        "periodic_work": PeriodicWorkRepository(database),
        "periodic_work_service": PeriodicWorkService(database),
        "retention_rules": RetentionRuleRepository(database),
        "retention_rule_service": RetentionRuleService(database),
    }
    given |= _people(database, authenticator.forget)
    given |= sign_on_dependencies(parts, authenticator.forget, parts.login_throttle())
    given |= _told(parts)
    given |= observation_dependencies(parts)
    return {
        **{name: Given(value) for name, value in given.items()},
        "idempotent_call": Provide(_idempotent_call),
        "caller": Derived(caller_of),
    }


def _told(parts: Assembly) -> dict[str, Any]:
    database = parts.database
    return {
        "audit_events": AuditRepository(database),
        "notifications": NotificationRepository(database),
        "notification_service": NotificationService(database),
        "webhooks": WebhookRepository(database),
        "webhook_deliveries": DeliveryRepository(database),
        "webhook_service": parts.webhooks(),
    }


def _people(database: Database, forget: Callable[[], None]) -> dict[str, Any]:
    return {
        "users": UserRepository(database),
        "user_service": UserService(database, forget, forget_decider=forget_decider),
        "teams": TeamRepository(database),
        "team_service": TeamService(database, forget),
        "artefact_matching_rules": ArtefactMatchingRuleRepository(database),
        "artefact_matching_rule_service": ArtefactMatchingRuleService(database),
        "applications": ApplicationRepository(database),
        "application_service": ApplicationService(database, forget),
    }


async def _idempotent_call(request: Request[Any, Any, Any]) -> IdempotentCall | None:
    return await keyed_call(request, IdempotentCall)
