"""Metrics as flat numbers, as experiments and workflows show them."""

from typing import Any, cast

import msgspec

DECIMALS = 3
# a sample may cost a thousandth of a cent
DECIMALS_OF_MONEY = 6


def flat_metrics(metrics: dict[str, Any]) -> dict[str, float]:
    """`{"rouge": {"rouge1_mean": 0.12345, …}}` becomes `{"rouge_rouge1_mean": 0.123}` (section 4.6 of the contract):
    numbers only, at the top under their own name, in a metric under `{metric}_{member}`."""
    flat: dict[str, float] = {}
    for name, value in metrics.items():
        for key, number in _members(name, value):
            flat[key] = round(float(number), DECIMALS_OF_MONEY if key.endswith("_usd") else DECIMALS)
    return flat


def _members(name: str, value: Any) -> list[tuple[str, float]]:
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return [(f"{name}_{member}", number) for member, number in members.items() if _is_number(number)]
    return [(name, value)] if _is_number(value) else []


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def merged_sections(first: bytes, second: bytes) -> bytes:
    """Two results.json as one: `metrics`, `parameters` and `artifacts` merged one level deep, the second one wins.

    Values stay the bytes they are: no object is made per row.
    """
    decoder = msgspec.json.Decoder(dict[str, dict[str, msgspec.Raw]])
    ours, theirs = decoder.decode(first), decoder.decode(second)
    return msgspec.json.encode({section: ours[section] | theirs.get(section, {}) for section in ours})
