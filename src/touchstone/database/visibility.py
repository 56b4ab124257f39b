"""Whose rows somebody sees: one predicate for every table with an owner, a team and a visibility."""

from collections.abc import Sequence
from typing import LiteralString

Viewer = Sequence[str] | None
"""The names that a thing may belong to, such as `user:3` and `team:5`, so that one sees it; None sees everything."""

EVERYTHING: Viewer = None

# The viewer is the first value of every statement that holds this. Null where an owner or a team lacks and nothing
# else lets in, so that its opposite is `is not true`. Whoever sees a row may also change it: it is everyone's, his own,
# or his team's.
VISIBLE: LiteralString = """
    ($1::text[] is null or visibility = 'everyone' or owner = any($1)
        or visibility = 'team' and 'team:' || team_id::text = any($1))
"""
