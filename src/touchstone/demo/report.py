"""What the demo found, for a person and for a script."""

from pathlib import Path

import msgspec
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from touchstone.demo.client import Dataset, Experiment


class ModelReport(msgspec.Struct):
    """`results_path`: the file that holds metrics, predictions and parameters."""

    model: str
    workflow_id: str
    status: str
    metrics: dict[str, float]
    results_path: str | None = None
    failure: str | None = None


class Sample(msgspec.Struct):
    """One row: its text, its reference, and what each model made of it."""

    text: str
    reference: str
    predictions: dict[str, str]


class DemoReport(msgspec.Struct):
    """`seconds` from the upload to the last result."""

    dataset: Dataset
    experiment: Experiment
    models: list[ModelReport]
    seconds: float
    sample: Sample | None = None

    @property
    def has_succeeded(self) -> bool:
        return all(model.status == "succeeded" for model in self.models)


def print_report(console: Console, report: DemoReport, api_url: str) -> None:
    console.print()
    console.print(_comparison(report))
    if report.sample:
        console.print(_example(report.sample))
    console.print(_whereabouts(report), soft_wrap=True)
    console.print(_next_steps(report, api_url), soft_wrap=True)


def _comparison(report: DemoReport) -> Table:
    table = Table(title=f"Experiment {report.experiment.id}, {report.seconds:.0f} s", title_justify="left")
    table.add_column("metric")
    for model in report.models:
        table.add_column(model.model, justify="right")
    for metric in sorted({name for model in report.models for name in model.metrics}):
        values = [model.metrics.get(metric) for model in report.models]
        table.add_row(metric, *("-" if value is None else f"{value:g}" for value in values))
    return table


def _example(sample: Sample) -> RenderableType:
    lines = [
        Text("\nOne sample", style="bold"),
        Text(_shortened(sample.text)),
        Text(f"reference: {_shortened(sample.reference)}", style="green"),
    ]
    lines += [Text(f"{model}: {_shortened(text)}") for model, text in sample.predictions.items()]
    return Group(*lines)


def _shortened(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 240 else flat[:239] + "…"


def _whereabouts(report: DemoReport) -> RenderableType:
    lines = [Text("\nResults (metrics, predictions, parameters)", style="bold")]
    lines += [Text(f"{model.model}: {model.results_path or model.failure or model.status}") for model in report.models]
    return Group(*lines)


def _next_steps(report: DemoReport, api_url: str) -> RenderableType:
    command = "uv run touchstone" if Path("uv.lock").exists() else "touchstone"
    succeeded = [model.workflow_id for model in report.models if model.status == "succeeded"]
    lines = [
        Text("\nGo on", style="bold"),
        Text(f"{command} serve          keeps what the demo made; documentation at {api_url}/docs"),
        Text(f"{command} demo FILE.csv  your own texts: columns examples and ground_truth"),
        Text(f"\nWhile it serves\ncurl {api_url}/api/v1/experiments/{report.experiment.id}"),
    ]
    for workflow_id in succeeded[:1]:
        lines.append(Text(f"curl {api_url}/api/v1/workflows/{workflow_id}/result/download  # a download link"))
    return Group(*lines)


def path_in(store: Path | None, workflow_id: str) -> str | None:
    """Where a local store holds what the workflow's download link answers."""
    path = store and store / "workflows" / "results" / workflow_id / "compiled.json"
    return str(path) if path and path.exists() else None
