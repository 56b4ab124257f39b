"""An OpenAI-compatible endpoint on loopback whose answers a test decides."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web

Body = dict[str, Any]
Reply = Callable[["FakeEndpoint", Body], Awaitable[web.Response]]


def completion(text: str, *, usage: Body | None = None, **message: Any) -> web.Response:
    counts = usage or {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14}
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text, **message}}
    return web.json_response({"id": "x", "object": "chat.completion", "choices": [choice], "usage": counts})


def refusal(status: int, message: str = "no", **problem: Any) -> web.Response:
    headers = {"Retry-After": "0"} if status == 429 else {}
    return web.json_response({"error": {"message": message, **problem}}, status=status, headers=headers)


async def summarise(_: "FakeEndpoint", body: Body) -> web.Response:
    """The first three words of what was asked."""
    return completion(" ".join(body["messages"][-1]["content"].split()[:3]))


class FakeEndpoint:
    """`bodies` and `keys` are what was asked, in order; `in_flight` how many calls are being answered."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.bodies: list[Body] = []
        self.keys: list[str | None] = []
        self.in_flight = 0
        self.base_url = ""

    async def handle(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        self.bodies.append(body)
        self.keys.append(request.headers.get("Authorization"))
        self.in_flight += 1
        try:
            return await self.reply(self, body)
        finally:
            self.in_flight -= 1


@contextmanager
def serving(reply: Reply = summarise) -> Iterator[FakeEndpoint]:
    """Serves from a thread of its own, because tests wait for processes."""
    endpoint = FakeEndpoint(reply)
    loop = asyncio.new_event_loop()
    application = web.Application()
    application.router.add_post("/v1/chat/completions", endpoint.handle)
    runner = web.AppRunner(application)

    async def start() -> None:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        endpoint.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"

    loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield endpoint
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
