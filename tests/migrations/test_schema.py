import re
import subprocess
from pathlib import Path
from typing import get_args

import asyncpg
import pytest

from touchstone.command_line.schema import dump_schema
from touchstone.domains.jobs.model import MOVES, JobKind, JobRow, JobStatus, StopReason
from touchstone.domains.workflows.model import WorkflowStatus
from touchstone.embedded.postgres import EmbeddedPostgres

WRITTEN = Path(__file__).parents[2] / "docs" / "schema.sql"
WRITTEN_BY = 18  # pg_dump words the same schema otherwise from one major version to the next

OURS = """
    select oid, relname from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r' and relname not like '%yoyo%'
"""


def major_version(pg_dump: Path) -> int:
    found = re.search(r"\(PostgreSQL\) (\d+)", subprocess.check_output([pg_dump, "--version"], text=True))
    assert found
    return int(found[1])


async def test_the_written_schema_is_what_the_migrations_make(postgres: EmbeddedPostgres) -> None:
    pg_dump = postgres.binaries / "pg_dump"
    if (major := major_version(pg_dump)) != WRITTEN_BY:
        pytest.skip(f"docs/schema.sql was written by pg_dump {WRITTEN_BY}, here is {major}")
    dumped = await dump_schema(postgres.owner_url, pg_dump)
    assert dumped == WRITTEN.read_text("utf-8"), "run `just schema`"


async def test_every_foreign_key_leads_an_index(catalog: asyncpg.Connection) -> None:
    bare = await catalog.fetch(
        """
        select conrelid::regclass::text as table_name, conname from pg_constraint
        where contype = 'f' and not exists (
            select from pg_index where indrelid = conrelid and indisvalid and indpred is null
                and (indkey::int2[])[0:cardinality(conkey) - 1] @> conkey
        )
        """
    )
    assert [tuple(row) for row in bare] == []


async def test_every_table_says_what_it_holds(catalog: asyncpg.Connection) -> None:
    silent = await catalog.fetch(f"select relname from ({OURS}) as ours where obj_description(oid, 'pg_class') is null")
    assert [row["relname"] for row in silent] == []


async def test_constraints_and_indexes_are_named_for_what_they_say_or_serve(catalog: asyncpg.Connection) -> None:
    """Keys by the rule of the table and its columns; a check by what it wants, never as Postgres would number it."""
    rows = await catalog.fetch(
        f"""
        select conname, contype::text, relname from pg_constraint join ({OURS}) as ours on ours.oid = conrelid
        where contype <> 'n'
        """
    )
    rules = {"p": r"{}_pkey", "f": r"{}_\w+_fkey", "u": r"{}_\w+_key", "c": r"{}_\w+(?<!_check)(?<!_check\d)"}
    strange = [
        row["conname"] for row in rows if not re.fullmatch(rules[row["contype"]].format(row["relname"]), row["conname"])
    ]
    assert strange == []
    indexes = await catalog.fetch(
        f"""
        select indexrelid::regclass::text as name, relname from pg_index join ({OURS}) as ours on ours.oid = indrelid
        """
    )
    assert [row["name"] for row in indexes if not re.fullmatch(rf"{row['relname']}_\w*(idx|key)", row["name"])] == []


async def test_times_have_a_zone(catalog: asyncpg.Connection) -> None:
    bare = await catalog.fetch(
        f"""
        select attrelid::regclass::text || '.' || attname as name from pg_attribute
        join ({OURS}) as ours on ours.oid = attrelid
        where atttypid = 'timestamp'::regtype or atttypid = 'timetz'::regtype
        """
    )
    assert [row["name"] for row in bare] == []


@pytest.mark.parametrize(
    ("constraint", "words"),
    [
        ("job_status_known", set(JobStatus)),
        ("job_kind_known", set(JobKind)),
        ("job_stop_reason_known", set(get_args(StopReason))),
        ("job_step_known", set(get_args(get_args(JobRow.__annotations__["step"])[0]))),
        ("workflow_status_known", set(WorkflowStatus)),
    ],
)
async def test_the_table_takes_exactly_the_words_that_the_code_knows(
    catalog: asyncpg.Connection, constraint: str, words: set[str]
) -> None:
    definition = await catalog.fetchval(
        "select pg_get_constraintdef(oid) from pg_constraint where conname = $1", constraint
    )
    assert set(re.findall(r"'([^']+)'", definition)) == {str(word) for word in words}


def test_every_status_of_a_job_has_its_moves() -> None:
    assert set(MOVES) == set(JobStatus)
    assert {status for status in JobStatus if status.is_final} == {"failed", "succeeded", "stopped"}
