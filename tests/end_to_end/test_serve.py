"""`touchstone serve` as a process: how it starts, refuses and ends."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import httpx
import pytest
from tests.end_to_end.command import Started, answers, environment, started, touchstone

from touchstone.command_line import exit_codes
from touchstone.command_line.http_server import free_port
from touchstone.database.migrate import known_migrations
from touchstone.embedded.postgres import EmbeddedPostgres
from touchstone.environment_file import new_secret_key


@pytest.fixture
async def external(postgres: EmbeddedPostgres, empty_tables: Callable[[], Awaitable[None]]) -> dict[str, str]:
    """Settings of a service that embeds nothing but its folder of objects, on a database without rows."""
    await empty_tables()
    return {
        "database_url": postgres.service_url,
        "secret_keys": new_secret_key(),
        "url_signing_keys": new_secret_key(),
    }


@pytest.fixture
def port() -> int:
    return free_port()


def serving(running: Started, port: int) -> Callable[[], bool]:
    return lambda: answers(f"http://127.0.0.1:{port}") and "listens at" in running.said()


@pytest.mark.parametrize(
    ("asked", "status"), [(signal.SIGTERM, exit_codes.OK), (signal.SIGINT, exit_codes.INTERRUPTED)]
)
def test_it_serves_on_a_database_of_others_until_it_is_told_to_end(
    asked: signal.Signals, status: int, external: dict[str, str], port: int, tmp_path: Path
) -> None:
    with started("serve", "--no-worker", "--port", str(port), folder=tmp_path, **external) as running:
        running.wait_until(serving(running, port))
        assert f"http://127.0.0.1:{port}" in running.said()
        assert str(tmp_path) in running.said()
        running.process.send_signal(asked)
        assert running.process.wait(30) == status
        running.wait_until_gone()
    assert not (tmp_path / ".env").exists()


def test_a_request_that_runs_is_answered_before_it_ends(external: dict[str, str], port: int, tmp_path: Path) -> None:
    with started("serve", "--no-worker", "--port", str(port), folder=tmp_path, **external) as running:
        running.wait_until(serving(running, port))

        def body() -> Iterator[bytes]:
            yield b'{"name": "told to end", '
            running.process.send_signal(signal.SIGTERM)
            running.wait_until(lambda: "Stopping" in running.said())
            yield b'"dataset": "00000000-0000-4000-8000-000000000000"}'

        answer = httpx.post(f"http://127.0.0.1:{port}/api/v1/experiments/", content=body(), trust_env=False)
        assert answer.status_code == 404
        assert running.process.wait(30) == exit_codes.OK


def test_several_processes_share_one_port_and_end_together(external: dict[str, str], port: int, tmp_path: Path) -> None:
    arguments = ("serve", "--no-worker", "--processes", "2", "--port", str(port))
    with started(*arguments, folder=tmp_path, **external) as running:
        running.wait_until(serving(running, port))
        running.wait_until(lambda: _listeners(port) == 2)
        running.process.kill()
        running.wait_until_gone()


def test_a_taken_port_is_refused_with_a_sentence(external: dict[str, str], port: int, tmp_path: Path) -> None:
    arguments = ("serve", "--no-worker", "--port", str(port))
    with started(*arguments, folder=tmp_path, **external) as running:
        running.wait_until(serving(running, port))
        second = touchstone(*arguments, folder=tmp_path, **external)
        assert second.returncode == exit_codes.FAILED
        assert f"Port {port} of 127.0.0.1 is taken" in second.stderr
        assert answers(f"http://127.0.0.1:{port}")


async def test_a_database_without_the_schema_is_refused(
    postgres: EmbeddedPostgres, external: dict[str, str], tmp_path: Path
) -> None:
    await postgres.create_database("no_schema")
    external["database_url"] = postgres.owner_url_of("no_schema")
    refused = touchstone("serve", "--no-worker", folder=tmp_path, **external)
    assert refused.returncode == exit_codes.FAILED
    assert "touchstone migrate" in refused.stderr
    migrated = touchstone("migrate", "--json", folder=tmp_path, **external)
    assert json.loads(migrated.stdout) == {"applied": known_migrations()}
    await postgres.drop_database("no_schema")


def test_a_database_that_does_not_answer_is_status_3(external: dict[str, str], tmp_path: Path) -> None:
    external["database_url"] = f"postgresql://a:hunter2@127.0.0.1:{free_port()}/x"
    refused = touchstone("serve", "--no-worker", folder=tmp_path, **external)
    assert refused.returncode == exit_codes.UNAVAILABLE
    assert "hunter2" not in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_database_of_others_without_keys_is_refused(external: dict[str, str], tmp_path: Path) -> None:
    del external["secret_keys"]
    refused = touchstone("serve", "--no-worker", folder=tmp_path, **external)
    assert refused.returncode == exit_codes.USAGE
    assert "touchstone secret-key" in refused.stderr


def test_embedded_parts_are_recovered_after_a_kill_and_held_by_one_at_a_time(port: int, open_folder: Path) -> None:
    arguments = ("serve", "--no-worker", "--port", str(port))
    with started(*arguments, folder=open_folder) as first:
        first.wait_until(serving(first, port))
        second = touchstone("serve", "--no-worker", "--port", str(free_port()), folder=open_folder)
        assert second.returncode == exit_codes.FAILED
        assert str(first.process.pid) in second.stderr
        first.process.kill()
        first.wait_until_gone()
    with started(*arguments, folder=open_folder) as again:
        again.wait_until(serving(again, port))
        again.process.terminate()
        assert again.process.wait(30) == exit_codes.OK
        again.wait_until_gone()


def test_told_to_end_while_it_starts_it_leaves_nothing(port: int, open_folder: Path) -> None:
    with started("serve", "--port", str(port), folder=open_folder) as running:
        running.wait_until(lambda: "Data directory" in running.said())
        running.process.terminate()
        assert running.process.wait(60) == exit_codes.OK
        running.wait_until_gone()


def test_seeding_fills_a_service_once(port: int, external: dict[str, str], tmp_path: Path) -> None:
    with started("serve", "--no-worker", "--port", str(port), folder=tmp_path, **external) as running:
        running.wait_until(serving(running, port))
        url = f"http://127.0.0.1:{port}"
        first = json.loads(touchstone("seed", "--json", "--url", url, folder=tmp_path).stdout)
        second = json.loads(touchstone("seed", "--json", "--url", url, folder=tmp_path).stdout)
        assert first["experiment_id"] is not None
        assert second == {"dataset_id": first["dataset_id"], "experiment_id": None}


def test_the_installed_command_is_the_module(tmp_path: Path) -> None:
    command = shutil.which("touchstone", path=str(Path(sys.executable).parent))
    assert command is not None
    answer = subprocess.run([command, "version"], cwd=tmp_path, env=environment(), capture_output=True, check=True)
    assert answer.stdout.decode() == touchstone("version", folder=tmp_path).stdout


def _listeners(port: int) -> int:
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    listening = [line.split() for line in lines]
    return sum(fields[1].endswith(f":{port:04X}") and fields[3] == "0A" for fields in listening)
