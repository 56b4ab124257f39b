"""The yardstick of `upload.py`: Litestar on granian receives a multipart form and forgets it.

python bench/receive.py PORT
"""

import asyncio
import contextlib
import sys
from typing import Annotated, Any

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from litestar import Litestar, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body


@get("/health/ready", sync_to_thread=False)
def ready() -> None:
    """Answers as soon as it can."""


@post("/api/v1/datasets")
async def receive(data: Annotated[dict[str, Any], Body(media_type=RequestEncodingType.MULTI_PART)]) -> dict[str, bool]:
    """Whether a file came."""
    return {"received": isinstance(data.get("dataset"), UploadFile)}


async def serve(port: int) -> None:
    application = Litestar([ready, receive], openapi_config=None, request_max_body_size=None)
    server = Server(
        application,
        "127.0.0.1",
        port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        log_level=LogLevels.error,
    )
    await server.serve()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        uvloop.run(serve(int(sys.argv[1])))
