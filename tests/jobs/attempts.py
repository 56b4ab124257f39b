"""Attempts of jobs over a folder that plays the object store, run as the cluster runs them: as a process."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pyarrow as pa

from touchstone_jobs import dataset_files, wire

DIALOGUES = [
    "#Person1#: Where are you going? I want to come along.\n#Person2#: To the market. We have no eggs.",
    "#Person1#: The train is late again!\n#Person2#: It always is on Mondays, because two drivers are ill.",
    "#Person1#: Did you read my report?\n#Person2#: I did. Chapter three needs figures.\n#Person1#: I'll add them.",
]
SUMMARIES = [
    "Person1 comes along to the market, because there are no eggs.",
    "The train is late, as on every Monday.",
    "Person2 asks for figures in the third chapter of the report.",
]


def uri(folder: Path) -> str:
    return f"file://{quote(str(folder))}/"


class Workplace:
    """A folder with a dataset, and the configs of attempts on it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.job_id = str(uuid.uuid4())

    def dataset(self, columns: dict[str, list[str | None]], name: str = "dialogues.csv") -> wire.DatasetSource:
        folder = self.root / "datasets" / name
        folder.mkdir(parents=True)
        table = pa.table({key: pa.array(values, pa.string()) for key, values in columns.items()})
        facts = dataset_files.write_dataset(table.to_batches(), folder)
        return wire.DatasetSource(id=str(uuid.uuid4()), name=name, folder_uri=uri(folder), digest=facts.digest)

    def target(self, name: str = "made.csv") -> wire.DatasetTarget:
        return wire.DatasetTarget(id=str(uuid.uuid4()), name=name, folder_uri=uri(self.root / "datasets" / name))

    def config(
        self, kind: wire.JobKind, dataset: wire.DatasetSource, *, attempt: int = 1, **settings: Any
    ) -> wire.JobConfig:
        job = self.root / "jobs" / self.job_id
        return wire.JobConfig(
            job_id=self.job_id,
            attempt=attempt,
            kind=kind,
            name="a job",
            dataset=dataset,
            work_uri=uri(job),
            attempt_uri=uri(job / str(attempt)),
            results_uri=uri(job / "results.json").removesuffix("/"),
            report={"name": "a job"},
            **settings,
        )

    def segments(self) -> list[Path]:
        return sorted((self.root / "jobs" / self.job_id / "segments").glob("*.jsonl"))

    def results(self) -> dict[str, Any]:
        return json.loads((self.root / "jobs" / self.job_id / "results.json").read_bytes())

    def outcome(self, attempt: int = 1) -> wire.Outcome:
        path = self.root / "jobs" / self.job_id / str(attempt) / wire.OUTCOME_FILE
        return msgspec.json.decode(path.read_bytes(), type=wire.Outcome)

    def start(self, config: wire.JobConfig, **variables: str) -> subprocess.Popen[str]:
        path = self.root / f"config-{config.attempt}.json"
        path.write_bytes(msgspec.json.encode(config))
        environment = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
        environment |= {wire.CONFIG_VARIABLE: f"file://{quote(str(path))}", **variables}
        return subprocess.Popen(
            [sys.executable, "-m", "touchstone_jobs"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, config: wire.JobConfig, **variables: str) -> tuple[int, str]:
        """Exit status and everything printed; `variables` of the environment."""
        process = self.start(config, **variables)
        printed, _ = process.communicate(timeout=120)
        return process.returncode, printed


def inference(provider: str = "baseline", model: str = "lead-1", **settings: Any) -> wire.InferenceSettings:
    task = settings.pop("task", wire.TaskDefinition())
    generation = settings.pop("generation", wire.GenerationSettings())
    return wire.InferenceSettings(model=model, provider=provider, task=task, generation=generation, **settings)


def evaluation(*metrics: str, **settings: Any) -> wire.EvaluationSettings:
    return wire.EvaluationSettings(metrics=list(metrics), task=wire.TaskDefinition(), **settings)
