"""The table `retention_rule`."""

from collections.abc import Sequence
from typing import LiteralString

from touchstone.database.executor import Executor
from touchstone.domains.keeping.model import KeepingRule
from touchstone.domains.retention_rules.model import RetentionKind
from touchstone.domains.retention_rules.schemas import RetentionRule

GIVEN: LiteralString = """
    with given as (
        select kind, coalesce(family, '') as family, coalesce(stage, '') as stage, kept_days, keeps_newest
        from jsonb_to_recordset($1::jsonb)
            as rule (kind text, family text, stage text, kept_days integer, keeps_newest boolean)
    )
"""


class RetentionRuleRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def list_all(self) -> list[RetentionRule]:
        return await self.executor.fetch_all(
            RetentionRule,
            """
            select kind, nullif(family, '') as family, nullif(stage, '') as stage, kept_days, keeps_newest
            from retention_rule order by kind, retention_rule.family, retention_rule.stage
            """,
        )

    async def list_of(self, kind: RetentionKind) -> list[KeepingRule]:
        return await self.executor.fetch_all(
            KeepingRule, "select family, stage, kept_days, keeps_newest from retention_rule where kind = $1", kind
        )

    async def lock(self) -> None:
        """Until the end of the transaction nobody else changes rules; reading goes on."""
        await self.executor.execute("lock table retention_rule in share row exclusive mode")

    async def replace_all(self, rules: Sequence[RetentionRule]) -> None:
        """No two may be of the same kind, family and stage."""
        await self.executor.execute(
            GIVEN
            + """
            delete from retention_rule as rule where not exists (
                select from given where given.kind = rule.kind and given.family = rule.family
                    and given.stage = rule.stage
            )
            """,
            rules,
        )
        await self.executor.execute(
            GIVEN
            + """
            insert into retention_rule (kind, family, stage, kept_days, keeps_newest)
            select kind, family, stage, kept_days, keeps_newest from given
            on conflict (kind, family, stage)
            do update set kept_days = excluded.kept_days, keeps_newest = excluded.keeps_newest
            """,
            rules,
        )
