"""The judges of an evaluation: one or several, each asked about every row in every dimension."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from touchstone_jobs.attempt import Attempt
from touchstone_jobs.chat import by_callers, together
from touchstone_jobs.completions import Endpoint, endpoint_of
from touchstone_jobs.evaluation.agreement import krippendorff_alpha
from touchstone_jobs.evaluation.criteria import DIMENSIONS, HIGHEST, question
from touchstone_jobs.evaluation.judge import CONCURRENCY, Judge, NoVerdict
from touchstone_jobs.evaluation.rows import Rows, Scores
from touchstone_jobs.failures import JobFailure
from touchstone_jobs.keeping import while_keeping
from touchstone_jobs.segments import Segments
from touchstone_jobs.wire import KNOWN_METRICS, EvaluationSettings

_log = logging.getLogger(__name__)

DEFAULT_JUDGE = "gpt-4o"


class Judged(msgspec.Struct, omit_defaults=True):
    """One verdict as it is kept; `score` in 0..1, `judge` its number on the panel."""

    metric: str
    dimension: str
    row: int
    score: float
    reason: str
    judge: int = 0


class _Case(NamedTuple):
    metric: str
    dimension: str
    row: int
    judge: int


class Panel:
    """Verdicts of earlier attempts are not asked for again. Each is `step` of a row in the attempt's progress."""

    def __init__(self, attempt: Attempt, settings: EvaluationSettings, step: float) -> None:
        self._attempt = attempt
        self._endpoints = panel_of(settings, attempt.secret)
        self._names = _told_apart([endpoint.model for endpoint in self._endpoints])
        self._step = step
        self._segments = Segments(attempt.config.work_uri + "segments/", attempt.config.attempt, Judged)
        self._verdicts: dict[_Case, Judged] = {}

    def scores(self, metrics: list[str], rows: Rows) -> dict[str, Scores]:
        """Raises JobFailure `judge_unusable` when a judge's answers stay invalid."""
        kept = self._segments.earlier()
        self._verdicts = {_Case(one.metric, one.dimension, one.row, one.judge): one for one in kept}
        self._attempt.progress.take_over(done=self._step * len(self._verdicts))
        missing = [self._missing(number, metrics, rows) for number in range(len(self._endpoints))]
        _log.info("%d verdicts to ask of %s", sum(map(len, missing)), ", ".join(self._names))
        if any(missing):
            asyncio.run(while_keeping(self._ask_all(missing, rows), self._segments, self._attempt))
        return {metric: self._scores(metric, rows) for metric in metrics}

    def _missing(self, judge: int, metrics: list[str], rows: Rows) -> list[_Case]:
        cases = (case for metric in metrics for case in _cases(metric, rows, judge))
        return [case for case in cases if case not in self._verdicts]

    async def _ask_all(self, missing: list[list[_Case]], rows: Rows) -> None:
        await together([self._ask_one(number, iter(cases), rows) for number, cases in enumerate(missing)])

    async def _ask_one(self, number: int, cases: Iterator[_Case], rows: Rows) -> None:
        async with Judge(self._endpoints[number]) as judge:
            await by_callers(CONCURRENCY, lambda: self._ask_some(judge, cases, rows))

    async def _ask_some(self, judge: Judge, cases: Iterator[_Case], rows: Rows) -> None:
        for case in cases:
            try:
                verdict = await judge.verdict(_question(case, rows))
            except NoVerdict as error:
                where = f"{self._names[case.judge]}, row {case.row}, {case.metric}, {case.dimension}"
                raise JobFailure("judge_unusable", f"A judge is of no use ({where}): {error}") from None
            reason = self._attempt.redactor.clean(verdict.reason)
            score = verdict.score / HIGHEST
            judged = Judged(case.metric, case.dimension, case.row, score, reason, case.judge)
            self._verdicts[case] = judged
            self._segments.append(judged)
            self._attempt.progress.add(done=self._step)

    def _scores(self, metric: str, rows: Rows) -> Scores:
        by_dimension = {dimension: self._of_rows(metric, dimension, rows) for dimension in DIMENSIONS[metric]}
        if len(self._endpoints) == 1:
            return Scores({name: [_told(row[0]) for row in column] for name, column in by_dimension.items()})
        lists = {name: [self._mean_of(row) for row in column] for name, column in by_dimension.items()}
        alphas = {f"{name}_alpha": _agreement(column) for name, column in by_dimension.items()}
        return Scores(lists, {"judges": self._names}, alphas)

    def _of_rows(self, metric: str, dimension: str, rows: Rows) -> list[list[Judged]]:
        """The judges' verdicts on each row, in the panel's order."""
        judges = range(len(self._endpoints))
        return [
            [self._verdicts[_Case(metric, dimension, row, judge)] for judge in judges]
            for row in range(len(rows.predictions))
        ]

    def _mean_of(self, verdicts: list[Judged]) -> dict[str, Any]:
        named = [{"judge": self._names[one.judge], **_told(one)} for one in verdicts]
        return {
            "score": sum(one.score for one in verdicts) / len(verdicts),
            "reason": "\n".join(f"{one['judge']}: {one['reason']}" for one in named),
            "verdicts": named,
        }


def panel_of(settings: EvaluationSettings, secret: str | None) -> list[Endpoint]:
    """The judge and those beside it; without any, the default one. Raises JobFailure `bad_base_url`."""
    judges = [*([settings.judge] if settings.judge else []), *settings.judges]
    if not judges:
        return [endpoint_of("openai", DEFAULT_JUDGE, None, secret)]
    return [endpoint_of("judge", judge.model_name, judge.model_base_url, secret) for judge in judges]


def _told_apart(models: list[str]) -> list[str]:
    """The same model may sit at several endpoints, or twice at one to see how far it agrees with itself."""
    seen: Counter[str] = Counter()
    names: list[str] = []
    for model in models:
        seen[model] += 1
        names.append(f"{model} ({seen[model]})" if seen[model] > 1 else model)
    return names


def _told(judged: Judged) -> dict[str, Any]:
    return {"score": judged.score, "reason": judged.reason}


def _agreement(rows: list[list[Judged]]) -> float | None:
    return krippendorff_alpha([[judged.score for judged in row] for row in rows])


def _cases(metric: str, rows: Rows, judge: int) -> Iterator[_Case]:
    for row in range(len(rows.predictions)):
        for dimension in DIMENSIONS[metric]:
            yield _Case(metric, dimension, row, judge)


def _question(case: _Case, rows: Rows) -> str:
    reference = rows.references[case.row] if KNOWN_METRICS[case.metric].reference else None
    dimension = DIMENSIONS[case.metric][case.dimension]
    return question(dimension, rows.examples[case.row], rows.predictions[case.row], reference)
