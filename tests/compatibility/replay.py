"""Sends the recorded requests in order, and lets happen in between what had happened in the recording."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import msgspec
from tests.compatibility.comparison import Comparison, body_of
from tests.compatibility.exchanges import Recorded, sent_bytes
from tests.compatibility.identifiers import Identifiers
from tests.fakes.runner import FAILS, FakeRunner

from touchstone.assembly import Assembly

PREFIX = "/api/v1"
TURNS_AT_MOST = 200
TOO_BIG = b"examples\n" + b"x" * 50_000_000


class Answered(msgspec.Struct, frozen=True):
    """`differences` are in words; `added` are the fields that only we send, with their collection.

    `failure` is what our answer says of one.
    """

    recorded: Recorded
    status: int
    failure: str | None
    differences: list[str]
    added: set[str]


class Replay:
    def __init__(self, client: httpx.AsyncClient, parts: Assembly, runner: FakeRunner) -> None:
        self.client = client
        self.parts = parts
        self.runner = runner
        self.ids = Identifiers()

    async def answer(self, recorded: Recorded) -> Answered:
        if (happens := MEANWHILE.get(recorded.name)) is not None:
            await happens(self)
        answer = await self._send(recorded)
        self._learn(recorded, answer)
        comparison = Comparison(self.ids)
        found = comparison.of(recorded, answer)
        return Answered(recorded, answer.status_code, _failure(answer), found, comparison.added)

    async def turn(self) -> None:
        """The dispatcher looks at every job once."""
        await self.parts.database.execute("update job set look_at = now()")
        await self.parts.dispatcher().turn()

    async def settle(self, *, leave_slow: bool = False) -> None:
        """Until every job has ended, but for those that never do."""
        for _ in range(TURNS_AT_MOST):
            going = await self.parts.database.fetch_value(
                """
                select count(*) from job
                where status in ('created', 'pending', 'running') and not ($1 and name like 'slow%')
                """,
                leave_slow,
            )
            if not going:
                return
            await self.turn()
        raise AssertionError(f"jobs had not ended after {TURNS_AT_MOST} turns")

    async def let_time_out(self) -> None:
        await self.parts.database.execute(
            "update job set submitted_at = submitted_at - interval '1 minute' where timeout_seconds < 60"
        )
        await self.settle()

    async def break_running_jobs(self) -> None:
        await self.turn()
        for run in self.runner.runs.values():
            run.fate = FAILS
        await self.settle()

    async def _send(self, recorded: Recorded) -> httpx.Response:
        request = recorded.request
        content = self.ids.requested(request["data"]) if "data" in request else None
        return await self.client.request(
            recorded.method,
            PREFIX + self.ids.ours(recorded.path),
            headers=request.get("headers"),
            json=self.ids.requested(request["json"]) if "json" in request else None,
            content=content,
            files=_parts(recorded) if "files" in request else None,
        )

    def _learn(self, recorded: Recorded, answer: httpx.Response) -> None:
        """Lists tell nothing: which rows stand in them depends on what was accepted before."""
        if not isinstance(recorded.body, dict) or "items" in recorded.body:
            return
        is_same = answer.status_code == recorded.status
        if recorded.path == "/experiments/" and recorded.status == 201:
            self.ids.learn_experiment(recorded.body["id"], answer.json()["id"] if is_same else None)
        if is_same:
            self.ids.learn(recorded.body, body_of(answer))


def _failure(answer: httpx.Response) -> str | None:
    if answer.is_success:
        return None
    detail = body_of(answer)["detail"] if answer.headers["content-type"] == "application/json" else answer.text
    if isinstance(detail, str):
        return detail
    return "; ".join(f"{item['type']} at {'.'.join(map(str, item['loc']))}: {item['msg']}" for item in detail)


def _parts(recorded: Recorded) -> dict[str, Any]:
    parts = {name: (file[0], sent_bytes(file[1])) for name, file in recorded.request["files"].items()}
    return {**parts, "dataset": ("big.csv", TOO_BIG)} if recorded.label == "ds too big" else parts


async def _turn(replay: Replay) -> None:
    await replay.turn()


async def _settle(replay: Replay) -> None:
    await replay.settle()


async def _settle_but_slow_ones(replay: Replay) -> None:
    await replay.settle(leave_slow=True)


async def _lose_ray(replay: Replay) -> None:
    replay.runner.go_down()


async def _start_ray_anew(replay: Replay) -> None:
    replay.runner.come_back()
    replay.runner.runs.clear()


MEANWHILE: dict[str, Callable[[Replay], Awaitable[None]]] = {
    "job get pending": _turn,
    "job ds (2)": _settle,
    "job get secret (2)": _turn,
    "job get done": _settle,
    "wf get at once": _turn,
    "wf get done": _settle,
    "wf slow now": _turn,
    "wf final trans": _settle_but_slow_ones,
    "wf final slow": Replay.let_time_out,
    "RAYDOWN exp list": _lose_ray,
    "RAYLOST job get (db terminal)": _start_ray_anew,
    "wf state nogt": _settle,
    # the cluster of the recording was in disorder here
    "wf restart state before": Replay.break_running_jobs,
    # whoever looks now is another worker than the one that submitted
    "wf 20s after api kill -9 mid-inference": _settle,
}
