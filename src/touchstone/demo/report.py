"""What the demo found, for a person and for a script."""

from pathlib import Path

import msgspec
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from touchstone.demo.client import Dataset, Experiment


class ModelReport(msgspec.Struct):
    """`results_path` is None where the store is no local folder."""

    model: str
    workflow_id: str
    status: str
    metrics: dict[str, float]
    results_url: str | None = None
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
    console.print(_whereabouts(report))
    console.print(_next_steps(report, api_url), soft_wrap=True)


def _comparison(report: DemoReport) -> Table:
    table = Table(title=f"{report.experiment.name}: metrics of {len(report.models)} models in {report.seconds:.0f} s")
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
    for model in report.models:
        where = model.results_path or model.results_url or model.failure or model.status
        lines.append(Text(f"{model.model}: {where}", overflow="fold"))
    return Group(*lines)


def _next_steps(report: DemoReport, api_url: str) -> RenderableType:
    return Text(
        f"""
Go on
  touchstone serve                     keeps what the demo made; documentation at {api_url}/docs
  curl {api_url}/api/v1/experiments/{report.experiment.id}
  touchstone demo FILE.csv             your own texts: columns examples, ground_truth
"""
    )


def path_in(store: Path | None, workflow_id: str) -> str | None:
    """Where a local store holds what the workflow's download link answers."""
    path = store and store / "workflows" / "results" / workflow_id / "compiled.json"
    return str(path) if path and path.exists() else None
