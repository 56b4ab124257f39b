"""What a model is told when the caller leaves the system prompt empty."""

from touchstone.domains.jobs.model import Summarization, TaskDefinition, Translation
from touchstone.domains.workflows.model import PromptMissing

SUMMARIZATION = (
    "You write summaries. Read what you are given and sum it up in at most two sentences that keep to what was "
    "said. Answer with the summary alone."
)
TRANSLATION = (
    "You translate from {source} to {target}. Keep the meaning, the tone and any names or numbers as they are. "
    "Answer with the translation alone."
)


def system_prompt(given: str, task: TaskDefinition) -> str:
    """The prompt to use. Raises PromptMissing for a task that has no default."""
    if given:
        return given
    match task:
        case Summarization():
            return SUMMARIZATION
        case Translation(source_language=source, target_language=target):
            return TRANSLATION.format(source=source, target=target)
        case _:
            raise PromptMissing(task="text-generation")
