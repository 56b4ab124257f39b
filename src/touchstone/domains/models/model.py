"""Models that are suggested to whoever starts a workflow; any other may be named too."""

import functools
from importlib import resources
from typing import Any, Literal

import msgspec

from touchstone.errors import Refused

SUGGESTED_TASKS = ("summarization", "translation")


class ModelInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """Human-readable figures, as the publisher states them."""

    parameter_count: str
    model_size: str
    tensor_type: str | None = None


class SuggestedModel(msgspec.Struct, frozen=True, omit_defaults=True):
    """`tasks` is a list of one-key objects: the task, and parameters that are shown but not applied."""

    display_name: str
    model: str
    provider: str
    website_url: str
    description: str
    requirements: list[Literal["api_key", "llamafile"]]
    tasks: list[dict[str, dict[str, Any]]]
    base_url: str | None = None
    info: ModelInfo | None = None

    def supports(self, tasks: set[str]) -> bool:
        return any(task in tasks for entry in self.tasks for task in entry)


class UnsupportedTasks(Refused):
    """Unsupported task(s): {given}. Choose from: {known}"""


@functools.cache
def catalogue() -> list[SuggestedModel]:
    file = resources.files("touchstone.domains.models").joinpath("catalogue.json")
    return msgspec.json.decode(file.read_bytes(), type=list[SuggestedModel])


def suggested_for(tasks: list[str] | None) -> list[SuggestedModel]:
    """Models that support any of the tasks; all of them when no task is named."""
    if tasks is None:
        return catalogue()
    wanted = {task.lower() for task in tasks}
    unknown = sorted(wanted.difference(SUGGESTED_TASKS))
    if unknown:
        raise UnsupportedTasks(given=_as_set(unknown), known=_as_set(SUGGESTED_TASKS))
    return [model for model in catalogue() if model.supports(wanted)]


def _as_set(words: "list[str] | tuple[str, ...]") -> str:
    return "{" + ", ".join(repr(word) for word in words) + "}"
