"""The service assembled, top to bottom."""

import contextlib
from collections.abc import AsyncGenerator
from typing import Any

from litestar import Litestar

from touchstone.adapters.absent_runner import AbsentRunner
from touchstone.adapters.object_store import ObjectStore
from touchstone.adapters.runner import Runner
from touchstone.assembly import Assembly, assemble
from touchstone.dependencies import dependencies
from touchstone.domains.applications.controller import ApplicationController
from touchstone.domains.artefact_matching_rules.controller import ArtefactMatchingRuleController
from touchstone.domains.audit_events.controller import AuditEventController
from touchstone.domains.auth.controller import LocalLoginController, SessionController
from touchstone.domains.auth.oidc_controller import OidcController
from touchstone.domains.auth.saml_controller import SamlController
from touchstone.domains.datasets.controller import DatasetController
from touchstone.domains.datasets.service import megabytes
from touchstone.domains.experiments.controller import ExperimentController
from touchstone.domains.health.controller import HealthController
from touchstone.domains.health.service import HealthService
from touchstone.domains.jobs.controller import JobController, JobSubmissionController
from touchstone.domains.jobs.ray_controller import RayJobController
from touchstone.domains.models.controller import ModelController
from touchstone.domains.notifications.controller import NotificationController, OwnNotificationController
from touchstone.domains.periodic_work.controller import PeriodicWorkController
from touchstone.domains.permissions.controller import PermissionController
from touchstone.domains.retention_rules.controller import RetentionRuleController
from touchstone.domains.secrets.controller import SecretController
from touchstone.domains.teams.controller import TeamController
from touchstone.domains.users.controller import UserController
from touchstone.domains.visibility.controller import VisibilityController
from touchstone.domains.webhooks.controller import WebhookController, WebhookDeliveryController
from touchstone.domains.workflows.controller import WorkflowController
from touchstone.http import signature
from touchstone.http.asgi import Application
from touchstone.http.authentication import authentication
from touchstone.http.body_limits import UploadLimit
from touchstone.http.docs import documentation_routes
from touchstone.http.downloads import download_object
from touchstone.http.edge import EdgeSettings, wrap
from touchstone.http.error_reports import start_error_reports
from touchstone.http.errors import exception_handlers
from touchstone.http.etags import etags
from touchstone.http.logging import FailureLog
from touchstone.http.metrics import Metrics, metrics_handler
from touchstone.http.rate_limits import rate_limits
from touchstone.http.routes import Routes
from touchstone.http.tracing import RequestTracer, start_tracing
from touchstone.observation import OBSERVATION_CONTROLLERS, OBSERVATION_TAGS, result_gauges
from touchstone.settings import Settings

# what a multipart body holds besides the file: boundaries, part headers, the other fields
MULTIPART_OVERHEAD = 65_536

# what the OpenAPI document says of its groups
TAGS = {
    "health": "The service about itself.",
    "datasets": "Examples, with or without a ground truth.",
    "jobs": "Inference, annotation and evaluation on the cluster.",
    "experiments": "Workflows on one dataset, compared.",
    "workflows": "An inference and the evaluation of what it made.",
    "models": "Models that are suggested.",
    "settings": "Secrets that jobs use and nobody reads.",
    "visibility": "Who sees a dataset, an experiment, a workflow, a job or a secret.",
    "authentication": "Signing in and out, and where one is signed in.",
    "users": "Who signs in.",
    "teams": "Users who share permissions, and the artefacts that they review.",
    "applications": "Machines that call with a key.",
    "permissions": "The words of what may be done.",
    "notifications": "What a user should know.",
    "webhooks": "Who is told of events, by signed messages (Standard Webhooks).",
    "audit": "Who changed what.",
    "periodic-work": "What workers do again and again, and what came of it.",
    "retention-rules": "How long what is kept.",
    "artefact-matching-rules": "Which teams review which artefacts, and what that grants.",
    **OBSERVATION_TAGS,
}

CONTROLLERS: list[Any] = [
    HealthController,
    DatasetController,
    JobSubmissionController,
    JobController,
    RayJobController,
    ExperimentController,
    WorkflowController,
    ModelController,
    SecretController,
    VisibilityController,
    UserController,
    TeamController,
    ArtefactMatchingRuleController,
    ApplicationController,
    PermissionController,
    OwnNotificationController,
    NotificationController,
    WebhookController,
    WebhookDeliveryController,
    AuditEventController,
    PeriodicWorkController,
    RetentionRuleController,
    SamlController,
    OidcController,
    LocalLoginController,
    SessionController,
    *OBSERVATION_CONTROLLERS,
    download_object,
]


def create_app(settings: Settings, *, runner: Runner | None = None, store: ObjectStore | None = None) -> Application:
    """The ASGI application behind its edge. Raises SettingMissing when Postgres or a key is not named."""
    parts = assemble(settings, runner=runner, store=store)
    health_service = _health(parts)
    metrics = Metrics()
    metrics.add_gauge("touchstone_dependency_up", "1 while a system answers", health_service.up, ("dependency",))
    failure_log = FailureLog(_error_reports(settings, health_service.version))
    tracer = _tracer(settings, health_service.version)
    api = build_api(parts, health_service, metrics, failure_log, tracer)
    return wrap(
        api,
        edge_settings(settings),
        metrics=metrics,
        failures=failure_log,
        tracer=tracer,
    )


def build_api(
    parts: Assembly,
    health_service: HealthService,
    metrics: Metrics,
    failure_log: FailureLog,
    tracer: RequestTracer | None = None,
) -> Litestar:
    """The routes alone, for OpenAPI and for the edge to stand around."""

    authenticator = parts.authenticator()
    gauges = result_gauges(parts)
    gauges.add_to(metrics)

    @contextlib.asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncGenerator[None]:
        async with parts.opened(), health_service.watching(), authenticator.listening(), gauges.counting():
            try:
                yield
            finally:
                if tracer:
                    tracer.stop()

    app = Routes(
        [*CONTROLLERS, documentation_routes(TAGS), metrics_handler(metrics)],
        dependencies=dependencies(parts, health_service, authenticator),
        exception_handlers=exception_handlers,
        after_exception=[failure_log],
        lifespan=[lifespan],
        middleware=[
            authentication(authenticator.principal, parts.access_policy()),
            rate_limits(parts.rate_limiter().charge),
            etags,
        ],
        openapi_config=None,  # http/openapi.py writes the document
        logging_config=None,  # the process has set its own up
        request_max_body_size=None,  # the edge has counted already
    )
    signature.install(app)
    return app


def edge_settings(settings: Settings) -> EdgeSettings:
    limit = settings.max_dataset_size
    upload = UploadLimit(
        path="/api/v1/datasets",
        max_bytes=limit + MULTIPART_OVERHEAD,
        reason=f"Dataset upload exceeds the {megabytes(limit)} limit",
    )
    results = UploadLimit("/api/v1/test-executions/*/test-results", settings.max_results_size)
    return EdgeSettings(
        allowed_hosts=settings.accepted_hosts,
        allowed_origins=settings.page_origins,
        trusted_proxies=settings.trusted_proxies,
        max_body_bytes=settings.max_body_size,
        upload_limits=(upload, results),
    )


def _health(parts: Assembly) -> HealthService:
    checks = {"database": parts.database.check, "object store": parts.store.check}
    if not isinstance(parts.runner, AbsentRunner):
        checks["ray"] = parts.runner.check
    return HealthService(checks, deployment_type=parts.settings.deployment_type)


def _error_reports(settings: Settings, version: str) -> Any:
    dsn = settings.sentry_dsn
    return start_error_reports(dsn.reveal(), version, settings.deployment_type) if dsn else None


def _tracer(settings: Settings, version: str) -> RequestTracer | None:
    return start_tracing(settings.otlp_endpoint, version) if settings.otlp_endpoint else None
