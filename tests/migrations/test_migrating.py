import asyncio
from collections.abc import Callable

import pytest
from tests.migrations.conftest import Connect, FreshDatabase

from touchstone.database.migrate import (
    SchemaTooNew,
    SchemaTooOld,
    known_migrations,
    migrate,
    plan,
    require_current_schema,
    rollback,
)

NUMBERS = range(1, len(known_migrations()) + 1)


@pytest.mark.parametrize("number", NUMBERS)
async def test_each_migration_can_be_taken_back_and_applied_again(
    fresh: FreshDatabase, know_only: Callable[[int], None], number: int
) -> None:
    know_only(number - 1)
    await migrate(fresh.owner_url)
    before = await fresh.schema()
    know_only(number)
    name = known_migrations()[-1]
    assert await migrate(fresh.owner_url) == [name]
    after = await fresh.schema()
    assert after != before
    assert await rollback(fresh.owner_url) == [name]
    assert await fresh.schema() == before
    assert await migrate(fresh.owner_url) == [name]
    assert await fresh.schema() == after


async def test_taking_everything_back_leaves_nothing(fresh: FreshDatabase) -> None:
    empty = await fresh.schema()
    await migrate(fresh.owner_url)
    assert await rollback(fresh.owner_url, 1000) == known_migrations()[::-1]
    assert await fresh.schema() == empty


async def test_a_second_migrate_has_nothing_to_do(fresh: FreshDatabase) -> None:
    assert await migrate(fresh.owner_url) == known_migrations()
    assert await migrate(fresh.owner_url) == []


async def test_replicas_that_migrate_at_the_same_time_apply_everything_once(fresh: FreshDatabase) -> None:
    answers = await asyncio.gather(*(migrate(fresh.owner_url) for _ in range(3)))
    assert sorted(answers) == [[], [], known_migrations()]
    assert (await plan(fresh.owner_url)).applied == known_migrations()


async def test_the_lock_that_a_killed_migrate_left_behind_is_broken(fresh: FreshDatabase, connect: Connect) -> None:
    await migrate(fresh.owner_url)
    await rollback(fresh.owner_url)
    owner = await connect(fresh.owner_url)
    await owner.execute("insert into yoyo_lock (locked, ctime, pid) values (1, now(), 2147483647)")
    async with asyncio.timeout(20):
        assert await migrate(fresh.owner_url) == known_migrations()[-1:]
    assert await owner.fetchval("select count(*) from yoyo_lock") == 0


async def test_a_failing_migration_leaves_no_trace(
    fresh: FreshDatabase, know_only: Callable[[int], None], tmp_path_factory: pytest.TempPathFactory, connect: Connect
) -> None:
    know_only(1)
    await migrate(fresh.owner_url)
    before = await fresh.schema()
    from touchstone.database import migrate as migrations

    broken = migrations.migrations_directory() / "0002.broken.sql"
    broken.write_text("-- Half of it is right.\ncreate table half (id int);\nselect nonsense;\n")
    with pytest.raises(Exception, match="nonsense"):
        await migrate(fresh.owner_url)
    assert await fresh.schema() == before
    assert (await plan(fresh.owner_url)).pending == ["0002.broken"]


async def test_an_older_schema_is_refused_with_the_names_of_what_is_missing(fresh: FreshDatabase) -> None:
    await migrate(fresh.owner_url)
    await rollback(fresh.owner_url)
    with pytest.raises(SchemaTooOld) as refused:
        await require_current_schema(fresh.owner_url)
    assert str(refused.value) == (
        f"The database lacks the migrations {known_migrations()[-1]}; run `touchstone migrate` first."
    )


async def test_an_empty_database_lacks_every_migration(fresh: FreshDatabase) -> None:
    with pytest.raises(SchemaTooOld, match=", ".join(known_migrations())):
        await require_current_schema(fresh.owner_url)


async def test_a_newer_schema_is_refused_with_the_names_of_what_is_unknown(
    fresh: FreshDatabase, know_only: Callable[[int], None]
) -> None:
    newest = known_migrations()[-1]
    await migrate(fresh.owner_url)
    know_only(len(known_migrations()) - 1)
    with pytest.raises(SchemaTooNew) as refused:
        await require_current_schema(fresh.owner_url)
    assert str(refused.value) == (
        f"The database has the migrations {newest}, which this release does not know; start a newer release."
    )


async def test_the_role_that_serves_can_see_whether_the_schema_is_current(fresh: FreshDatabase) -> None:
    await migrate(fresh.owner_url, service_role="touchstone_service")
    await require_current_schema(fresh.service_url)
