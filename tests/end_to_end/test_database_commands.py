"""`touchstone migrate`, `rollback`, `psql` on an embedded database."""

import json
from pathlib import Path

from tests.end_to_end.command import answers, started, touchstone

from touchstone.command_line import exit_codes
from touchstone.command_line.http_server import free_port
from touchstone.database.migrate import known_migrations


def test_migrations_are_applied_and_taken_back(open_folder: Path) -> None:
    up = touchstone("migrate", "--json", folder=open_folder)
    again = touchstone("migrate", folder=open_folder)
    down = touchstone("rollback", "1", "--yes", "--json", folder=open_folder)
    assert json.loads(up.stdout) == {"applied": known_migrations()}
    assert again.stdout == "nothing to be applied\n"
    assert json.loads(down.stdout) == {"rolled_back": known_migrations()[-1:]}


def test_nothing_is_taken_back_without_a_yes(open_folder: Path) -> None:
    touchstone("migrate", folder=open_folder)
    refused = touchstone("rollback", folder=open_folder)
    assert refused.returncode == exit_codes.INTERRUPTED
    assert touchstone("migrate", folder=open_folder).stdout == "nothing to be applied\n"


def test_psql_reaches_the_database_whether_or_not_a_service_holds_it(open_folder: Path) -> None:
    question = ("psql", "--", "-tAc", "select current_user, 'a b'")
    alone = touchstone(*question, folder=open_folder)
    port = free_port()
    with started("serve", "--no-worker", "--port", str(port), folder=open_folder) as running:
        running.wait_until(lambda: answers(f"http://127.0.0.1:{port}"))
        beside = touchstone(*question, folder=open_folder)
        failed = touchstone("psql", "--", "-c", "select nonsense", folder=open_folder)
    assert alone.stdout == beside.stdout == "touchstone_owner|a b\n"
    assert failed.returncode == exit_codes.FAILED
