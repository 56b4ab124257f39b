"""The yardstick of `reads.py` and `start.py`: Litestar on granian, an asyncpg pool, one statement for each answer.

    python bench/bare.py DATABASE_URL PORT STATEMENTS

STATEMENTS is a JSON file, a path mapped to the statement whose single value is the answer's body. No routing by
kind of resource, no log, no metrics, no checks: what is left when everything that a service does is taken away.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import asyncpg
import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from litestar import Litestar, Response, get


def application(database_url: str, statements: dict[str, str]) -> Litestar:
    pools: list[Any] = []

    @contextlib.asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncGenerator[None]:
        async with asyncpg.create_pool(database_url, min_size=1, max_size=10) as pool:
            pools.append(pool)
            yield

    def handler(path: str, statement: str) -> Any:
        @get(path)
        async def answer() -> Response[bytes]:
            text: str = await pools[0].fetchval(statement)
            return Response(text.encode(), media_type="application/json")

        return answer

    @get("/health/ready")
    async def ready() -> dict[str, int]:
        return {"answer": await pools[0].fetchval("select 1")}

    return Litestar(
        [ready, *(handler(path, statement) for path, statement in statements.items())],
        lifespan=[lifespan],
        openapi_config=None,
    )


async def serve(database_url: str, port: int, statements: dict[str, str]) -> None:
    server = Server(
        application(database_url, statements),
        "127.0.0.1",
        port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        log_level=LogLevels.error,
    )
    await server.serve()


if __name__ == "__main__":
    database_url, port, statements = sys.argv[1:]
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        uvloop.run(serve(database_url, int(port), json.loads(Path(statements).read_text())))
