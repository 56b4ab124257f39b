import asyncpg
import pytest
from tests.migrations.conftest import Connect, FreshDatabase

from touchstone.database.migrate import APPEND_ONLY, READ_ONLY, migrate, rollback
from touchstone.embedded.roles import SERVICE

APART = ",".join(APPEND_ONLY + READ_ONLY)
TABLES = f"""
    select tablename from pg_tables
    where schemaname = 'public' and tablename not like '%yoyo%' and tablename <> all('{{{APART}}}')
"""


async def privileges(owner: asyncpg.Connection) -> set[str]:
    """What the serving role may do with every table of ours."""
    rows = await owner.fetch(
        f"""
        with ours as ({TABLES})
        select privilege from unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references',
            'trigger']) as privilege
        where (select bool_and(has_table_privilege($1, tablename::regclass, privilege)) from ours)
        """,
        SERVICE,
    )
    return {row["privilege"] for row in rows}


async def test_the_role_that_serves_reads_and_writes_rows_and_nothing_else(
    fresh: FreshDatabase, connect: Connect
) -> None:
    await migrate(fresh.owner_url, service_role=SERVICE)
    assert await privileges(await connect(fresh.owner_url)) == {"select", "insert", "update", "delete"}


async def test_no_table_gives_the_role_that_serves_more_than_another(fresh: FreshDatabase, connect: Connect) -> None:
    await migrate(fresh.owner_url, service_role=SERVICE)
    owner = await connect(fresh.owner_url)
    granted = await owner.fetch(
        f"""
        with ours as ({TABLES})
        select tablename, string_agg(lower(privilege_type), ' ' order by privilege_type) as privileges
        from ours join information_schema.role_table_grants on table_name = tablename
        where grantee = $1 group by tablename
        """,
        SERVICE,
    )
    assert {row["privileges"] for row in granted} == {"delete insert select update"}


@pytest.mark.parametrize(
    ("table", "rights"),
    [*((table, "insert select") for table in APPEND_ONLY), *((table, "select") for table in READ_ONLY)],
)
async def test_what_happened_is_only_added_to(fresh: FreshDatabase, connect: Connect, table: str, rights: str) -> None:
    for _ in range(2):  # grants are given again at each migration
        await migrate(fresh.owner_url, service_role=SERVICE)
        owner = await connect(fresh.owner_url)
        granted = await owner.fetchval(
            """
            select string_agg(lower(privilege_type), ' ' order by privilege_type)
            from information_schema.role_table_grants where grantee = $1 and table_name = $2
            """,
            SERVICE,
            table,
        )
        assert granted == rights


async def test_of_what_happened_the_names_alone_may_go(fresh: FreshDatabase, connect: Connect) -> None:
    await migrate(fresh.owner_url, service_role=SERVICE)
    granted = await (await connect(fresh.owner_url)).fetchval(
        """
        select array_agg(table_name || '.' || column_name) from information_schema.column_privileges
        where grantee = $1 and privilege_type = 'UPDATE' and table_name = any ($2)
        """,
        SERVICE,
        [*APPEND_ONLY, *READ_ONLY],
    )
    assert granted == ["audit_event.actor_name"]


async def test_a_later_migration_gets_the_same_grants(fresh: FreshDatabase, connect: Connect) -> None:
    await migrate(fresh.owner_url, service_role=SERVICE)
    await rollback(fresh.owner_url)
    await migrate(fresh.owner_url, service_role=SERVICE)
    assert await privileges(await connect(fresh.owner_url)) == {"select", "insert", "update", "delete"}


@pytest.mark.parametrize(
    "statement",
    [
        "alter table job add column other int",
        "alter table job disable trigger all",
        "create table another (id int)",
        "create index another on job (name)",
        "drop table secret",
        "truncate job_event",
        "create or replace function hint_job_waiting() returns trigger language sql as 'select null'",
        "update _yoyo_migration set migration_id = migration_id",
        "delete from _yoyo_migration",
    ],
)
async def test_the_role_that_serves_is_refused(fresh: FreshDatabase, connect: Connect, statement: str) -> None:
    await migrate(fresh.owner_url, service_role=SERVICE)
    service = await connect(fresh.service_url)
    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.exceptions.ObjectNotInPrerequisiteStateError)):
        await service.execute(statement)


async def test_a_role_that_does_not_exist_is_left_out(fresh: FreshDatabase) -> None:
    assert await migrate(fresh.owner_url, service_role="nobody_of_this_name")
