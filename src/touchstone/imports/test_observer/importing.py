"""Brings a Test Observer's database over, table by table, in batches that are taken as a whole or not at all."""

import hashlib
from contextlib import AbstractContextManager
from typing import Protocol

from touchstone.database.transfer import Source, Target
from touchstone.imports.test_observer.artefacts import ARTEFACTS
from touchstone.imports.test_observer.executions import EXECUTIONS
from touchstone.imports.test_observer.issues import ISSUES
from touchstone.imports.test_observer.model import (
    AnotherImport,
    Imported,
    Leftover,
    Step,
    TableImported,
    TargetNotEmpty,
)
from touchstone.imports.test_observer.people import PEOPLE

STEPS: tuple[Step, ...] = (*PEOPLE, *ARTEFACTS, *EXECUTIONS, *ISSUES)
NOT_TAKEN = {"user_session": "sessions are not taken: everybody signs in once more"}
MOST_EXAMPLES = 10

# its oldest rows of the two tables that it deletes nothing from
_FINGERPRINT = """
    select coalesce(string_agg(row, chr(10) order by row), '') from (
        (select 'environment ' || id || ' ' || name || ' ' || created_at as row from environment order by id limit 10)
        union all
        (select 'test case ' || id || ' ' || name || ' ' || created_at from test_case order by id limit 10)
    ) as oldest
"""


class Seen(Protocol):
    def __call__(self, more: int, /) -> None: ...


class Progress(Protocol):
    def step(self, words: str, total: int | None = None) -> AbstractContextManager[Seen]:
        """One table; what it gives is told how many more rows were looked at, of `total`."""
        ...


class Import:
    def __init__(self, source: Source, target: Target, progress: Progress) -> None:
        self._source = source
        self._target = target
        self._progress = progress
        self._name = ""

    async def run(self) -> Imported:
        """Takes what has not been taken yet; any run may be ended, and another goes on.

        Raises SourceDiffers, SourceForbidden, TargetNotEmpty, AnotherImport, Unavailable.
        """
        await self._source.check([_FINGERPRINT, *(step.left_sql for step in STEPS), *(s.batch_sql for s in STEPS)])
        oldest: str = await self._source.fetch_value(_FINGERPRINT)
        self._name = hashlib.sha256(oldest.encode()).hexdigest()
        await self._require_place()
        await self._move_sequences()  # so that no new row of ours takes an id that is still to come
        for table, reason in NOT_TAKEN.items():
            await self._leave_table(table, reason)
        for step in STEPS:
            await self._take_table(step)
        return await self._report()

    async def _require_place(self) -> None:
        if await self._target.fetch_value("select exists (select from import_progress where source = $1)", self._name):
            return
        if await self._target.fetch_value("select exists (select from import_progress)"):
            raise AnotherImport
        for table in sorted({step.target for step in STEPS}):
            if rows := await self._target.fetch_value(f"select count(*) from {table}"):
                raise TargetNotEmpty(rows=rows, table=table)
        async with self._target.transaction():
            for step in STEPS:
                await self._target.execute(
                    "insert into import_progress (source, source_table) values ($1, $2)", self._name, step.table
                )

    async def _move_sequences(self) -> None:
        for step in STEPS:
            if step.keeps_ids:
                highest = await self._source.fetch_value(f"select coalesce(max(id), 0) from {step.table}")
                await self._target.fetch_value(
                    f"select setval(sequence, greatest($1::bigint, (select coalesce(max(id), 0) from {step.target}), "
                    "coalesce(pg_sequence_last_value(sequence), 0), 1)) "
                    f"from (select pg_get_serial_sequence('{step.target}', 'id')::regclass as sequence) as its",
                    highest,
                )

    async def _leave_table(self, table: str, reason: str) -> None:
        count = await self._source.fetch_value(f"select count(*) from {table}")
        await self._target.execute(
            "delete from import_leftover where source = $1 and source_table = $2", self._name, table
        )
        if count:
            await self._note(table, reason, [], is_taken=False, times=count)

    async def _take_table(self, step: Step) -> None:
        last: int = await self._target.fetch_value(
            "select last_key from import_progress where source = $1 and source_table = $2", self._name, step.table
        )
        total: int = await self._source.fetch_value(step.left_sql, last)
        if not total:
            return
        with self._progress.step(step.table, total) as seen:
            while count := await self._take_batch(step):
                seen(count)

    async def _take_batch(self, step: Step) -> int:
        """Answers how many rows it looked at. The progress is read under a lock: two imports at once do no harm."""
        async with self._target.transaction():
            last = await self._target.fetch_value(
                "select last_key from import_progress where source = $1 and source_table = $2 for update",
                self._name,
                step.table,
            )
            await self._target.execute(f"create temporary table incoming ({step.columns}) on commit drop")
            rows = self._source.copy_out(step.batch_sql, last, step.batch)
            if not (count := await self._target.copy_in("incoming", rows)):
                return 0
            highest = await self._target.fetch_value("select max(key) from incoming")
            await self._check(step)
            taken = await self._insert(step)
            await self._target.execute(
                """
                update import_progress set last_key = $3, taken = taken + $4, updated_at = now()
                where source = $1 and source_table = $2
                """,
                self._name,
                step.table,
                highest,
                taken,
            )
            return count

    async def _check(self, step: Step) -> None:
        for check in step.checks:
            if check.instead is None:
                sql = f"delete from incoming where {check.condition} returning key"
            else:
                sql = f"update incoming set {check.instead} where {check.condition} returning key"
            keys = [row["key"] for row in await self._target.fetch_rows(sql)]
            await self._note(step.table, check.reason, keys, is_taken=check.instead is not None)

    async def _insert(self, step: Step) -> int:
        given = await self._target.fetch_value("select count(*) from incoming")
        taken = await self._target.execute(step.insert)
        for sql in step.then:
            await self._target.execute(sql)
        if taken < given:
            keys: list[int] = []
            if step.keeps_ids:
                absent = f"select key from incoming where not exists (select from {step.target} where id = key)"
                keys = [row["key"] for row in await self._target.fetch_rows(absent)]
            await self._note(step.table, step.collision, keys, is_taken=False, times=given - taken)
        return taken

    async def _note(
        self, table: str, reason: str, keys: list[int], *, is_taken: bool, times: int | None = None
    ) -> None:
        if not (times or keys):
            return
        await self._target.execute(
            f"""
            insert into import_leftover as known (source, source_table, reason, is_taken, times, examples)
            values ($1, $2, $3, $4, $5, $6)
            on conflict (source, source_table, reason) do update set times = known.times + excluded.times,
                examples = (known.examples || excluded.examples)[:{MOST_EXAMPLES}]
            """,
            self._name,
            table,
            reason,
            is_taken,
            times or len(keys),
            sorted(keys)[:MOST_EXAMPLES],
        )

    async def _report(self) -> Imported:
        found = await self._target.fetch_rows(
            """
            select source_table as table, reason, is_taken, times, examples from import_leftover where source = $1
            order by source_table, reason
            """,
            self._name,
        )
        leftovers = [Leftover(**row) for row in found]
        return Imported([await self._told(step, leftovers) for step in STEPS], leftovers)

    async def _told(self, step: Step, leftovers: list[Leftover]) -> TableImported:
        taken = await self._target.fetch_value(
            "select taken from import_progress where source = $1 and source_table = $2", self._name, step.table
        )
        left = sum(one.times for one in leftovers if one.table == step.table and not one.is_taken)
        return TableImported(step.table, await self._source.fetch_value(step.left_sql, 0), taken, left)
