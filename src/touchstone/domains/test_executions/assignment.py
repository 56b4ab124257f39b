"""Who reviews what: as many reviewers as an artefact's executions need, its reviews spread evenly over them."""

import math
import random
from collections.abc import Sequence


def chosen_reviewers(
    candidates: Sequence[int], present: int, executions: int, executions_per_reviewer: int, chance: random.Random
) -> list[int]:
    """A random sample of the candidates, if the `present` reviewers are too few for the executions."""
    needed = max(0, math.ceil(executions / executions_per_reviewer) - present)
    return chance.sample(list(candidates), min(needed, len(candidates)))


def shared_out(open_reviews: Sequence[int], loads: Sequence[tuple[int, int]], reviews: int) -> list[tuple[int, int]]:
    """Pairs of a review and its reviewer. `loads` are reviewers with how many of all `reviews` they have already.

    Who has least is filled up to an equal share, then the next.
    """
    if not loads or not open_reviews:
        return []
    share = math.ceil(reviews / len(loads))
    waiting = list(reversed(open_reviews))
    pairs: list[tuple[int, int]] = []
    for reviewer, load in sorted(loads, key=lambda pair: pair[1]):
        for _ in range(min(max(0, share - load), len(waiting))):
            pairs.append((waiting.pop(), reviewer))
    return pairs
