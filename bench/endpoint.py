"""An OpenAI-compatible endpoint that answers after a while; one process.

python bench/endpoint.py PORT LATENCY_SECONDS
"""

import asyncio
import contextlib
import sys

import uvloop
from aiohttp import web

ANSWER = (
    b'{"id":"x","object":"chat.completion","choices":[{"index":0,"finish_reason":"stop","message":'
    b'{"role":"assistant","content":"Anna asked for a room; the meeting was moved to Thursday."}}],'
    b'"usage":{"prompt_tokens":180,"completion_tokens":14,"total_tokens":194}}'
)


def application(latency_seconds: float) -> web.Application:
    async def complete(request: web.Request) -> web.Response:
        await request.read()
        await asyncio.sleep(latency_seconds)
        return web.Response(body=ANSWER, content_type="application/json")

    async def ready(_: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_post("/v1/chat/completions", complete)
    app.router.add_get("/ready", ready)
    return app


async def serve(port: int, latency_seconds: float) -> None:
    runner = web.AppRunner(application(latency_seconds), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(serve(int(sys.argv[1]), float(sys.argv[2])))
