"""Generation settings as transformers' `generate` takes them."""

from importlib import import_module
from typing import Any

from touchstone_jobs.wire import GenerationSettings


def generation_options(
    generation: GenerationSettings, room: int, model_options: dict[str, Any], prompt_length: int
) -> dict[str, Any]:
    """`room` is how many tokens the model has positions for, `prompt_length` how many of its output it was given.

    A temperature of 0 asks for the likeliest answer, as endpoints understand it.
    """
    options: dict[str, Any] = {**model_options, "max_new_tokens": max(1, min(generation.max_new_tokens, room))}
    if generation.temperature > 0:
        options |= {"do_sample": True, "temperature": generation.temperature, "top_p": generation.top_p}
    else:
        options |= {"do_sample": False}
    if generation.frequency_penalty:
        options["logits_processor"] = [_frequency_penalty(generation.frequency_penalty, prompt_length)]
    return options


def _frequency_penalty(penalty: float, prompt_length: int) -> Any:
    """Lowers a token's logit by the penalty for each time it was generated already, as OpenAI's API defines it."""
    torch: Any = import_module("torch")

    def lowered(token_ids: Any, logits: Any) -> Any:
        written = token_ids[:, prompt_length:]
        counts = torch.zeros_like(logits).scatter_add_(1, written, torch.ones_like(written, dtype=logits.dtype))
        return logits - penalty * counts

    return lowered
