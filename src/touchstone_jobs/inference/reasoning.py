"""Tells a model's thinking from its answer, and counts the tokens of both (section 5.1 of the evaluation contract)."""

from touchstone_jobs.completions import Usage
from touchstone_jobs.inference.samples import TokenUsage

_END_OF_THOUGHT = "</think>"
_WORDS_PER_TOKEN = 0.75


def split_thought(text: str) -> tuple[str | None, str]:
    """Reasoning and answer; no reasoning where the text holds no end of a thought."""
    thought, mark, answer = text.partition(_END_OF_THOUGHT)
    if not mark:
        return None, text
    return thought.replace("<think>", "", 1).strip(), answer.strip()


def token_usage(usage: Usage | None, thought: str | None, *, told_apart: bool) -> TokenUsage | None:
    """The provider's counts where it told reasoning apart itself, else an estimate from the thought's words."""
    if usage is None:
        return None
    details = usage.completion_tokens_details
    counted = details.reasoning_tokens if details else None
    if counted is None or not (told_apart or counted):
        counted = int(len(thought.split()) / _WORDS_PER_TOKEN) if thought else 0
    return TokenUsage(
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        total_tokens=usage.total_tokens or usage.prompt_tokens + usage.completion_tokens,
        reasoning_tokens=min(counted, usage.completion_tokens),
    )
