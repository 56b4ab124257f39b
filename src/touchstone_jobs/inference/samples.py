"""A row to be answered, its answer, and all answers of a job on the local disk."""

import array
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Protocol

import msgspec


class Sample(msgspec.Struct):
    """Row number (from 0) and the text to be answered."""

    row: int
    text: str


class TokenUsage(msgspec.Struct, omit_defaults=True):
    """As the provider counts them; reasoning tokens are a part of the completion's, answer tokens the rest."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    reasoning_tokens: int = 0

    @property
    def answer_tokens(self) -> int:
        return self.completion_tokens - self.reasoning_tokens


class Answer(msgspec.Struct, omit_defaults=True):
    """`error` says why there is no `text`. `seconds` is the time of the call that succeeded."""

    row: int
    text: str | None = None
    reasoning: str | None = None
    usage: TokenUsage | None = None
    seconds: float | None = None
    error: str | None = None


Record = Callable[[Answer], Awaitable[None]]


class Predictor(Protocol):
    """Something that answers samples."""

    async def answer_all(self, samples: Iterator[Sample], record: Record) -> None:
        """Records one answer per sample, in any order, taking no more samples than it can work on at once.

        Raises JobFailure for what concerns all samples; what concerns one is its answer's `error`.
        """
        ...


class Answers:
    """Answers by row, kept in a local file: a job's memory does not grow with its answers, but for 8 bytes a row."""

    def __init__(self, path: Path, rows: int) -> None:
        self._path = path
        self._file = path.open("wb")
        self._offsets = array.array("q", [-1]) * rows
        self._encoder = msgspec.json.Encoder()
        self._decoder = msgspec.json.Decoder(Answer)

    def close(self) -> None:
        self._file.close()

    def add(self, answer: Answer) -> None:
        """A later answer to the same row replaces the earlier one."""
        self._offsets[answer.row] = self._file.tell()
        self._file.write(self._encoder.encode(answer) + b"\n")

    def has(self, row: int) -> bool:
        return self._offsets[row] >= 0

    def in_order(self) -> Iterator[Answer | None]:
        """One per row; None where there is no answer."""
        self._file.flush()
        with self._path.open("rb") as file:
            position = 0
            for offset in self._offsets:
                if offset < 0:
                    yield None
                    continue
                if offset != position:  # a seek drops what the file has read ahead, and most answers lie in order
                    file.seek(offset)
                line = file.readline()
                position = offset + len(line)
                yield self._decoder.decode(line)
