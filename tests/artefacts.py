"""Artefacts, builds and reviews, put straight into the tables.

artefact = await add_artefact(database, stage="beta")
build = await add_build(database, artefact)
review = await add_review(database, build, "laptop")
"""

import hashlib
import uuid
from collections.abc import Iterable
from typing import Any

from touchstone.database.executor import Database

NO_BUILDS = hashlib.sha256(b"").hexdigest()


async def add_artefact(database: Database, family: str = "snap", **columns: Any) -> int:
    """A new version of `core`, unless said otherwise; `columns` are those of the table, `age_days` its age."""
    given = {"name": "core", "version": uuid.uuid4().hex[:8], "stage": "beta", "track": "latest", **columns}
    if family == "image":
        given = {"sha256": uuid.uuid4().hex, **given}
    if family == "solution":
        given = {"bundle_digest": NO_BUILDS, **given}
    return await database.fetch_value(
        """
        insert into artefact (family, name, version, stage, track, branch, store, series, repo, source, os, release,
            sha256, owner, status, comment, jira_issue, is_archived, bundle_digest, created_at)
        select $1, name, version, coalesce(stage, ''), coalesce(track, ''), coalesce(branch, ''), coalesce(store, ''),
            coalesce(series, ''), coalesce(repo, ''), coalesce(source, ''), coalesce(os, ''), coalesce(release, ''),
            coalesce(sha256, ''), coalesce(owner, ''), coalesce(status, 'UNDECIDED'), coalesce(comment, ''),
            jira_issue, coalesce(is_archived, false), bundle_digest, now() - $3 * interval '1 day'
        from jsonb_populate_record(null::artefact, $2)
        returning id
        """,
        family,
        {name: value for name, value in given.items() if name != "age_days"},
        given.get("age_days", 0),
    )


async def add_build(database: Database, artefact_id: int, architecture: str = "amd64", revision: int | None = 1) -> int:
    return await database.fetch_value(
        "insert into artefact_build (artefact_id, architecture, revision) values ($1, $2, $3) returning id",
        artefact_id,
        architecture,
        revision,
    )


async def add_environment(database: Database, name: str = "laptop", architecture: str = "amd64") -> int:
    """The one of this name, made if need be."""
    return await database.fetch_value(
        """
        insert into environment (name, architecture) values ($1, $2)
        on conflict (name, architecture) do update set name = excluded.name returning id
        """,
        name,
        architecture,
    )


async def add_review(
    database: Database, build_id: int, environment: str = "laptop", decision: Iterable[str] = (), comment: str = ""
) -> int:
    return await database.fetch_value(
        """
        insert into environment_review (artefact_build_id, environment_id, review_decision, review_comment)
        values ($1, $2, $3, $4) returning id
        """,
        build_id,
        await add_environment(database, environment),
        list(decision),
        comment,
    )


async def add_run(
    database: Database, build_id: int, environment: str = "laptop", plan: str = "smoke", started_by: str | None = None
) -> int:
    """A test execution on the build, in progress."""
    return await database.fetch_value(
        """
        with plan as (
            insert into test_plan (name) values ($3) on conflict (name) do update set name = excluded.name returning id
        )
        insert into test_execution (artefact_build_id, environment_id, test_plan_id, started_by)
        select $1, $2, id, $4 from plan returning id
        """,
        build_id,
        await add_environment(database, environment),
        plan,
        started_by,
    )


async def reviewed_artefact(database: Database, *decision: str, **columns: Any) -> tuple[int, int]:
    """An artefact with one build in one environment, and the review of that."""
    artefact = await add_artefact(database, **columns)
    return artefact, await add_review(database, await add_build(database, artefact), decision=decision)
