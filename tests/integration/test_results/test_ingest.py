"""`touchstone ingest` against a service that listens."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.runner import FakeRunner
from tests.people import add_application
from tests.recording import add_issue, add_rule, attached_to

from touchstone.adapters.local_store import LocalStore
from touchstone.app import create_app
from touchstone.command_line.http_server import free_port, http_server
from touchstone.command_line.ingest import API_KEY
from touchstone.command_line.lifespan import lifespan
from touchstone.command_line.main import run_command
from touchstone.database.executor import Database
from touchstone.settings import Settings

Ingest = Callable[..., Awaitable[int]]

GOOD = '<testsuite name="s"><testcase name="a"/><testcase name="b"><skipped/></testcase></testsuite>'
BAD = '<testsuite name="s"><testcase name="a"/><testcase name="c"><failure message="no"/></testcase></testsuite>'
OF = ["--family", "snap", "--name", "core", "--version", "1", "--arch", "amd64", "--stage", "edge"]
ON = ["--track", "latest", "--store", "ubuntu", "--revision", "7", "--environment", "laptop", "--test-plan", "smoke"]


@pytest.fixture
async def address(settings: Settings, runner: FakeRunner, store: LocalStore) -> AsyncGenerator[str]:
    app, port = create_app(settings, runner=runner, store=store), free_port()
    async with lifespan(app), http_server(app, "127.0.0.1", port):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
async def ingest(
    address: str, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Ingest]:
    """Writes a file of the name and the text, ingests it, and answers the exit status."""
    for name in ("CI_JOB_URL", "BUILD_URL", "GITHUB_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    _, key = await add_application(database, permissions=["change_test"])
    monkeypatch.setenv(API_KEY, key)

    async def call(text: str, *options: str, name: str = "junit.xml", url: str = address) -> int:
        file = tmp_path / name
        file.write_text(text)
        arguments = ["ingest", str(file), "--url", url, *OF, *ON, *options]
        return await asyncio.to_thread(run_command, arguments)

    yield call


async def statuses(database: Database) -> list[Any]:
    return await database.fetch_value("select coalesce(json_agg(status order by id), '[]') from test_execution")


async def test_the_exit_status_is_the_verdict(
    ingest: Ingest, database: Database, capfd: pytest.CaptureFixture[str]
) -> None:
    assert await ingest(GOOD, "--json") == 0
    told = capfd.readouterr()
    report = json.loads(told.out)
    assert (report["status"], report["passed"], report["failed"], report["skipped"]) == ("PASSED", 1, 0, 1)
    assert f"{report['url']}/test-results" in told.err
    assert await ingest(BAD) == 1
    assert "failed: c\nFAILED: 1 passed, 1 failed, 0 skipped" in capfd.readouterr().err
    assert await ingest("<testsuite/>") == 2
    assert await statuses(database) == ["PASSED", "FAILED", "ENDED_PREMATURELY"]


async def test_one_ci_link_is_one_execution(
    ingest: Ingest, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI_JOB_URL", "https://ci.test/jobs/1")
    assert await ingest(BAD) == 1
    assert await ingest(GOOD) == 1
    assert await ingest(GOOD.replace('"b"', '"c"')) == 0
    assert await statuses(database) == ["PASSED"]
    assert await ingest(GOOD, "--ci-link", "https://ci.test/jobs/2") == 0
    assert await ingest(GOOD, "--ci-link", "https://ci.test/jobs/2", "--environment", "phone") == 2


async def test_rules_see_the_metadata(ingest: Ingest, database: Database) -> None:
    issue = await add_issue(database)
    rule = await add_rule(database, issue, metadata={"kernel": ["6.8"]})
    assert await ingest("1..1\nok - up\n", "--metadata", "kernel=6.8", name="out.tap") == 0
    execution = await database.fetch_value("select id from test_execution")
    assert await attached_to(database, execution) == [["up", issue, rule, None]]


async def test_what_goes_wrong_is_status_2_and_leaves_no_execution_waiting(
    ingest: Ingest, database: Database, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert await ingest("<!DOCTYPE x><testsuite/>") == 2
    assert "Line 1 of the file cannot be used" in capfd.readouterr().err
    assert await statuses(database) == ["ENDED_PREMATURELY"]
    assert await ingest(GOOD, name="junit.txt") == 2
    assert await ingest(GOOD, "--metadata", "nonsense") == 2
    assert await ingest(GOOD, "--stage", "nowhere") == 2
    monkeypatch.setenv(API_KEY, "nonsense")
    assert await ingest(GOOD) == 2
    assert len(await statuses(database)) == 1
