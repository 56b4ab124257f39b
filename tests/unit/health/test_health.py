import asyncio
import importlib.metadata

import httpx
import pytest
from litestar import Litestar
from litestar.di import Provide

from touchstone.domains.health.controller import HealthController
from touchstone.domains.health.model import NotReady
from touchstone.domains.health.service import HealthService, installed_version
from touchstone.errors import Unavailable
from touchstone.http.errors import exception_handlers


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class System:
    """A dependency whose state the test sets; counts the checks."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.is_silent = False
        self.checks = 0

    async def check(self) -> None:
        self.checks += 1
        if self.is_silent:
            await asyncio.Event().wait()
        if self.failure is not None:
            raise self.failure


async def until(condition, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0)


@pytest.fixture
def database() -> System:
    return System()


@pytest.fixture
def ray() -> System:
    return System()


@pytest.fixture
def service(database: System, ray: System) -> HealthService:
    return HealthService(
        {"database": database.check, "ray": ray.check}, interval_seconds=0.001, timeout_seconds=0.01, clock=Clock()
    )


@pytest.fixture
async def client(service: HealthService):
    app = Litestar(
        [HealthController],
        dependencies={"health_service": Provide(lambda: service, sync_to_thread=False)},
        exception_handlers=exception_handlers,
        logging_config=None,
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as opened:
        yield opened


async def test_the_root_greets_in_the_contracts_bytes(client: httpx.AsyncClient):
    response = await client.get("/")
    assert response.content == '{"Hello":"Lumigator!🐊"}'.encode()


async def test_health_is_ok_whatever_is_down_in_the_contracts_bytes(client: httpx.AsyncClient, database: System):
    database.failure = Unavailable(system="Postgres", reason="gone")
    response = await client.get("/api/v1/health/")
    assert response.status_code == 200
    assert response.content == b'{"status":"OK","deployment_type":"local"}'


async def test_health_names_the_deployment():
    assert HealthService({}, deployment_type="staging").deployment_type == "staging"
    with pytest.raises(ValueError, match="moon"):
        HealthService({}, deployment_type="moon")


async def test_live_touches_nothing(client: httpx.AsyncClient, database: System):
    assert (await client.get("/health/live")).json() == {"status": "live"}
    assert database.checks == 0


async def test_ready_asks_the_database_each_time(client: httpx.AsyncClient, database: System):
    assert (await client.get("/health/ready")).json() == {"status": "ready"}
    database.failure = Unavailable(system="Postgres", reason="gone")
    response = await client.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["detail"] == "Database connection failed"


async def test_ready_does_not_wait_for_a_silent_database(service: HealthService, database: System):
    database.is_silent = True
    with pytest.raises(NotReady):
        await service.require_database()


async def test_callers_at_the_same_time_share_one_check(service: HealthService, database: System):
    await asyncio.gather(*(service.require_database() for _ in range(20)))
    assert database.checks == 1


async def test_a_caller_that_goes_away_leaves_the_check_to_the_others(service: HealthService, database: System):
    database.is_silent = True
    impatient = asyncio.create_task(service.require_database())
    patient = asyncio.create_task(service.require_database())
    await until(lambda: database.checks == 1)
    impatient.cancel()
    with pytest.raises(NotReady):
        await patient


async def test_a_service_without_database_is_ready():
    await HealthService({}).require_database()


async def test_dependencies_are_unknown_before_the_first_check(client: httpx.AsyncClient, database: System):
    answer = (await client.get("/health/dependencies")).json()
    assert answer["status"] == "degraded"
    assert answer["dependencies"]["database"] == {
        "status": "unknown",
        "detail": None,
        "latency_seconds": None,
        "age_seconds": None,
    }
    assert database.checks == 0


async def test_dependencies_tell_state_reason_and_age(service: HealthService, ray: System):
    ray.failure = Unavailable(system="Ray", reason="connection refused")
    async with service.watching():
        await until(lambda: len(service.up()) == 2)
    service._clock.now += 7
    found = service.dependencies()
    assert found.status == "degraded"
    assert (found.dependencies["database"].status, found.dependencies["database"].age_seconds) == ("up", 7.0)
    assert found.dependencies["ray"].status == "down"
    assert found.dependencies["ray"].detail == "Upstream error with Ray: connection refused"
    assert service.up() == {("database",): 1.0, ("ray",): 0.0}


async def test_a_silent_system_delays_no_other(service: HealthService, database: System, ray: System):
    ray.is_silent = True
    async with service.watching():
        await until(lambda: database.checks > 3 and ray.checks > 1)
    assert service.dependencies().dependencies["ray"].detail == "no answer within 0.01 s"


async def test_a_system_that_comes_back_is_up_again(service: HealthService, database: System):
    database.failure = Unavailable(system="Postgres", reason="restarting")
    async with service.watching():
        await until(lambda: service.up().get(("database",)) == 0)
        database.failure = None
        await until(lambda: service.dependencies().status == "up")


async def test_a_check_that_breaks_says_nothing_of_its_insides(service: HealthService, database: System):
    database.failure = RuntimeError("postgresql://owner:hunter2@db")
    async with service.watching():
        await until(lambda: ("database",) in service.up())
    assert service.dependencies().dependencies["database"].detail == "the check failed"


async def test_watching_leaves_no_task_behind(service: HealthService, ray: System):
    ray.is_silent = True
    before = asyncio.all_tasks()
    async with service.watching():
        await until(lambda: ray.checks == 1)
    await until(lambda: asyncio.all_tasks() <= before)


async def test_the_version_is_the_installed_one(client: httpx.AsyncClient):
    assert (await client.get("/api/v1/version")).json() == {"version": installed_version()}


async def test_the_version_of_what_is_not_installed_is_zero(monkeypatch: pytest.MonkeyPatch):
    def missing(_: str) -> str:
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert installed_version() == "0.0.0"


@pytest.mark.parametrize(
    ("installed", "told"), [("1.2.3", "1.2.3"), ("0.0.0", "0.0.0"), ("0.0.0.post7.dev0+abc", "0.0.0")]
)
def test_a_source_tree_without_a_tag_has_the_version_zero(
    installed: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda _: installed)
    assert installed_version() == told
