"""Jobs on the cluster, told so that each attempt of one can be run in this process."""

import json
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web
from tests.jobs.attempts import DIALOGUES, SUMMARIES, Workplace, evaluation, inference, uri
from tests.jobs.endpoints import Body, FakeEndpoint, completion, summarise

from touchstone_jobs import wire
from touchstone_jobs.attempt import Program, run_attempt
from touchstone_jobs.evaluation.program import evaluate
from touchstone_jobs.inference.program import infer
from touchstone_jobs.redaction import Redactor

TEXTS = [f"{text} ({number})" for number, text in enumerate(DIALOGUES * 2)]
TIMINGS = ("inference_time", "evaluation_time", "latency_seconds")


async def judge_or_summarise(endpoint: FakeEndpoint, body: Body) -> web.Response:
    if "json_object" in json.dumps(body):
        return completion(json.dumps({"score": 7, "reason": "Most of it is right."}))
    return await summarise(endpoint, body)


class ClusterJob:
    """Each attempt writes below a folder of its own, as the service has it."""

    kind: wire.JobKind = "inference"
    program: Program = staticmethod(infer)
    # what is pending is flushed by the clock only where nothing else flushes it
    seconds_between_flushes = 3600.0

    @property
    def is_deterministic(self) -> bool:
        return self.seconds_between_flushes > 1

    def __init__(self, root: Path, endpoint: FakeEndpoint) -> None:
        root.mkdir()
        self.workplace = Workplace(root)
        self.endpoint = endpoint
        self.dataset = self.workplace.dataset(self.columns())

    def columns(self) -> dict[str, list[str | None]]:
        return {"examples": [*TEXTS], "ground_truth": [*SUMMARIES * 2]}

    def settings(self, attempt: int) -> dict[str, Any]:
        raise NotImplementedError

    def mark(self, attempt: int) -> str:
        """Stands in every call of the attempt; a call may arrive when its attempt is no more."""
        return f"{self.workplace.job_id}/{attempt}"

    def calls(self, attempt: int) -> int:
        return sum(self.mark(attempt) in json.dumps(body) for body in tuple(self.endpoint.bodies))

    def folder(self, attempt: int) -> Path:
        return self.workplace.root / "jobs" / self.workplace.job_id / str(attempt)

    def config(self, attempt: int) -> wire.JobConfig:
        config = self.workplace.config(self.kind, self.dataset, attempt=attempt, **self.settings(attempt))
        results = uri(self.folder(attempt) / "results.json").removesuffix("/")
        target = wire.DatasetTarget(id="made", name="made.csv", folder_uri=uri(self.folder(attempt) / "made"))
        if self.kind == "evaluator":
            inferred = self.workplace.root / "inferred.json"
            inferred.write_text('{"metrics":{},"parameters":{},"artifacts":{"model":"m"}}')
            compiled = uri(self.folder(attempt) / "compiled.json").removesuffix("/")
            merging = wire.Compilation(inference_results_uri=f"file://{inferred}", compiled_uri=compiled)
            return msgspec.structs.replace(config, results_uri=results, compilation=merging)
        return msgspec.structs.replace(config, results_uri=results, target=target)

    def run(self, attempt: int) -> bool:
        return run_attempt(self.config(attempt), type(self).program, Redactor())

    def left_behind(self, attempt: int) -> dict[str, Any]:
        """What the attempt made, but for the time it took."""
        outcome = self.workplace.outcome(attempt)
        made: dict[str, Any] = {
            "metrics": outcome.metrics,
            "failure": outcome.failure,
            "dataset": outcome.dataset,
            "done": outcome.progress.done,
        }
        for path in sorted(self.folder(attempt).rglob("*.json")):
            if path.name in ("results.json", "compiled.json"):
                made[path.name] = _without_timings(json.loads(path.read_bytes()))
        for path in sorted(self.folder(attempt).glob("made/*")):
            made[path.name] = path.read_bytes()
        return made

    def sample_of(self, kept: Any) -> tuple[Any, ...]:
        return tuple(kept.get(name) for name in ("metric", "dimension", "row", "judge"))

    def kept(self) -> list[Any]:
        """Answers and verdicts that segments hold."""
        lines = [line for path in self.workplace.segments() for line in path.read_text().splitlines()]
        return [json.loads(line) for line in lines]


class ABaseline(ClusterJob):
    def settings(self, attempt: int) -> dict[str, Any]:
        return {"inference": inference(model="lead-1")}


class AnEndpoint(ClusterJob):
    def settings(self, attempt: int) -> dict[str, Any]:
        marked = {"base_url": self.endpoint.base_url, "system_prompt": self.mark(attempt)}
        return {"inference": inference("openai", "m", concurrency=1, **marked)}


class AnEvaluation(ClusterJob):
    kind: wire.JobKind = "evaluator"
    program: Program = staticmethod(evaluate)

    def columns(self) -> dict[str, list[str | None]]:
        return {**super().columns(), "predictions": [*SUMMARIES * 2]}

    def settings(self, attempt: int) -> dict[str, Any]:
        return {"evaluation": evaluation("rouge", "token_length")}


class AJudgement(AnEvaluation):
    seconds_between_flushes = 0.005

    def settings(self, attempt: int) -> dict[str, Any]:
        judge = wire.JudgeSettings(self.mark(attempt), self.endpoint.base_url)
        return {"evaluation": evaluation("g_eval_translation_noref", judge=judge)}


JOBS: list[type[ClusterJob]] = [ABaseline, AnEndpoint, AnEvaluation, AJudgement]


def _without_timings(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_timings(inner) for name, inner in value.items() if name not in TIMINGS}
    return value


def described(kind: type[ClusterJob]) -> str:
    return kind.__name__
