"""How a command shows that it goes on: bars on a terminal, a line for each step elsewhere."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from touchstone.command_line.console import say

Seen = Callable[[int], None]


class Lines:
    @contextmanager
    def step(self, words: str, total: int | None = None) -> Generator[Seen]:
        """Says at its end how much it was and how long it took."""
        done, begun = 0, monotonic()

        def seen(more: int) -> None:
            nonlocal done
            done += more

        yield seen
        say(f"{words}{f': {done}' if done else ''} ({monotonic() - begun:.1f} s)")


class Bars:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    @contextmanager
    def step(self, words: str, total: int | None = None) -> Generator[Seen]:
        """A bar of its own, which stays."""
        task = self._progress.add_task(words, total=total)
        done = 0

        def seen(more: int) -> None:
            nonlocal done
            done += more
            self._progress.update(task, completed=done)

        yield seen
        self._progress.update(task, total=total or done or 1, completed=done or total or 1)


@contextmanager
def steps() -> Generator[Lines | Bars]:
    """On standard error, so that results stay alone on standard output."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines()
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        yield Bars(progress)
