"""Runs of the removal, and time that has passed for what was recorded."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from touchstone.assembly import Assembly
from touchstone.database.executor import Database
from touchstone.domains.retention_rules.removal import Removal
from touchstone.domains.retention_rules.repository import RetentionRuleRepository
from touchstone.domains.retention_rules.schemas import RetentionRule


@pytest.fixture
def remove(parts: Assembly) -> Callable[..., Awaitable[dict[str, int]]]:
    """One run by these rules; answers what went, without the kinds of which nothing did."""

    async def run(*rules: RetentionRule, **options: Any) -> dict[str, int]:
        await RetentionRuleRepository(parts.database).replace_all(rules)
        gone = await Removal(parts.database, parts.old_jobs(), **options).run()
        return {str(kind): count for kind, count in gone.items() if count}

    return run


@pytest.fixture
def age(database: Database) -> Callable[..., Awaitable[None]]:
    """Executions with their results become as many days old."""

    async def by(days: int, *executions: int) -> None:
        for sql in (
            "update test_execution set created_at = now() - $1 * interval '1 day', seen_at = now() - $1"
            " * interval '1 day' where id = any ($2::integer[])",
            "update test_result set created_at = now() - $1 * interval '1 day'"
            " where test_execution_id = any ($2::integer[])",
            "update raw_result_file set created_at = now() - $1 * interval '1 day'"
            " where test_execution_id = any ($2::integer[])",
        ):
            await database.execute(sql, days, list(executions))  # pyright: ignore[reportArgumentType]

    return by
