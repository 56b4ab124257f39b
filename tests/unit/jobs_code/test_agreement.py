"""Krippendorff's alpha against values by hand and the published example."""

import pytest

from touchstone_jobs.evaluation.agreement import krippendorff_alpha

# the reliability data of Krippendorff (2011): four observers, twelve units, a dot where one saw nothing
OBSERVERS = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)


def test_alpha_is_that_of_the_published_example() -> None:
    units = zip(*(observer.split() for observer in OBSERVERS), strict=True)
    seen = [[float(value) for value in unit if value != "."] for unit in units]

    assert krippendorff_alpha(seen) == pytest.approx(0.849, abs=0.0005)


@pytest.mark.parametrize(
    ("units", "alpha"),
    [
        ([[1, 1], [2, 2], [5, 5]], 1.0),
        # observed 0 + 2 = 2; of 0 0 0 1: twice 4 times their squared deviations 0.75, by 3: 2
        ([[0, 0], [0, 1]], 0.0),
        # observed 2 + 2 = 4; of 0 1 1 0: 2 * 4 * 1 / 3 = 8 / 3
        ([[0, 1], [1, 0]], -0.5),
        # a unit that one judge alone saw says nothing
        ([[0, 0], [0, 1], [7]], 0.0),
    ],
)
def test_alpha_by_hand(units: list[list[float]], alpha: float) -> None:
    assert krippendorff_alpha(units) == pytest.approx(alpha)


@pytest.mark.parametrize("units", [[], [[3.0]], [[0.7, 0.7], [0.7, 0.7]], [[0.1, 0.1, 0.1]]])
def test_alpha_is_undefined_without_values_that_could_differ(units: list[list[float]]) -> None:
    assert krippendorff_alpha(units) is None
