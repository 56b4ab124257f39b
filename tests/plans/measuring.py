"""What Postgres does for exactly the statements that a repository runs."""

from collections.abc import Iterator
from typing import Any, LiteralString, TypeVar

import msgspec

from touchstone.database.executor import Transaction

T = TypeVar("T")


class Node(msgspec.Struct, frozen=True):
    """A node of a plan; `rows` are all that it looked at, over all its loops."""

    kind: str
    table: str | None
    index: str | None
    rows: float


class Plan(msgspec.Struct, frozen=True):
    nodes: list[Node]

    @property
    def scanned(self) -> set[str]:
        """Tables that are read from one end to the other."""
        return {node.table or "" for node in self.nodes if node.kind == "Seq Scan"}

    @property
    def indexes(self) -> set[str]:
        return {node.index for node in self.nodes if node.index}

    @property
    def rows(self) -> float:
        """Rows looked at in tables, and pairs of rows that a join compared in vain."""
        return sum(node.rows for node in self.nodes)


class Recorder:
    """Stands where an executor stands: explains each statement with its values, takes that back, and runs it."""

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction
        self.plans: list[Plan] = []

    async def fetch_all(self, kind: type[T], sql: LiteralString, *values: Any) -> list[T]:
        await self._explain(sql, values)
        return await self.transaction.fetch_all(kind, sql, *values)

    async def fetch_one(self, kind: type[T], sql: LiteralString, *values: Any) -> T | None:
        await self._explain(sql, values)
        return await self.transaction.fetch_one(kind, sql, *values)

    async def fetch_value(self, sql: LiteralString, *values: Any) -> Any:
        await self._explain(sql, values)
        return await self.transaction.fetch_value(sql, *values)

    async def fetch_json(self, sql: LiteralString, *values: Any) -> bytes | None:
        await self._explain(sql, values)
        return await self.transaction.fetch_json(sql, *values)

    async def execute(self, sql: LiteralString, *values: Any) -> int:
        await self._explain(sql, values)
        return await self.transaction.execute(sql, *values)

    async def _explain(self, sql: LiteralString, values: tuple[Any, ...]) -> None:
        savepoint = self.transaction.connection.transaction()
        await savepoint.start()
        explained = await self.transaction.fetch_value("explain (analyze, format json) " + sql, *values)
        await savepoint.rollback()
        self.plans.append(Plan(list(_nodes(explained[0]["Plan"]))))


def _nodes(plan: dict[str, Any]) -> Iterator[Node]:
    """Those that were run."""
    if plan["Actual Loops"] == 0:
        return
    seen = plan["Actual Rows"] if "Relation Name" in plan else 0
    removed = (value for name, value in plan.items() if name.startswith("Rows Removed by "))
    rows = (seen + sum(removed)) * plan["Actual Loops"]
    yield Node(plan["Node Type"], plan.get("Relation Name"), plan.get("Index Name"), rows)
    for child in plan.get("Plans", []):
        yield from _nodes(child)


class Touched(msgspec.Struct, frozen=True):
    """What the statements of a transaction did to the tables, as Postgres counts it."""

    sequential_scans: dict[str, int]
    rows: int


async def touched(transaction: Transaction) -> Touched:
    """So far in this transaction; also of statements whose plans were cached."""
    counted = await transaction.connection.fetch(
        """
        select relname, seq_scan, seq_tup_read + coalesce(idx_tup_fetch, 0) as rows from pg_stat_xact_user_tables
        where schemaname = 'public'
        """
    )
    return Touched({row["relname"]: row["seq_scan"] for row in counted}, int(sum(row["rows"] for row in counted)))
