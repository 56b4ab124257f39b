"""Whom a service lets in without credentials, by where it listens and how it is set."""

import contextlib
from collections.abc import AsyncGenerator, Callable

import httpx
import pytest
from tests.conftest import replaced, serving
from tests.people import as_admin, as_user

from touchstone.database.executor import Database
from touchstone.domains.permissions.model import EVALUATION_PERMISSIONS
from touchstone.settings import Settings

# what the published client of the evaluation asks for, without credentials
LISTS = ["/api/v1/datasets", "/api/v1/jobs", "/api/v1/experiments", "/api/v1/workflows", "/api/v1/settings/secrets"]
# they tell of the service or of the caller (section 5.7 of the observation contract)
ABOUT = ["/", "/v1/version", "/openapi.json"]
PROBES = ["/health/live", "/health/ready", "/api/v1/health"]
BEYOND = {"host": "0.0.0.0", "public_url": "http://touchstone.example.org", "allowed_hosts": ("*",)}

Serve = Callable[..., contextlib.AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def serve(settings: Settings) -> Serve:
    @contextlib.asynccontextmanager
    async def with_changes(**changes: object) -> AsyncGenerator[httpx.AsyncClient]:
        async with serving(replaced(settings, **changes)) as client:
            yield client

    return with_changes


async def statuses(client: httpx.AsyncClient, paths: list[str]) -> set[int]:
    return {(await client.get(path)).status_code for path in paths}


async def test_on_loopback_the_evaluation_is_open_and_nothing_else(serve: Serve):
    async with serve() as client:
        assert await statuses(client, LISTS + ABOUT + PROBES) == {200}
        assert (await client.get("/v1/users")).status_code == 403


@pytest.mark.parametrize(
    "changes",
    [BEYOND, {"public_url": "https://touchstone.example.org"}, {"trusted_proxies": ("127.0.0.1/32",)}],
    ids=["listening everywhere", "known by another name", "behind a proxy"],
)
async def test_whatever_others_can_reach_starts_closed(serve: Serve, changes: dict[str, object]):
    async with serve(**changes, allowed_hosts=("*",)) if "allowed_hosts" not in changes else serve(**changes) as client:
        assert await statuses(client, LISTS) == {403}
        assert await statuses(client, ABOUT + PROBES) == {200}


async def test_what_is_ignored_is_open_wherever_it_listens(serve: Serve):
    async with serve(**BEYOND, ignore_permissions=EVALUATION_PERMISSIONS) as client:
        assert await statuses(client, LISTS) == {200}
    async with serve(**BEYOND, ignore_permissions=("view_job",)) as client:
        assert await statuses(client, ["/api/v1/jobs"]) == {200}
        assert await statuses(client, ["/api/v1/datasets"]) == {403}
        assert (await client.post("/api/v1/jobs/inference", json={})).status_code == 403


async def test_ignoring_none_closes_loopback(serve: Serve):
    async with serve(ignore_permissions=()) as client:
        assert await statuses(client, LISTS) == {403}


async def test_requiring_authentication_closes_what_tells_of_the_service_alone(serve: Serve, database: Database):
    async with serve(require_authentication=True) as client:
        assert await statuses(client, ABOUT) == {401}
        assert await statuses(client, LISTS + PROBES) == {200}
        assert await statuses(await as_user(client, database), ABOUT) == {200}


async def test_strict_closes_everything_and_wins(serve: Serve, database: Database):
    async with serve(strict_authentication=True, ignore_permissions=EVALUATION_PERMISSIONS) as client:
        assert await statuses(client, LISTS) == {403}
        assert await statuses(client, ABOUT) == {401}
        assert await statuses(client, PROBES) == {200}
        assert await statuses(await as_user(client, database), LISTS) == {403}
        assert await statuses(await as_user(client, database, *EVALUATION_PERMISSIONS), LISTS + ABOUT) == {200}
        assert await statuses(await as_admin(client, database), LISTS + ABOUT) == {200}


async def test_bad_credentials_open_and_close_nothing(serve: Serve):
    wrong = {"Authorization": "Bearer to_nobodys", "Cookie": "session=nobodys", "X-CSRF-Token": "1"}
    async with serve() as client:
        assert (await client.get("/api/v1/jobs", headers=wrong)).status_code == 200
    async with serve(**BEYOND) as client:
        assert (await client.get("/api/v1/jobs", headers=wrong)).status_code == 403
