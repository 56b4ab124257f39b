"""The floor every model must beat: answers cut out of the text itself, without any model."""

import re
from collections.abc import Callable, Iterator

from touchstone_jobs.failures import JobFailure
from touchstone_jobs.inference.samples import Answer, Record, Sample

# an utterance per line is how dialogues are written, so a line's end is a sentence's end, too
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|(?<=[。！？])|\s*\n\s*")


def sentences(text: str) -> list[str]:
    parts = (part.strip() for part in _SENTENCE_END.split(text))
    return [part for part in parts if part]


def _lead(count: int) -> Callable[[str], str]:
    return lambda text: " ".join(sentences(text)[:count])


def _longest(text: str) -> str:
    return max(sentences(text), key=len, default="")


def _copy(text: str) -> str:
    return text


Cut = Callable[[str], str]
BASELINES: dict[str, Cut] = {"lead-1": _lead(1), "lead-3": _lead(3), "longest": _longest, "copy": _copy}


class Baseline:
    def __init__(self, model: str) -> None:
        if model not in BASELINES:
            known = ", ".join(BASELINES)
            raise JobFailure("unknown_model", f"There is no baseline {model}; there are {known}.")
        self._answer = BASELINES[model]

    async def answer_all(self, samples: Iterator[Sample], record: Record) -> None:
        for sample in samples:
            await record(Answer(row=sample.row, text=self._answer(sample.text)))
