"""Executions, results and issues, put straight into the tables."""

import uuid
from collections.abc import Sequence
from typing import Any

from touchstone.database.executor import Database


async def add_execution(
    database: Database,
    *,
    family: str = "snap",
    name: str = "core",
    version: str | None = None,
    stage: str = "beta",
    track: str = "latest",
    architecture: str = "amd64",
    environment: str = "laptop",
    plan: str = "smoke",
    metadata: dict[str, Sequence[str]] | None = None,
    **columns: str,
) -> int:
    """A test execution that is in progress; of an artefact of its own unless a version is said."""
    artefact = await _artefact(database, family, name, version or uuid.uuid4().hex, stage, track, columns)
    execution = await database.fetch_value(
        """
        with build as (
            insert into artefact_build (artefact_id, architecture, revision) values ($1, $2, 1)
            on conflict (artefact_id, architecture, revision) do update set revision = 1 returning id
        ), place as (
            insert into environment (name, architecture) values ($3, $2)
            on conflict (name, architecture) do update set name = excluded.name returning id
        ), plan as (
            insert into test_plan (name) values ($4) on conflict (name) do update set name = excluded.name returning id
        )
        insert into test_execution (artefact_build_id, environment_id, test_plan_id)
        select build.id, place.id, plan.id from build, place, plan returning id
        """,
        artefact,
        architecture,
        environment,
        plan,
    )
    for category, values in (metadata or {}).items():
        await database.execute(
            """
            with pair as (
                insert into execution_metadata (category, value) select $2, unnest($3::text[])
                on conflict (category, value) do update set value = excluded.value returning id
            )
            insert into test_execution_metadata select $1, id from pair
            """,
            execution,
            category,
            list(values),
        )
    return execution


async def _artefact(
    database: Database, family: str, name: str, version: str, stage: str, track: str, columns: dict[str, str]
) -> int:
    """The newest one of this name and version, or a new one."""
    given: dict[str, str] = {"store": "ubuntu", "series": "", "repo": "", "os": "", **columns}
    found = await database.fetch_value(
        "select max(id) from artefact where family = $1 and name = $2 and version = $3 and track = $4",
        family,
        name,
        version,
        track,
    )
    return found or await database.fetch_value(
        """
        insert into artefact (family, name, version, stage, track, store, series, repo, os, sha256)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning id
        """,
        family,
        name,
        version,
        stage,
        track,
        given["store"],
        given["series"],
        given["repo"],
        given["os"],
        uuid.uuid4().hex,
    )


async def add_issue(database: Database, key: str | None = None, *, auto_rerun: bool = False) -> int:
    return await database.fetch_value(
        """
        insert into issue (source, project, key, auto_rerun_enabled)
        values ('github', 'a/b', coalesce($1, (select count(*) + 1 from issue)::text), $2) returning id
        """,
        key,
        auto_rerun,
    )


async def add_rule(
    database: Database, issue_id: int, *, metadata: dict[str, Sequence[str]] | None = None, **columns: Any
) -> int:
    """`columns` are those of attachment_rule; what is not said matches any."""
    rule = await database.fetch_value(
        """
        insert into attachment_rule (issue_id, is_enabled, families, artefacts, artefact_versions, artefact_stages,
            artefact_tracks, environment_names, test_case_names, template_ids, test_result_statuses, test_plans,
            comment_pattern, io_log_pattern, expires_at)
        select $1, coalesce(is_enabled, true), coalesce(families, '{}'), coalesce(artefacts, '{}'),
            coalesce(artefact_versions, '{}'), coalesce(artefact_stages, '{}'), coalesce(artefact_tracks, '{}'),
            coalesce(environment_names, '{}'), coalesce(test_case_names, '{}'), coalesce(template_ids, '{}'),
            coalesce(test_result_statuses, '{}'), coalesce(test_plans, '{}'), comment_pattern, io_log_pattern,
            expires_at
        from jsonb_populate_record(null::attachment_rule, $2)
        returning id
        """,
        issue_id,
        columns,
    )
    for category, values in (metadata or {}).items():
        await database.execute(
            "insert into attachment_rule_metadata select $1, $2, unnest($3::text[])", rule, category, list(values)
        )
    return rule


async def attach(database: Database, issue_id: int, result_id: int, *, by: str | None = "user:1") -> None:
    await database.execute(
        "insert into issue_attachment (issue_id, test_result_id, attached_by) values ($1, $2, $3)",
        issue_id,
        result_id,
        by,
    )


async def result_ids(database: Database, execution_id: int) -> dict[str, int]:
    """The results of an execution by the names of their cases."""
    return await database.fetch_value(
        """
        select coalesce(json_object_agg(test_case.name, result.id order by result.id), '{}')
        from test_result as result join test_case on test_case.id = result.test_case_id
        where test_execution_id = $1
        """,
        execution_id,
    )


async def attached_to(database: Database, execution_id: int) -> list[list[Any]]:
    """What is attached to the results of an execution: name of the case, issue, rule, by whom."""
    return await database.fetch_value(
        """
        select coalesce(json_agg(json_build_array(name, issue_id, attachment_rule_id, attached_by)
            order by result.id, issue_id), '[]')
        from issue_attachment join test_result as result on result.id = test_result_id
            join test_case on test_case.id = result.test_case_id
        where test_execution_id = $1
        """,
        execution_id,
    )
