"""Reviewers that a start assigns."""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx
from tests.integration.test_executions.conftest import START, count, snap, started
from tests.people import add_team, add_user, join

from touchstone.database.executor import Database


async def reviewing_team(database: Database, members: int, **fields: str) -> list[int]:
    """The users of a new team whose rule has these fields."""
    team = await add_team(database)
    users = [await add_user(database) for _ in range(members)]
    for user in users:
        await join(database, user, team)
    names = ["family", *fields]
    rule = await database.fetch_value(
        f"insert into artefact_matching_rule ({', '.join(names)}) values"
        f" ({', '.join(f'${place}' for place in range(1, len(names) + 1))}) returning id",
        "snap",
        *fields.values(),
    )
    await database.execute("insert into artefact_matching_rule_team (rule_id, team_id) values ($1, $2)", rule, team)
    return users


async def reviewers(database: Database) -> list[int]:
    return await database.fetch_value("select coalesce(array_agg(user_id order by place), '{}') from artefact_reviewer")


async def loads(database: Database) -> dict[int, int]:
    found = await database.fetch_value(
        """
        select coalesce(json_object_agg(user_id, reviews), '{}') from (
            select user_id, count(*) as reviews from environment_review_reviewer group by user_id
        ) as loads
        """
    )
    return {int(user): reviews for user, reviews in found.items()}


async def add_executions(database: Database, number: int) -> None:
    await database.execute(
        """
        insert into test_execution (artefact_build_id, environment_id, test_plan_id)
        select artefact_build_id, environment_id, test_plan_id
        from (select artefact_build_id, environment_id, test_plan_id from test_execution limit 1) as one,
            generate_series(1, $1)
        """,
        number,
    )


async def test_nobody_is_assigned_unless_it_is_asked_for(recorder: httpx.AsyncClient, database: Database) -> None:
    await reviewing_team(database, 2)
    await started(recorder, snap())
    assert await reviewers(database) == []
    assert await database.fetch_value("select due_date from artefact") is None


async def test_a_start_assigns_a_reviewer_tells_him_and_sets_a_date(
    recorder: httpx.AsyncClient, database: Database
) -> None:
    users = await reviewing_team(database, 3)
    await started(recorder, snap(needs_assignment=True))
    (chosen,) = await reviewers(database)
    assert chosen in users
    assert await loads(database) == {chosen: 1}
    artefact = await database.fetch_value("select id from artefact")
    due = "select due_date = (now() at time zone 'UTC')::date + 10 from artefact"
    assert await database.fetch_value(due)
    told = "select json_build_array(user_id, notification_type, target_url) from notification"
    page = f"http://localhost:30001/snaps/{artefact}"
    assert await database.fetch_value(told) == [chosen, "USER_ASSIGNED_ARTEFACT_REVIEW", page]


async def test_kernels_get_their_date_elsewhere(recorder: httpx.AsyncClient, database: Database) -> None:
    await reviewing_team(database, 2)
    await started(recorder, snap(name="pc-kernel", needs_assignment=True))
    await started(recorder, snap(name="linux-raspi", needs_assignment=True))
    assert await count(database, "artefact_reviewer") == 2
    assert await count(database, "artefact where due_date is not null") == 0


async def test_only_the_most_specific_rules_count(recorder: httpx.AsyncClient, database: Database) -> None:
    await reviewing_team(database, 2)
    await reviewing_team(database, 2, name="core")
    precise = await reviewing_team(database, 1, name="core", stage="beta")
    as_precise = await reviewing_team(database, 1, track="latest", store="ubuntu")
    await reviewing_team(database, 2, name="core", stage="stable", track="latest")
    await started(recorder, snap())
    await add_executions(database, 200)
    await started(recorder, snap(needs_assignment=True))
    assert sorted(await reviewers(database)) == sorted([*precise, *as_precise])


async def test_a_reviewer_is_added_for_every_fifty_executions(recorder: httpx.AsyncClient, database: Database) -> None:
    await reviewing_team(database, 5)
    await started(recorder, snap(needs_assignment=True))
    await add_executions(database, 48)
    await started(recorder, snap(needs_assignment=True))
    assert len(await reviewers(database)) == 1
    await started(recorder, snap(needs_assignment=True))
    assert len(await reviewers(database)) == 2


async def test_new_environments_go_to_who_has_fewest(recorder: httpx.AsyncClient, database: Database) -> None:
    await reviewing_team(database, 5)
    await started(recorder, snap(needs_assignment=True))
    (first,) = await reviewers(database)
    await started(recorder, snap(needs_assignment=True, environment="desk"))
    await add_executions(database, 60)
    for place in range(2):
        await started(recorder, snap(needs_assignment=True, environment=f"cloud {place}"))
    _, second = await reviewers(database)
    assert await loads(database) == {first: 2, second: 2}


async def test_reviews_of_who_was_taken_off_are_given_away(recorder: httpx.AsyncClient, database: Database) -> None:
    await reviewing_team(database, 1)
    await started(recorder, snap(needs_assignment=True))
    manual = await add_user(database)
    await database.execute("update artefact_reviewer set user_id = $1", manual)
    await started(recorder, snap(needs_assignment=True))
    assert await reviewers(database) == [manual]
    assert await loads(database) == {manual: 1}


async def test_starts_at_once_do_not_assign_too_many(recorder: httpx.AsyncClient, database: Database) -> None:
    await reviewing_team(database, 5)
    bodies: Sequence[dict[str, Any]] = [snap(needs_assignment=True, environment=f"e{n}") for n in range(32)]
    answers = await asyncio.gather(*(recorder.put(START, json=body) for body in bodies))
    assert {answer.status_code for answer in answers} == {200}
    (reviewer,) = await reviewers(database)
    assert await loads(database) == {reviewer: 32}
    assert await count(database, "notification") == 1
