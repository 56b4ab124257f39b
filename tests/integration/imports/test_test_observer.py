"""`touchstone import test-observer`: what an older service has recorded is here afterwards, under the same ids."""

import asyncio
import csv
import io
from contextlib import contextmanager
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest
from tests import people
from tests.recording import attached_to

from touchstone.command_line.import_test_observer import bring_over
from touchstone.database.executor import Database
from touchstone.database.transfer import SourceDiffers, SourceForbidden, TimeZoneUnknown, open_source, open_target
from touchstone.embedded.postgres import EmbeddedPostgres
from touchstone.errors import Unavailable
from touchstone.imports.test_observer import importing
from touchstone.imports.test_observer.importing import STEPS, Import
from touchstone.imports.test_observer.model import AnotherImport, Imported, TargetNotEmpty
from touchstone.settings import Settings

KEY = "to_0123456789012345678901234567890123456789012"


class Interrupted(BaseException):
    """As by a signal."""


class Quiet:
    """Ends the import after so many batches, if it is told to."""

    def __init__(self, most: int | None = None) -> None:
        self._left = most

    @contextmanager
    def step(self, words: str, total: int | None = None):
        yield self._seen

    def _seen(self, more: int) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise Interrupted


async def imported(source_url: str, settings: Settings, progress: Quiet | None = None) -> Imported:
    assert settings.database_owner_url
    async with (
        open_source(source_url, timezone="UTC") as source,
        open_target(settings.database_owner_url.reveal()) as target,
    ):
        return await Import(source, target, progress or Quiet()).run()


async def everything(database: Database) -> dict[str, Any]:
    """All rows of all tables that the import writes, but for what says when it was done."""
    tables = sorted({step.target for step in STEPS} | {"api_key", "test_result_log"})
    found = {}
    for table in tables:
        # the tests' own statement, over names from the code
        sql: Any = f"""
            select coalesce(json_agg(to_jsonb(found) - '{{place,sync_at}}'::text[] - '{_made_up(table)}'
                order by found::text), '[]') from {table} as found
        """
        found[table] = await database.fetch_value(sql)
    return found


def _made_up(table: str) -> str:
    return "created_at" if table == "team_member" else "id" if table == "api_key" else ""


async def test_all_is_there_under_the_ids_it_had(
    source_url: str, settings: Settings, database: Database, client: httpx.AsyncClient
) -> None:
    await imported(source_url, settings)
    admin = await people.as_admin(client, database)
    artefact = (await admin.get("/api/v1/artefacts/10")).json()
    assert artefact["name"] == "core" and artefact["status"] == "APPROVED" and artefact["due_date"] == "2025-02-13"
    assert artefact["comment"] == "two\nlines\t\\"
    assert artefact["created_at"] == "2025-02-03T04:05:06.789000"
    assert [reviewer["id"] for reviewer in artefact["reviewers"]] == [3, 5]
    assert artefact["all_environment_reviews_count"] == 2
    assert artefact["completed_environment_reviews_count"] == 1
    bundle = (await admin.get("/api/v1/artefacts/13")).json()
    assert [build["id"] for build in bundle["bundled_builds"]] == [20, 21]
    execution = (await admin.get("/api/v1/test-executions/60")).json()
    assert execution["ci_link"] == "https://ci.test/1"
    assert execution["test_plan"] == "smoke"
    assert execution["execution_metadata"] == {"kernel": ["6.8"], "lab": ["north"]}
    assert [link["url"] for link in execution["relevant_links"]] == ["https://log.test/1"]
    assert execution["is_rerun_requested"] and execution["rerun_priority"] == 3
    events = (await admin.get("/api/v1/test-executions/60/status_update")).json()
    assert [event["event_name"] for event in events] == ["job_start", "job_end"]
    users = (await admin.get("/api/v1/users")).json()
    assert {user["id"] for user in users["users"]} >= {3, 5}
    rule = (await admin.get("/api/v1/artefact-matching-rules/4")).json()
    assert rule["name"] == "core" and [team["id"] for team in rule["teams"]] == [2]


async def test_results_have_their_logs_issues_and_counts(
    source_url: str, settings: Settings, database: Database, client: httpx.AsyncClient
) -> None:
    await imported(source_url, settings)
    admin = await people.as_admin(client, database)
    results = {one["id"]: one for one in (await admin.get("/api/v1/test-executions/60/test-results")).json()}
    assert sorted(results) == [1000 + 2 * n for n in range(1, 41)]
    failed = results[1020]
    assert failed["status"] == "FAILED" and failed["comment"] == "as before"
    assert failed["io_log"] == "it said:\n\\N\tno"
    assert failed["created_at"] == "2025-02-03T10:30:10.000000"
    assert [attachment["issue"]["id"] for attachment in failed["issues"]] == [90]
    assert await attached_to(database, 60) == [
        ["case 10", 90, 95, None],
        ["case 20", 91, None, "import:test-observer"],
    ]
    counts = await database.fetch_value(
        """
        select json_agg(json_build_array(id, passed_count, failed_count, skipped_count, seen_at = updated_at)
            order by id)
        from test_execution
        """
    )
    assert counts == [[60, 32, 4, 4, True], [61, 32, 4, 4, True], [62, 32, 4, 4, True]]


async def test_keys_go_on_working_though_nobody_can_read_them_any_more(
    source_url: str, settings: Settings, database: Database, client: httpx.AsyncClient
) -> None:
    await imported(source_url, settings)
    ci = people.with_key(client, KEY)
    me = (await ci.get("/v1/applications/me")).json()
    assert (me["id"], me["name"]) == (7, "ci")
    assert me["api_key"] != KEY
    report = await ci.get("/v1/reports/test-results")
    rows = list(csv.DictReader(io.StringIO(report.text, newline="")))
    assert len(rows) == 120
    keys = await database.fetch_value("select json_agg(to_jsonb(api_key)) from api_key")
    assert KEY not in str(keys)


async def test_new_rows_get_ids_behind_the_old_ones(source_url: str, settings: Settings, database: Database) -> None:
    await imported(source_url, settings)
    new = await database.fetch_value(
        "insert into test_result (test_execution_id, test_case_id, status) values (60, 101, 'PASSED') returning id"
    )
    assert new > 9001
    assert await database.fetch_value("insert into team (name) values ('new') returning id") > 2


async def test_what_was_left_is_told_with_the_reason(source_url: str, settings: Settings) -> None:
    found = await imported(source_url, settings)
    told = {(one.table, one.reason.partition(":")[0].partition(";")[0]): one for one in found.leftovers}
    expected = {
        ("user_session", "sessions are not taken"): (2, []),
        ("app_user", "another user has the same address in other letters"): (1, [9]),
        ("team_users_association", "the user is a member under another spelling of the address"): (1, []),
        ("artefact_reviewers_association", "the user reviews it under another spelling of the address"): (1, []),
        ("artefact", "its texts are too long together"): (1, [14]),
        ("artefact_build", "its artefact was not taken"): (1, [24]),
        ("artefact_build_environment_review", "its build or environment was not taken"): (1, [53]),
        ("test_execution", "its build, environment or test plan was not taken"): (1, [64]),
        ("test_execution", "taken without its ci_link"): (1, [61]),
        ("test_execution_relevant_link", "the execution has the same link already"): (1, [2]),
        ("test_execution_metadata_association_table", "its execution or pair was not taken"): (1, [64]),
        ("test_case", "its name or template is too long"): (1, [200]),
        ("test_result", "its execution or test case was not taken"): (2, [9000, 9001]),
        ("issue_test_result_attachment", "its issue or result was not taken"): (1, [3]),
    }
    assert {what: (one.times, one.examples) for what, one in told.items()} == expected
    assert [one.reason for one in found.leftovers if one.is_taken] == [
        "taken without its ci_link: another execution has it in another spelling"
    ]
    assert [table.table for table in found.tables if table.in_source != table.taken + table.left] == []


async def test_importing_again_changes_nothing(source_url: str, settings: Settings, database: Database) -> None:
    first = await imported(source_url, settings)
    before = await everything(database)
    assert await imported(source_url, settings) == first
    assert await everything(database) == before


async def test_importing_again_takes_what_was_added(
    source_url: str, settings: Settings, database: Database, old: "asyncpg.Connection"
) -> None:
    await imported(source_url, settings)
    await old.execute(
        """
        insert into test_result (created_at, updated_at, status, comment, io_log, test_execution_id, test_case_id)
        values ('2025-03-01', '2025-03-01', 'SKIPPED', '', '', 62, 140)
        """
    )
    await imported(source_url, settings)
    assert await database.fetch_value("select skipped_count from test_execution where id = 62") == 5


async def test_an_import_that_ended_in_between_is_resumed(
    source_url: str, settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await imported(source_url, settings)
    expected = await everything(database)
    await _forget(settings)
    monkeypatch.setattr(importing, "STEPS", tuple(msgspec.structs.replace(step, batch=7) for step in STEPS))
    runs, resumed = 0, None
    while resumed is None:
        runs += 1
        try:
            resumed = await imported(source_url, settings, Quiet(runs))
        except Interrupted:
            assert runs < 40
    assert runs > 5
    assert resumed == whole
    assert await everything(database) == expected


async def _forget(settings: Settings) -> None:
    assert settings.database_owner_url
    owner = await asyncpg.connect(settings.database_owner_url.reveal())
    tables = ", ".join({*(step.target for step in STEPS), "import_progress", "import_leftover"})
    await owner.execute(f"truncate {tables} cascade")
    await owner.close()


async def test_two_imports_at_once_do_what_one_does(source_url: str, settings: Settings, database: Database) -> None:
    expected = await imported(source_url, settings)
    rows = await everything(database)
    await _forget(settings)
    found = await asyncio.gather(imported(source_url, settings), imported(source_url, settings), return_exceptions=True)
    assert expected in found
    assert await everything(database) == rows


async def test_a_database_with_something_in_it_is_refused(
    source_url: str, settings: Settings, database: Database
) -> None:
    await people.add_user(database)
    with pytest.raises(TargetNotEmpty, match="1 in app_user"):
        await imported(source_url, settings)
    assert await database.fetch_value("select count(*) from artefact") == 0


async def test_an_import_of_another_source_is_refused(
    source_url: str, settings: Settings, old: "asyncpg.Connection"
) -> None:
    await imported(source_url, settings)
    await old.execute("update environment set name = 'elsewhere' where id = 30")
    with pytest.raises(AnotherImport):
        await imported(source_url, settings)


async def test_a_database_of_something_else_is_refused(settings: Settings, postgres: EmbeddedPostgres) -> None:
    with pytest.raises(SourceDiffers, match="does not exist"):
        await imported(postgres.owner_url, settings)


async def test_a_source_that_may_not_be_read_is_told_in_a_sentence(
    source_url: str, settings: Settings, postgres: EmbeddedPostgres
) -> None:
    name = source_url.rpartition("/")[2].partition("?")[0]
    with pytest.raises(SourceForbidden, match="permission denied"):
        await imported(postgres.service_url_of(name), settings)
    with pytest.raises(Unavailable, match="password"):
        await imported(source_url.replace("touchstone_owner:", "touchstone_owner:no"), settings)


async def test_times_are_of_the_zone_that_is_said(source_url: str, settings: Settings, database: Database) -> None:
    with pytest.raises(TimeZoneUnknown):
        await bring_over(settings, source_url, timezone="Nowhere")
    await bring_over(settings, source_url, timezone="Europe/Berlin")
    at = await database.fetch_value("select wire_time(created_at) from artefact where id = 10")
    assert at == "2025-02-03T03:05:06.789000"


async def test_the_source_stays_as_it_was(source_url: str, settings: Settings, old: "asyncpg.Connection") -> None:
    sql = "select sum(('x' || substr(md5(r::text), 1, 15))::bit(60)::bigint) from test_result as r"
    before = await old.fetchval(sql)
    await imported(source_url, settings)
    assert await old.fetchval(sql) == before
