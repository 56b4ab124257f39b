"""A Postgres of one's own: two roles and one database, on loopback, on a free port, with generated passwords."""

import asyncio
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import psycopg
from psycopg import sql

from touchstone.embedded.account import Account, unprivileged_account
from touchstone.embedded.binaries import find_binaries
from touchstone.embedded.directory import DataDirectory, Say, hold_directory, silent
from touchstone.embedded.guard import guarded
from touchstone.embedded.postmaster import SUPERUSER, Cluster, end_servers, version_of
from touchstone.embedded.processes import PartFailed, tail, to_completion
from touchstone.embedded.roles import DATABASE, OWNER, SERVICE, prepare_roles
from touchstone.embedded.state import Credentials, free_port, load_credentials, load_ports, remember_port

_READY_SECONDS = 60


class EmbeddedPostgres(msgspec.Struct, frozen=True):
    """A running server. `binaries` is the folder of `psql` and `pg_dump` of the same version."""

    port: int
    binaries: Path
    credentials: Credentials

    @property
    def owner_url(self) -> str:
        return self.owner_url_of(DATABASE)

    @property
    def service_url(self) -> str:
        return self.service_url_of(DATABASE)

    def owner_url_of(self, database: str) -> str:
        """Owns and migrates."""
        return self._url(OWNER, self.credentials.owner_password, database)

    def service_url_of(self, database: str) -> str:
        """Serves: reads and writes rows, alters no table."""
        return self._url(SERVICE, self.credentials.service_password, database)

    def _url(self, role: str, password: str, database: str) -> str:
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}"

    async def create_database(self, name: str, *, template: str = "template1") -> None:
        """Owned by the owner; a template other than `template1` must have no connections."""
        statement = sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(template))
        await self._execute_as_owner(statement)

    async def drop_database(self, name: str) -> None:
        """Ends its connections; an absent one is no error."""
        await self._execute_as_owner(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    async def _execute_as_owner(self, statement: sql.Composed) -> None:
        url = self.owner_url_of("postgres")
        async with await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=10) as connection:
            await connection.execute(statement)


@asynccontextmanager
async def embedded_postgres(
    directory: Path, *, durable: bool = True, max_connections: int = 100, say: Say = silent
) -> AsyncGenerator[EmbeddedPostgres]:
    """Postgres alone, in a data directory that is held meanwhile; ends with this process, even a killed one.

    Not `durable` means that a power cut may cost the database: for tests. Raises DirectoryHeld, PartFailed.
    """
    async with hold_directory(directory, say) as held, guarded(held.path):
        async with running_postgres(held, durable=durable, max_connections=max_connections) as postgres:
            yield postgres


@asynccontextmanager
async def running_postgres(
    directory: DataDirectory, *, durable: bool = True, max_connections: int = 100
) -> AsyncGenerator[EmbeddedPostgres]:
    """In a directory that the caller holds and guards."""
    credentials = load_credentials(directory)
    cluster = await _cluster(directory, credentials, durable)
    port = free_port(load_ports(directory).postgres)
    server = cluster.start(port, _settings(durable, max_connections))
    try:
        await _until_ready(cluster, server, port, credentials)
        remember_port(directory, postgres=port)
        yield EmbeddedPostgres(port, cluster.binaries.folder, credentials)
    finally:
        await to_completion(end_servers(directory.postgres))
        server.wait(timeout=10)


async def _cluster(directory: DataDirectory, credentials: Credentials, durable: bool) -> Cluster:
    account: Account = unprivileged_account()
    major = version_of(directory.postgres)
    binaries = await asyncio.to_thread(find_binaries, account, directory.binaries, major)
    cluster = Cluster(directory.postgres, binaries, account)
    if major is None:
        await cluster.create(credentials.postgres_password, durable=durable)
    return cluster


def _settings(durable: bool, max_connections: int) -> dict[str, str]:
    settings = {"max_connections": str(max_connections), "timezone": "UTC", "log_timezone": "UTC"}
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    return settings


async def _until_ready(cluster: Cluster, server: subprocess.Popen[bytes], port: int, credentials: Credentials) -> None:
    """Ready is who lets us in: a pid or an open port says too little."""
    deadline = asyncio.get_running_loop().time() + _READY_SECONDS
    while True:
        try:
            await prepare_roles(_admin_url(port, credentials), credentials, cluster.binaries.major)
        except psycopg.OperationalError as error:
            if server.poll() is not None or asyncio.get_running_loop().time() > deadline:
                raise PartFailed(system="postgres", reason=tail(cluster.log)) from error
            await asyncio.sleep(0.03)
        else:
            return


def _admin_url(port: int, credentials: Credentials) -> str:
    return f"postgresql://{SUPERUSER}:{credentials.postgres_password}@127.0.0.1:{port}/template1"
