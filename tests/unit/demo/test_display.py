"""What is shown while the demo goes on, and at its end."""

import io

from rich.console import Console

from touchstone.demo.client import Dataset, Experiment, Progress, Workflow
from touchstone.demo.display import Bars, Lines, display
from touchstone.demo.report import DemoReport, ModelReport, Sample, print_report


def workflow(status: str, done: int = 0) -> Workflow:
    return Workflow(id="1", name="lead-1", model="lead-1", status=status, progress=Progress(done=done, total=48))


def report() -> DemoReport:
    models = [
        ModelReport("lead-1", "a" * 32, "succeeded", {"rouge": 0.25, "bleu": 0.5}, results_path="/objects/one.json"),
        ModelReport("lead-3", "b" * 32, "failed", {"rouge": 1.0}, failure="the node went away"),
    ]
    sample = Sample("a [bold]text[/bold]", "its summary", {"lead-1": "its first sentence"})
    return DemoReport(Dataset("d", "own.csv", True), Experiment("7", "Demo"), models, 12.3, sample)


def printed(found: DemoReport) -> str:
    console = Console(file=io.StringIO(), width=100)
    print_report(console, found, "http://127.0.0.1:8000")
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_lines_tell_each_change_of_status_once() -> None:
    console = Console(file=io.StringIO(), width=100)
    with display(console) as lines:
        assert isinstance(lines, Lines)
        for seen in ("created", "created", "running", "running", "succeeded", "succeeded"):
            lines.show(workflow(seen, 12))
    told = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert told == [f"lead-1: {status}, 12 of 48 samples" for status in ("created", "running", "succeeded")]


def test_a_terminal_gets_bars() -> None:
    console = Console(file=io.StringIO(), width=100, force_terminal=True)
    with display(console) as bars:
        assert isinstance(bars, Bars)
        bars.step("Uploaded")
        bars.show(workflow("running", 12))
        bars.show(workflow("succeeded", 48))
    told = console.file.getvalue()  # type: ignore[attr-defined]
    assert "Uploaded" in told
    assert "48/48" in told


def test_the_comparison_has_a_row_a_metric_and_a_column_a_model() -> None:
    lines = [line.split() for line in printed(report()).splitlines() if "rouge" in line or "bleu" in line]
    assert [line[1::2] for line in lines] == [["bleu", "0.5", "-"], ["rouge", "0.25", "1"]]


def test_the_end_says_where_results_lie_why_a_model_failed_and_how_to_go_on() -> None:
    told = printed(report())
    for words in ("/objects/one.json", "the node went away", "touchstone serve", "/api/v1/experiments/7", "/docs"):
        assert words in told


def test_brackets_in_a_sample_are_no_markup() -> None:
    assert "a [bold]text[/bold]" in printed(report())


def test_a_demo_has_succeeded_when_every_model_has() -> None:
    assert not report().has_succeeded
