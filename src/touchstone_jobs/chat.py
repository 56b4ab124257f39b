"""Calls an OpenAI-compatible endpoint: many calls at once, at the pace it takes, with retries."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import aiohttp
import msgspec

from touchstone_jobs.addresses import AddressRefused, checked_socket
from touchstone_jobs.completions import CallFailed, Completion, Endpoint, Refusal, completion_from, refusal_from
from touchstone_jobs.failures import JobFailure
from touchstone_jobs.pacing import Pace
from touchstone_jobs.spending import note_spent

Message = dict[str, str]

MOST_TRIES = 5
# a sample that is only ever told to wait is given up after that time
_PATIENCE_SECONDS = 900.0
_TIMEOUTS = aiohttp.ClientTimeout(total=600, sock_connect=10)
_LARGEST_ANSWER = 16 * 1024 * 1024


_OPTIONAL_PARAMETERS: dict[str, str | None] = {
    "max_tokens": "max_completion_tokens",
    "frequency_penalty": None,
    "temperature": None,
    "top_p": None,
    "response_format": None,
}


class Chat:
    """One endpoint, called by up to `concurrency` callers at once. An async context manager, for one event loop."""

    def __init__(self, endpoint: Endpoint, concurrency: int) -> None:
        self._endpoint = endpoint
        self._concurrency = concurrency
        self._pace = Pace(concurrency)
        # parameters this model was seen to refuse, with the name it wants instead
        self._refused: dict[str, str | None] = {}

    async def __aenter__(self) -> "Chat":
        secret = self._endpoint.secret
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._concurrency, socket_factory=checked_socket),
            timeout=_TIMEOUTS,
            headers={"Authorization": f"Bearer {secret}"} if secret else {},
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def complete(self, messages: list[Message], parameters: dict[str, Any]) -> Completion:
        """Raises CallFailed, or JobFailure where no other call would fare better (a bad key, an unknown model)."""
        began = asyncio.get_running_loop().time()
        tries = waits = 0
        while True:
            answer = await self._call(messages, parameters)
            if isinstance(answer, Completion):
                note_spent(answer.usage)
                return answer
            if answer.parameter and self._learn(answer.parameter):
                continue
            if answer.status == 429:
                waits += 1
                wait = self._wait(waits, answer.retry_after)
                if asyncio.get_running_loop().time() - began + wait > _PATIENCE_SECONDS:
                    raise CallFailed(f"still told to wait after {waits} tries: {answer.text}")
            else:
                tries += 1
                if tries >= MOST_TRIES or not answer.transient:
                    raise CallFailed(f"{answer.text} (after {tries} tries)" if tries > 1 else answer.text)
                wait = self._wait(tries, answer.retry_after)
            await asyncio.sleep(wait)

    async def _call(self, messages: list[Message], parameters: dict[str, Any]) -> Completion | Refusal:
        body = {"model": self._endpoint.model, "messages": messages, **self._accepted(parameters)}
        async with self._pace.slot() as call:
            try:
                status, headers, content = await self._post(msgspec.json.encode(body))
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                return self._unreachable(error)
            if status == 200:
                self._pace.succeeded(call)
                seconds = asyncio.get_running_loop().time() - call.began
                return completion_from(content, seconds, self._endpoint.provider)
            refusal = refusal_from(status, headers, content, self._endpoint.provider)
            if status == 429:
                self._pace.refused(call, refusal.retry_after)
            return refusal

    def _unreachable(self, error: Exception) -> Refusal:
        if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, AddressRefused):
            raise JobFailure("endpoint_refused", f"Jobs may not call {error.host}: {error.os_error}.")
        return Refusal(0, f"{self._endpoint.provider} cannot be reached: {type(error).__name__} {error}".strip())

    async def _post(self, body: bytes) -> tuple[int, Any, bytes]:
        headers = {"Content-Type": "application/json"}
        # no redirects: they would carry the prompt to a host nobody has allowed
        async with self._session.post(self._endpoint.url, data=body, headers=headers, allow_redirects=False) as answer:
            content = bytearray()
            async for chunk in answer.content.iter_chunked(65536):
                content += chunk
                if len(content) > _LARGEST_ANSWER:
                    raise aiohttp.ClientPayloadError("the answer is too large")
            return answer.status, answer.headers, bytes(content)

    def _accepted(self, parameters: dict[str, Any]) -> dict[str, Any]:
        names = {name: self._refused.get(name, name) for name in parameters}
        return {names[name] or name: value for name, value in parameters.items() if names[name]}

    def _learn(self, name: str) -> bool:
        """Some models refuse parameters others ask for: leave them out from now on, and say whether that is new."""
        if name in self._refused:
            return True
        if name not in _OPTIONAL_PARAMETERS:
            return False
        self._refused[name] = _OPTIONAL_PARAMETERS[name]
        return True

    def _wait(self, count: int, retry_after: float | None) -> float:
        if retry_after is not None:
            return retry_after + random.uniform(0, 0.25)  # noqa: S311  (jitter)
        return random.uniform(0.25, 0.5) * min(2.0**count, 60.0)  # noqa: S311  (jitter)


async def by_callers(count: int, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs the work so many times at once; when one fails, the others end, too, and its exception is raised."""
    await together([work() for _ in range(count)])


async def together(works: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Runs them at once; when one fails, the others end, too, and its exception is raised as it is."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
