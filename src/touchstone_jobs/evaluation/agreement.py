"""How far judges agree."""

from collections.abc import Sequence


def krippendorff_alpha(units: Sequence[Sequence[float]]) -> float | None:
    """Krippendorff's alpha for interval data: 1 is agreement, 0 what chance would give, below 0 is disagreement.

    A unit holds the values that the judges gave to one thing; with fewer than two it says nothing about agreement.
    None where alpha is not defined: fewer than two values to pair, or all of them the same.
    Klaus Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), for any number of observers with missing
    data and the interval difference (c - k)^2, written for values instead of coincidences.
    """
    paired = [unit for unit in units if len(unit) > 1]
    values = [value for unit in paired for value in unit]
    if not values:
        return None
    expected = _squared_differences(values) / (len(values) - 1)
    if not expected:
        return None
    observed = sum(_squared_differences(unit) / (len(unit) - 1) for unit in paired)
    return 1 - observed / expected


def _squared_differences(values: Sequence[float]) -> float:
    """The sum of (a - b)^2 over all ordered pairs, which is twice their number times their squared deviations."""
    if len(set(values)) == 1:  # exactly none, whatever rounding makes of the mean
        return 0.0
    mean = sum(values) / len(values)
    return 2 * len(values) * sum((value - mean) ** 2 for value in values)
