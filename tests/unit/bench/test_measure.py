"""The statistics that the scripts of `bench/` share. Nothing here is timed."""

import subprocess
import sys
from pathlib import Path

import pytest
from bench.measure import Bound, Pair, interleaved, place_of, spread_of

BENCH = Path(__file__).parents[3] / "bench"
SCRIPTS = ["inference", "overhead", "reads", "start", "upload"]


def test_a_spread_names_its_quartiles():
    spread = spread_of([5.0, 1.0, 3.0, 2.0, 4.0])
    assert (spread.least, spread.lower, spread.median, spread.upper, spread.most) == (1.0, 2.0, 3.0, 4.0, 5.0)
    assert spread.count == 5


def test_the_median_of_an_even_number_lies_between_the_middle_two():
    assert spread_of([1.0, 2.0, 4.0, 8.0]).median == 3.0


def test_one_value_is_its_own_spread():
    assert set(spread_of([7.0])[:5]) == {7.0}


def test_no_values_have_no_spread():
    with pytest.raises(ValueError, match="no values"):
        spread_of([])


@pytest.mark.parametrize(
    ("bound", "place"),
    [
        (Bound("at least", 0.5), "kept by every pair"),
        (Bound("at least", 1.0), "kept by every pair"),
        (Bound("at least", 2.0), "within the spread"),
        (Bound("at least", 4.0), "missed by every pair"),
        (Bound("at most", 4.0), "kept by every pair"),
        (Bound("at most", 2.0), "within the spread"),
        (Bound("at most", 0.5), "missed by every pair"),
    ],
)
def test_a_bound_inside_the_spread_is_not_claimed(bound, place):
    assert place_of(bound, spread_of([1.0, 2.0, 3.0])) == place


async def test_pairs_are_interleaved_and_take_turns_in_going_first():
    order: list[str] = []

    async def candidate() -> float:
        order.append("candidate")
        return 6.0

    async def baseline() -> float:
        order.append("baseline")
        return 3.0

    pairs = await interleaved(candidate, baseline, 3)
    assert pairs == [Pair(6.0, 3.0)] * 3
    assert [pair.ratio for pair in pairs] == [2.0] * 3
    assert order == ["candidate", "baseline", "baseline", "candidate", "candidate", "baseline"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_promise_has_a_script_that_explains_itself(script):
    shown = subprocess.run(
        [sys.executable, str(BENCH / f"{script}.py"), "--help"], capture_output=True, text=True, timeout=60, check=True
    )
    assert "--quick" in shown.stdout
