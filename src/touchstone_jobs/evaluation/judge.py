"""Scores given by a language model at an OpenAI-compatible endpoint, each with its reason.

The idea of criteria, steps and a score is G-Eval's (Liu et al., 2023); here the score is the judge's own whole number,
divided by the highest, so that it lies in 0..1.
"""

import re
from typing import Annotated, Any

import msgspec

from touchstone_jobs.chat import Chat, Message
from touchstone_jobs.completions import CallFailed, Endpoint
from touchstone_jobs.evaluation.criteria import HIGHEST, JUDGE_PROMPT, LOWEST
from touchstone_jobs.inference.reasoning import split_thought

CONCURRENCY = 16
MOST_TRIES = 3
_PARAMETERS: dict[str, Any] = {"temperature": 0.0, "max_tokens": 1024, "response_format": {"type": "json_object"}}
_OBJECT = re.compile(r"\{.*\}", re.DOTALL)


class Verdict(msgspec.Struct):
    """What the judge must answer."""

    score: Annotated[float, msgspec.Meta(ge=LOWEST, le=HIGHEST)]
    reason: Annotated[str, msgspec.Meta(min_length=1)]


class NoVerdict(Exception):
    """The judge's answers stayed invalid; the message says how."""


class Judge:
    """One judge, asked by up to CONCURRENCY callers at once. An async context manager, for one event loop."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._chat = Chat(endpoint, CONCURRENCY)

    async def __aenter__(self) -> "Judge":
        await self._chat.__aenter__()
        return self

    async def __aexit__(self, *details: object) -> None:
        await self._chat.__aexit__(*details)

    async def verdict(self, question: str) -> Verdict:
        """Raises NoVerdict, or JobFailure where no other question would fare better."""
        messages = [{"role": "system", "content": JUDGE_PROMPT}, {"role": "user", "content": question}]
        problem = ""
        for _ in range(MOST_TRIES):
            try:
                answer = (await self._chat.complete(messages, _PARAMETERS)).text
            except CallFailed as error:
                problem = str(error)
                continue
            try:
                return verdict_from(answer)
            except msgspec.MsgspecError as error:
                problem = str(error)
                messages = [*messages[:2], {"role": "assistant", "content": answer}, _again(problem)]
        raise NoVerdict(f"no valid verdict in {MOST_TRIES} tries: {problem}")


def _again(problem: str) -> Message:
    return {"role": "user", "content": f"That is not the JSON object asked for: {problem}. Answer with it alone."}


def verdict_from(text: str) -> Verdict:
    """The JSON object in a judge's answer, whatever stands around it. Raises msgspec.MsgspecError."""
    _, answer = split_thought(text)
    found = _OBJECT.search(answer)
    return msgspec.json.decode(found[0] if found else answer, type=Verdict)
