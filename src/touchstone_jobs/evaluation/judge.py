"""Scores given by a language model at an OpenAI-compatible endpoint, each with its reason.

The idea of criteria, steps and a score is G-Eval's (Liu et al., 2023); here the score is the judge's own whole number,
divided by the highest, so that it lies in 0..1.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Iterator
from typing import Annotated, Any, NamedTuple

import msgspec

from touchstone_jobs.attempt import Attempt
from touchstone_jobs.chat import Chat, Message, by_callers
from touchstone_jobs.completions import CallFailed, Endpoint, endpoint_of
from touchstone_jobs.evaluation.criteria import DIMENSIONS, HIGHEST, JUDGE_PROMPT, LOWEST, question
from touchstone_jobs.evaluation.rows import Rows, Scores
from touchstone_jobs.failures import JobFailure
from touchstone_jobs.inference.reasoning import split_thought
from touchstone_jobs.keeping import while_keeping
from touchstone_jobs.segments import Segments
from touchstone_jobs.wire import KNOWN_METRICS, EvaluationSettings

_log = logging.getLogger(__name__)

DEFAULT_JUDGE = "gpt-4o"
CONCURRENCY = 16
MOST_TRIES = 3
_PARAMETERS: dict[str, Any] = {"temperature": 0.0, "max_tokens": 1024, "response_format": {"type": "json_object"}}
_OBJECT = re.compile(r"\{.*\}", re.DOTALL)


class Verdict(msgspec.Struct):
    """What the judge must answer."""

    score: Annotated[float, msgspec.Meta(ge=LOWEST, le=HIGHEST)]
    reason: Annotated[str, msgspec.Meta(min_length=1)]


class Judged(msgspec.Struct):
    """One verdict as it is kept; `score` in 0..1."""

    metric: str
    dimension: str
    row: int
    score: float
    reason: str


class _Case(NamedTuple):
    metric: str
    dimension: str
    row: int


class Judge:
    """Every row, in every dimension of the chosen metrics. Verdicts of earlier attempts are not asked for again.

    `on_verdict` is called after each new verdict.
    """

    def __init__(self, attempt: Attempt, settings: EvaluationSettings, on_verdict: Callable[[], None]) -> None:
        self._attempt = attempt
        self._endpoint = _endpoint(settings, attempt.secret)
        self._on_verdict = on_verdict
        self._segments = Segments(attempt.config.work_uri + "segments/", attempt.config.attempt, Judged)
        self._verdicts: dict[_Case, Judged] = {}

    def scores(self, metrics: list[str], rows: Rows) -> dict[str, Scores]:
        """Raises JobFailure `judge_unusable` when the judge's answers stay invalid."""
        self._verdicts = {_Case(kept.metric, kept.dimension, kept.row): kept for kept in self._segments.earlier()}
        cases = [case for metric in metrics for case in _cases(metric, rows) if case not in self._verdicts]
        _log.info("%d verdicts to ask of %s", len(cases), self._endpoint.model)
        if cases:
            asyncio.run(while_keeping(self._ask_all(iter(cases), rows), self._segments, self._attempt))
        return {metric: Scores(self._lists(metric, rows)) for metric in metrics}

    def _lists(self, metric: str, rows: Rows) -> dict[str, list[dict[str, Any]]]:
        verdicts = {
            dimension: [self._verdicts[_Case(metric, dimension, row)] for row in range(len(rows.predictions))]
            for dimension in DIMENSIONS[metric]
        }
        return {
            dimension: [{"score": judged.score, "reason": judged.reason} for judged in column]
            for dimension, column in verdicts.items()
        }

    async def _ask_all(self, cases: Iterator[_Case], rows: Rows) -> None:
        async with Chat(self._endpoint, CONCURRENCY) as chat:
            await by_callers(CONCURRENCY, lambda: self._ask_some(chat, cases, rows))

    async def _ask_some(self, chat: Chat, cases: Iterator[_Case], rows: Rows) -> None:
        for case in cases:
            verdict = await self._ask(chat, case, rows)
            reason = self._attempt.redactor.clean(verdict.reason)
            judged = Judged(case.metric, case.dimension, case.row, verdict.score / HIGHEST, reason)
            self._verdicts[case] = judged
            self._segments.append(judged)
            self._on_verdict()

    async def _ask(self, chat: Chat, case: _Case, rows: Rows) -> Verdict:
        messages = [
            {"role": "system", "content": JUDGE_PROMPT},
            {"role": "user", "content": _question(case, rows)},
        ]
        problem = ""
        for _ in range(MOST_TRIES):
            try:
                answer = (await chat.complete(messages, _PARAMETERS)).text
            except CallFailed as error:
                problem = str(error)
                continue
            try:
                return verdict_from(answer)
            except msgspec.MsgspecError as error:
                problem = str(error)
                messages = [*messages[:2], {"role": "assistant", "content": answer}, _again(problem)]
        where = f"row {case.row}, {case.metric}, {case.dimension}"
        raise JobFailure("judge_unusable", f"No valid verdict of the judge in {MOST_TRIES} tries ({where}): {problem}")


def _again(problem: str) -> Message:
    return {"role": "user", "content": f"That is not the JSON object asked for: {problem}. Answer with it alone."}


def _cases(metric: str, rows: Rows) -> Iterator[_Case]:
    for row in range(len(rows.predictions)):
        for dimension in DIMENSIONS[metric]:
            yield _Case(metric, dimension, row)


def _question(case: _Case, rows: Rows) -> str:
    reference = rows.references[case.row] if KNOWN_METRICS[case.metric].reference else None
    dimension = DIMENSIONS[case.metric][case.dimension]
    return question(dimension, rows.examples[case.row], rows.predictions[case.row], reference)


def verdict_from(text: str) -> Verdict:
    """The JSON object in a judge's answer, whatever stands around it. Raises msgspec.MsgspecError."""
    _, answer = split_thought(text)
    found = _OBJECT.search(answer)
    return msgspec.json.decode(found[0] if found else answer, type=Verdict)


def _endpoint(settings: EvaluationSettings, secret: str | None) -> Endpoint:
    if settings.judge:
        return endpoint_of("judge", settings.judge.model_name, settings.judge.model_base_url, secret)
    return endpoint_of("openai", DEFAULT_JUDGE, None, secret)
