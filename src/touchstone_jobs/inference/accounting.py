"""What the answers took: tokens, seconds, money; of each and of all."""

import array
from collections.abc import Iterable
from typing import Any

import msgspec

from touchstone_jobs.inference.samples import Answer, TokenUsage
from touchstone_jobs.wire import Prices

TOKEN_COUNTS = ("prompt_tokens", "total_tokens", "completion_tokens", "reasoning_tokens", "answer_tokens")


class Latency(msgspec.Struct):
    """Seconds from a call's start to its answer; for a batch of a model, the batch's."""

    mean: float
    median: float
    p95: float
    most: float


class Totals(msgspec.Struct):
    """Of all samples. `tokens` has TOKEN_COUNTS added up over the `counted` answers whose tokens are known."""

    answered: int
    failed: int
    counted: int
    tokens: dict[str, int]
    latency_seconds: Latency | None
    cost_usd: float | None

    def averages(self) -> dict[str, float]:
        """`avg_…_tokens` over the answers that were counted; empty when none was."""
        return {f"avg_{name}": total / self.counted for name, total in self.tokens.items() if self.counted}


def totals(answers: Iterable[Answer | None], prices: Prices | None) -> Totals:
    seconds = array.array("d")
    tokens: dict[str, int] = dict.fromkeys(TOKEN_COUNTS, 0)
    answered = failed = counted = 0
    for answer in answers:
        is_answered = answer is not None and answer.error is None
        answered, failed = answered + is_answered, failed + (not is_answered)
        if answer is not None and answer.seconds is not None:
            seconds.append(answer.seconds)
        if answer is not None and answer.usage is not None:
            counted += 1
            tokens = {name: total + getattr(answer.usage, name) for name, total in tokens.items()}
    cost = _usd(tokens["prompt_tokens"], tokens["completion_tokens"], prices) if prices and counted else None
    return Totals(answered, failed, counted, tokens, _latency(seconds), cost)


def token_counts(answer: Answer | None) -> dict[str, int] | None:
    usage: TokenUsage | None = answer.usage if answer else None
    return {name: getattr(usage, name) for name in TOKEN_COUNTS} if usage else None


def cost_usd(answer: Answer | None, prices: Prices) -> float | None:
    if answer is None or answer.usage is None:
        return None
    return _usd(answer.usage.prompt_tokens, answer.usage.completion_tokens, prices)


def _usd(prompt: int, completion: int, prices: Prices) -> float:
    return (prompt * prices.prompt_usd_per_million + completion * prices.completion_usd_per_million) / 1_000_000


def _latency(seconds: Any) -> Latency | None:
    if not seconds:
        return None
    ordered = sorted(seconds)
    at = [ordered[round(share * (len(ordered) - 1))] for share in (0.5, 0.95, 1.0)]
    return Latency(sum(ordered) / len(ordered), *at)
