"""What is brought over, table by table, as data."""

from typing import LiteralString

import msgspec

from touchstone.errors import Conflict


class Check(msgspec.Struct, frozen=True):
    """Rows of `incoming` that fit the condition are not taken; with `instead`, they are taken with that change."""

    reason: str
    condition: LiteralString
    instead: LiteralString | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One table of the source.

    `columns` are those of the table `incoming`, which holds one batch and begins with the key; `select` gives them
    from the source. Keys are ids where there are some, else the first column of a pair. `insert` puts the batch into
    our table, `target`, where it has the same ids if `keeps_ids`; `then` is what else follows from it.
    """

    table: str
    key: LiteralString = "id"
    columns: LiteralString
    select: LiteralString
    source: LiteralString
    checks: tuple[Check, ...] = ()
    insert: LiteralString
    then: tuple[LiteralString, ...] = ()
    target: LiteralString
    keeps_ids: bool = True
    batch: int = 20_000
    collision: str = "ours has such a row already"

    @property
    def batch_sql(self) -> str:
        """$1 is the last key that was taken, $2 the size; rows of one key stay together."""
        return (
            f"select {self.key}, {self.select} from {self.source} where {self.key} > $1::bigint "
            f"order by {self.key} fetch first ($2::bigint) rows with ties"
        )

    @property
    def left_sql(self) -> str:
        return f"select count(*) from {self.source} where {self.key} > $1::bigint"


class TableImported(msgspec.Struct, frozen=True):
    """`in_source` differs from the sum of the others when the source changed while it was copied."""

    table: str
    in_source: int
    taken: int
    left: int


class Leftover(msgspec.Struct, frozen=True):
    """`is_taken`: with a change. `examples` are the first ids."""

    table: str
    reason: str
    is_taken: bool
    times: int
    examples: list[int]


class Imported(msgspec.Struct, frozen=True):
    tables: list[TableImported]
    leftovers: list[Leftover]


class TargetNotEmpty(Conflict):
    """The database holds {rows} in {table} that this import did not bring; import into an empty database."""


class AnotherImport(Conflict):
    """The database holds an import of another source; import into an empty database."""
