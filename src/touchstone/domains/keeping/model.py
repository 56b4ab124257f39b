"""For how long what belongs to a family and a stage is kept, and what is said of rows that are to go."""

import datetime as dt
from typing import LiteralString

import msgspec

MOST_COUNTED = 100_000
SAMPLE = 10


class KeepingRule(msgspec.Struct, frozen=True, kw_only=True):
    """An empty family or stage is any; no days are for ever."""

    family: str = ""
    stage: str = ""
    kept_days: int | None = None
    keeps_newest: bool = True


class Going(msgspec.Struct, frozen=True, kw_only=True):
    """What is to go: how many rows, MOST_COUNTED at most and `is_more` beyond, with the ids of the oldest SAMPLE.

    `bytes` are of texts and objects, null where nobody knows; `oldest` is from when the age counts.
    """

    count: int = 0
    is_more: bool = False
    bytes: int | None = None
    oldest: dt.datetime | None = None
    sample: list[str] = []


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What came of looking at some rows: the ids of those that went, and the last row, None at the end."""

    gone: list[int]
    last: int | None


RULES: LiteralString = """
    rule as materialized (
        select family, stage, kept_days, keeps_newest from jsonb_to_recordset($1::jsonb) as given (
            family text, stage text, kept_days integer, keeps_newest boolean
        )
    )
"""
"""A CTE of the list of rules that is $1."""

CHOSEN_RULE: LiteralString = """
    cross join lateral (
        select kept_days, keeps_newest from rule
        where rule.family in ('', artefact.family) and rule.stage in ('', artefact.stage)
        order by rule.family <> '' desc, rule.stage <> '' desc limit 1
    ) as chosen
"""
"""To be joined to `artefact`: the rule that fits closest. Rows without one drop out, so they are kept."""

YOUNGEST: LiteralString = "(now() - (select min(kept_days) from rule) * interval '1 day')"
"""What is younger than this every rule keeps; null when none of them ends."""

SUMMARY: LiteralString = """
    least(count(*), 100000) as count, count(*) > 100000 as is_more, sum(bytes)::bigint as bytes,
        min(since) as oldest,
        coalesce((array_agg(id::text order by since, id))[:10], '{}') as sample
    from going
"""
"""What to select as a Going from the CTE `going` (id, since, bytes), which holds MOST_COUNTED + 1 rows at most."""
