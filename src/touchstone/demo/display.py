"""How the demo shows that it goes on: bars on a terminal, lines elsewhere."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from touchstone.demo.client import Workflow

LINE_EVERY_SECONDS = 5.0


class Display(Protocol):
    def step(self, message: str) -> None:
        """Something is done."""
        ...

    def show(self, workflow: Workflow) -> None:
        """How far a workflow is."""
        ...


@contextmanager
def display(console: Console) -> Generator[Display]:
    if not console.is_terminal:
        yield Lines(console)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[status]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        yield Bars(progress)


class Bars:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def step(self, message: str) -> None:
        self._progress.console.print(message)

    def show(self, workflow: Workflow) -> None:
        if workflow.id not in self._tasks:
            self._tasks[workflow.id] = self._progress.add_task(workflow.model, total=None, status="")
        seen = workflow.progress
        self._progress.update(
            self._tasks[workflow.id],
            completed=seen.done if seen else 0,
            total=(seen.total if seen else 0) or None,
            status=workflow.status,
        )
        if workflow.has_ended:
            self._progress.stop_task(self._tasks[workflow.id])


class Lines:
    """Says when a status changes and, while it does not, how many samples are done."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said: dict[str, tuple[str, float]] = {}

    def step(self, message: str) -> None:
        self._console.print(message, soft_wrap=True)

    def show(self, workflow: Workflow) -> None:
        status, said_at = self._said.get(workflow.id, ("", 0.0))
        now = time.monotonic()
        if workflow.status == status and (workflow.has_ended or now - said_at < LINE_EVERY_SECONDS):
            return
        self._said[workflow.id] = (workflow.status, now)
        seen = workflow.progress
        counted = f", {seen.done} of {seen.total} samples" if seen and seen.total else ""
        self.step(f"{workflow.model}: {workflow.status}{counted}")
