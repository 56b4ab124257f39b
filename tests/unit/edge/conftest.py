"""A small application behind the edge, and clients for it that open no socket."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from litestar import Litestar, Request, Response, delete, get, post
from litestar.response import ServerSentEvent, Stream
from structlog.contextvars import get_contextvars

from touchstone.errors import Unavailable
from touchstone.http.edge import EdgeSettings, wrap
from touchstone.http.errors import exception_handlers
from touchstone.http.logging import FailureLog
from touchstone.http.metrics import Metrics, metrics_handler
from touchstone.http.request_ids import request_id
from touchstone.http.signature import install

LONG_TEXT = "All work and no play makes a dull boy. " * 200


@get("/api/v1/things")
async def list_things() -> list[str]:
    return []


@post("/api/v1/things")
async def create_thing(request: Request) -> dict[str, int]:
    return {"bytes": len(await request.body())}


@get("/api/v1/things/{thing_id:str}")
async def get_thing(request: Request, thing_id: str) -> dict[str, Any]:
    return {
        "id": thing_id,
        "request_id": request_id(request.scope),
        "log_context": get_contextvars(),
        "client": request.client.host if request.client else None,
        "url": str(request.url),
    }


@delete("/api/v1/things/{thing_id:str}")
async def delete_thing(thing_id: str) -> None: ...


@get("/api/v1/text", media_type="text/plain")
async def get_text() -> Response[str]:
    return Response(LONG_TEXT, headers={"ETag": '"abc"'}, media_type="text/plain")


@get("/api/v1/picture")
async def get_picture() -> Response[bytes]:
    return Response(LONG_TEXT.encode(), media_type="image/png")


@get("/api/v1/packed")
async def get_packed() -> Response[bytes]:
    return Response(LONG_TEXT.encode(), media_type="text/plain", headers={"Content-Encoding": "br"})


@get("/api/v1/unchanged", status_code=304)
async def get_unchanged() -> None: ...


@get("/api/v1/page", media_type="text/html")
async def get_page() -> str:
    return "<p>hello</p>"


@get("/api/v1/rows")
async def get_rows() -> Stream:
    async def rows() -> AsyncIterator[str]:
        for number in range(300):
            yield f"row {number}\n"

    return Stream(rows, media_type="text/csv")


@get("/api/v1/events")
async def get_events() -> ServerSentEvent:
    async def events() -> AsyncIterator[str]:
        yield LONG_TEXT

    return ServerSentEvent(events())


@get("/api/v1/crash")
async def crash() -> None:
    raise RuntimeError("the secret sauce")


@get("/api/v1/crash-later")
async def crash_later() -> Stream:
    async def rows() -> AsyncIterator[str]:
        yield "one\n"
        raise RuntimeError("too late")

    return Stream(rows, media_type="text/csv")


@get("/api/v1/down")
async def down() -> None:
    raise Unavailable(system="Ray", reason="no answer")


@get("/health/live")
async def live() -> dict[str, str]:
    return {"status": "live"}


@get("/api/v1/wait")
async def wait_for_ever() -> None:
    await asyncio.Event().wait()


HANDLERS = [
    list_things, create_thing, get_thing, delete_thing, get_text, get_picture, get_packed, get_unchanged, get_page,
    get_rows, get_events, crash, crash_later, down, live, wait_for_ever,
]  # fmt: skip

Client = Callable[..., Any]


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def client_of(metrics: Metrics) -> Client:
    """Opens a client on the application behind an edge of these settings."""

    @asynccontextmanager
    async def open_client(
        settings: EdgeSettings | None = None,
        *,
        base_url: str = "http://localhost",
        peer: str = "203.0.113.9",
        **collaborators: Any,
    ) -> AsyncGenerator[httpx.AsyncClient]:
        failures = collaborators.pop("failures", FailureLog())
        app = Litestar(
            [*HANDLERS, metrics_handler(metrics)],
            openapi_config=None,
            logging_config=None,
            after_exception=[failures],
            exception_handlers=exception_handlers,
            request_max_body_size=None,
        )
        install(app)
        edge = wrap(app, settings or EdgeSettings(), metrics=metrics, failures=failures, **collaborators)
        transport = httpx.ASGITransport(edge, raise_app_exceptions=False, client=(peer, 4711))
        headers = {"accept-encoding": "identity"}
        async with httpx.AsyncClient(transport=transport, base_url=base_url, headers=headers) as client:
            yield client

    return open_client


@pytest.fixture
async def client(client_of: Client) -> AsyncGenerator[httpx.AsyncClient]:
    async with client_of() as opened:
        yield opened
