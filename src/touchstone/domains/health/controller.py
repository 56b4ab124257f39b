"""The service about itself: for probes, for people, and in the words of both contracts."""

from litestar import Controller, get
from litestar.di import NamedDependency

from touchstone.domains.health.model import NotReady
from touchstone.domains.health.schemas import Dependencies, HealthResponse, Root, Version
from touchstone.domains.health.service import HealthService
from touchstone.http.guards import anybody, anybody_unless_required
from touchstone.http.openapi import failures
from touchstone.http.rate_limits import UNLIMITED


class HealthController(Controller):
    @get("/", guards=[anybody_unless_required], operation_id="get_root__get")
    async def get_root(self) -> Root:
        """Greet."""
        return Root()

    @get(
        "/api/v1/health",
        guards=[anybody],
        operation_id="get_health_api_v1_health__get",
        tags=["health"],
        opt=UNLIMITED,
    )
    async def get_health(self, health_service: NamedDependency[HealthService]) -> HealthResponse:
        """Say that the service runs, whatever the systems around it do."""
        return HealthResponse("OK", health_service.deployment_type)

    @get("/api/v1/version", guards=[anybody_unless_required], operation_id="get_version_v1_version_get")
    async def get_version(self, health_service: NamedDependency[HealthService]) -> Version:
        """Name the installed version."""
        return Version(health_service.version)

    @get("/health/live", guards=[anybody], operation_id="live_health_live_get", opt=UNLIMITED)
    async def live(self) -> dict[str, str]:
        """Say that the process answers."""
        return {"status": "live"}

    @get(
        "/health/ready",
        guards=[anybody],
        operation_id="ready_health_ready_get",
        responses=failures(NotReady),
        opt=UNLIMITED,
    )
    async def ready(self, health_service: NamedDependency[HealthService]) -> dict[str, str]:
        """Say whether requests can be served: the database answers."""
        await health_service.require_database()
        return {"status": "ready"}

    @get(
        "/health/dependencies",
        guards=[anybody_unless_required],
        operation_id="list_dependencies",
        tags=["health"],
        opt=UNLIMITED,
    )
    async def list_dependencies(self, health_service: NamedDependency[HealthService]) -> Dependencies:
        """List the systems behind the service, as the latest checks found them."""
        return health_service.dependencies()
