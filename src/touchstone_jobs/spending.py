"""Counts the tokens that an attempt spends at providers, answers that were of no use included."""

import contextlib
from collections.abc import Generator
from contextvars import ContextVar

from touchstone_jobs.completions import Usage


class Spending:
    """`tokens` are those of questions and answers, as the providers count them."""

    def __init__(self) -> None:
        self.tokens = 0


_current: ContextVar[Spending | None] = ContextVar("spending", default=None)


@contextlib.contextmanager
def counted_spending() -> Generator[Spending]:
    """Of everything that is called inside the block, tasks included."""
    spending = Spending()
    before = _current.set(spending)
    try:
        yield spending
    finally:
        _current.reset(before)


def note_spent(usage: Usage | None) -> None:
    spending = _current.get()
    if spending is not None and usage is not None:
        spending.tokens += usage.total_tokens or usage.prompt_tokens + usage.completion_tokens
