"""A part of a transaction that may fail alone."""

import pytest

from touchstone.database.executor import Database, StatementGivenUp


@pytest.mark.parametrize("statement", ["select pg_sleep(10)", "select 'x' ~ '('", "select 1 / 0"])
async def test_what_takes_too_long_or_cannot_be_computed_is_undone_alone(database: Database, statement: str) -> None:
    async with database.transaction() as transaction:
        await transaction.execute("insert into team (name) values ('before')")
        with pytest.raises(StatementGivenUp):
            async with transaction.within(0.05):
                await transaction.execute("insert into team (name) values ('inside')")
                await transaction.execute(statement)  # pyright: ignore[reportArgumentType]
        assert await transaction.fetch_value("show statement_timeout") == "0"
    assert await database.fetch_value("select json_agg(name) from team") == ["before"]


async def test_the_bound_ends_with_the_part(database: Database) -> None:
    async with database.transaction() as transaction:
        async with transaction.within(0.05):
            assert await transaction.fetch_value("show statement_timeout") == "50ms"
        assert await transaction.fetch_value("show statement_timeout") == "0"
