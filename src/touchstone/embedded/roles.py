"""The two database roles: one owns and migrates, one serves and alters nothing."""

from typing import LiteralString

import psycopg
from psycopg import sql

from touchstone.embedded.state import Credentials

DATABASE = "touchstone"
OWNER = "touchstone_owner"
SERVICE = "touchstone_service"

# template1 carries them into every database that is made from it
_PRIVILEGES = (
    "revoke create on schema public from public",
    f"alter default privileges for role {OWNER} grant select, insert, update, delete on tables to {SERVICE}",
    f"alter default privileges for role {OWNER} grant usage, select on sequences to {SERVICE}",
)
# tests empty tables without caring for the order of foreign keys
_OWNERS_PARAMETER = f"grant set on parameter session_replication_role to {OWNER}"


async def prepare_roles(admin_url: str, credentials: Credentials, major: int) -> None:
    """Makes what is missing and sets the passwords; a start that was killed in the middle is made good by the next."""
    async with await psycopg.AsyncConnection.connect(admin_url, autocommit=True, connect_timeout=5) as connection:
        await _ensure_role(connection, OWNER, credentials.owner_password, "createdb")
        await _ensure_role(connection, SERVICE, credentials.service_password, "nocreatedb")
        for statement in _PRIVILEGES:
            await connection.execute(statement.encode())
        if major >= 15:
            await connection.execute(_OWNERS_PARAMETER.encode())
        await _ensure_database(connection)


async def _ensure_role(connection: psycopg.AsyncConnection, role: str, password: str, right: LiteralString) -> None:
    found = await connection.execute("select 1 from pg_roles where rolname = %s", [role])
    verb = sql.SQL("create") if await found.fetchone() is None else sql.SQL("alter")
    statement = sql.SQL("{} role {} login nosuperuser nocreaterole {} password {}")
    await connection.execute(statement.format(verb, sql.Identifier(role), sql.SQL(right), sql.Literal(password)))


async def _ensure_database(connection: psycopg.AsyncConnection) -> None:
    found = await connection.execute("select 1 from pg_database where datname = %s", [DATABASE])
    if await found.fetchone() is None:
        await connection.execute(f"create database {DATABASE} owner {OWNER}".encode())
