"""Who reviews what."""

import random

import pytest

from touchstone.domains.test_executions.assignment import chosen_reviewers, shared_out

CHANCE = random.Random(7)


@pytest.mark.parametrize(
    ("executions", "present", "chosen"),
    [(1, 0, 1), (50, 0, 1), (50, 1, 0), (51, 1, 1), (51, 0, 2), (101, 2, 1), (101, 5, 0), (0, 0, 0)],
)
def test_one_reviewer_is_chosen_for_every_fifty_executions(executions: int, present: int, chosen: int) -> None:
    assert len(chosen_reviewers([1, 2, 3, 4], present, executions, 50, CHANCE)) == chosen


def test_no_more_are_chosen_than_there_are_candidates() -> None:
    assert sorted(chosen_reviewers([4, 9], 0, 1000, 50, CHANCE)) == [4, 9]
    assert chosen_reviewers([], 0, 1000, 50, CHANCE) == []


def test_every_candidate_has_a_chance() -> None:
    assert {chosen_reviewers([1, 2, 3], 0, 1, 50, CHANCE)[0] for _ in range(200)} == {1, 2, 3}


def test_reviews_are_shared_out_evenly() -> None:
    assert shared_out([11, 12, 13, 14, 15], [(1, 0), (2, 0)], 5) == [(11, 1), (12, 1), (13, 1), (14, 2), (15, 2)]


def test_who_has_least_is_filled_up_first() -> None:
    assert shared_out([11, 12], [(1, 2), (2, 0)], 4) == [(11, 2), (12, 2)]


def test_a_new_reviewer_gets_new_reviews_only() -> None:
    assert shared_out([], [(1, 4), (2, 0)], 4) == []
    assert shared_out([15], [(1, 4), (2, 0)], 5) == [(15, 2)]


def test_every_open_review_finds_a_reviewer() -> None:
    pairs = shared_out(list(range(10)), [(1, 9), (2, 1), (3, 0)], 20)
    assert [review for review, _ in pairs] == list(range(10))


def test_without_reviewers_nothing_is_shared_out() -> None:
    assert shared_out([1, 2], [], 2) == []
