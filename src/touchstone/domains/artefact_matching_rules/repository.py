"""The tables `artefact_matching_rule` and `artefact_matching_rule_team`.

`permissions` and `families` are the words that the caller is shown.
"""

from typing import LiteralString

from touchstone.database.executor import Executor, constraint
from touchstone.domains.artefact_matching_rules.model import (
    AnotherRuleExists,
    Rule,
    RuleExists,
    RuleNotFound,
    RuleTooLong,
)
from touchstone.domains.artefact_matching_rules.schemas import ArtefactMatchingRule, GivenRule
from touchstone.errors import Failure

FIELDS: LiteralString = "family, name, stage, track, branch, store, series, os, release, owner"
GIVEN: LiteralString = """
    jsonb_to_recordset($1::jsonb) as given (
        family text, name text, stage text, track text, branch text, store text, series text, os text, release text,
        owner text, grant_permissions text[]
    )
"""
SELECT_ROW: LiteralString = (
    "select id, "
    + FIELDS
    + """, grant_permissions, array(
        select team_id from artefact_matching_rule_team where rule_id = artefact_matching_rule.id order by team_id
    ) as team_ids
    from artefact_matching_rule
"""
)
SELECT_RULE: LiteralString = """
    select rule.id, nullif(rule.name, '') as name, rule.family, nullif(rule.stage, '') as stage,
        nullif(rule.track, '') as track, nullif(rule.branch, '') as branch, nullif(rule.store, '') as store,
        nullif(rule.series, '') as series, nullif(rule.os, '') as os, nullif(rule.release, '') as release,
        nullif(rule.owner, '') as owner, array(
            select word from unnest(rule.grant_permissions) with ordinality as listed (word, place)
            where word = any ($1::text[]) order by place
        ) as grant_permissions, coalesce((
            select json_agg(json_build_object('id', team.id, 'name', team.name) order by team.id)
            from artefact_matching_rule_team as link join team on team.id = link.team_id where link.rule_id = rule.id
        ), '[]') as teams
    from artefact_matching_rule as rule where rule.family = any ($2::text[])
"""


def _refusals(exists: Failure) -> dict[str, Failure]:
    return {"artefact_matching_rule_fields_key": exists, "artefact_matching_rule_fits_its_index": RuleTooLong()}


class ArtefactMatchingRuleRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def get(self, rule_id: int, permissions: tuple[str, ...], families: tuple[str, ...]) -> ArtefactMatchingRule:
        """Raises RuleNotFound."""
        rule = await self.executor.fetch_one(
            ArtefactMatchingRule, SELECT_RULE + "and rule.id = $3", permissions, families, rule_id
        )
        if rule is None:
            raise RuleNotFound(id=rule_id)
        return rule

    async def list_all(
        self, family: str | None, permissions: tuple[str, ...], families: tuple[str, ...]
    ) -> list[ArtefactMatchingRule]:
        return await self.executor.fetch_all(
            ArtefactMatchingRule,
            SELECT_RULE + "and coalesce(rule.family = $3::text, true) order by rule.id",
            permissions,
            families,
            family,
        )

    async def lock(self) -> None:
        """Until the end of the transaction nobody else changes rules; they are read on.

        A rule that its last team leaves goes, while another team may be joining it: row locks alone would lose that.
        """
        await self.executor.execute("lock table artefact_matching_rule in share row exclusive mode")

    async def get_row(self, rule_id: int, families: tuple[str, ...]) -> Rule:
        """Raises RuleNotFound."""
        row = await self.executor.fetch_one(
            Rule, SELECT_ROW + "where id = $1 and family = any ($2::text[])", rule_id, families
        )
        if row is None:
            raise RuleNotFound(id=rule_id)
        return row

    async def list_of_team_and_alike(self, team_id: int, given: list[GivenRule]) -> list[Rule]:
        """The rules of a team, and those of anybody with the same fields as a given one."""
        return await self.executor.fetch_all(
            Rule,
            SELECT_ROW
            + "where id in (select rule_id from artefact_matching_rule_team where team_id = $2) or ("
            + FIELDS
            + ") in (select "
            + FIELDS
            + " from "
            + GIVEN
            + ") order by id",
            given,
            team_id,
        )

    async def insert(self, new: list[GivenRule]) -> list[int]:
        """Raises RuleExists, RuleTooLong."""
        with constraint(_refusals(RuleExists())):
            return await self.executor.fetch_value(
                "with inserted as (insert into artefact_matching_rule ("
                + FIELDS
                + ", grant_permissions) select "
                + FIELDS
                + ", coalesce(grant_permissions, '{}') from "
                + GIVEN
                + " returning id) select coalesce(array_agg(id), '{}') from inserted",
                new,
            )

    async def update(self, rule: Rule) -> None:
        """Raises AnotherRuleExists, RuleTooLong."""
        with constraint(_refusals(AnotherRuleExists())):
            await self.executor.execute(
                "update artefact_matching_rule set ("
                + FIELDS
                + ", grant_permissions, updated_at) = (select "
                + FIELDS
                + ", grant_permissions, now() from "
                + GIVEN
                + ") where id = $2",
                [rule],
                rule.id,
            )

    async def set_grants(self, grants: dict[int, list[str]]) -> None:
        await self.executor.execute(
            """
            update artefact_matching_rule as rule set grant_permissions = grown.words, updated_at = now()
            from jsonb_to_recordset($1::jsonb) as grown (id integer, words text[]) where rule.id = grown.id
            """,
            [{"id": rule_id, "words": words} for rule_id, words in grants.items()],
        )

    async def link(self, rule_ids: list[int], team_ids: list[int]) -> None:
        """Each rule with each team; where they are linked already they stay so."""
        await self.executor.execute(
            """
            insert into artefact_matching_rule_team (rule_id, team_id)
            select rule_id, team_id from unnest($1::integer[]) as rule_id cross join unnest($2::integer[]) as team_id
            on conflict do nothing
            """,
            rule_ids,
            team_ids,
        )

    async def keep_teams(self, rule_id: int, team_ids: list[int]) -> None:
        """No other team has the rule any more."""
        await self.executor.execute(
            "delete from artefact_matching_rule_team where rule_id = $1 and team_id <> all ($2::integer[])",
            rule_id,
            team_ids,
        )

    async def unlink(self, rule_ids: list[int], team_id: int) -> None:
        """A rule that no team has any more goes."""
        await self.executor.execute(
            "delete from artefact_matching_rule_team where rule_id = any ($1::integer[]) and team_id = $2",
            rule_ids,
            team_id,
        )
        await self.executor.execute(
            """
            delete from artefact_matching_rule as rule where id = any ($1::integer[])
                and not exists (select from artefact_matching_rule_team where rule_id = rule.id)
            """,
            rule_ids,
        )

    async def delete(self, rule_id: int) -> None:
        await self.executor.execute("delete from artefact_matching_rule where id = $1", rule_id)

    async def list_missing_teams(self, team_ids: list[int]) -> list[int]:
        """Which of these are no teams."""
        return await self.executor.fetch_value(
            """
            select array(
                select team_id from unnest($1::integer[]) with ordinality as asked (team_id, place)
                where not exists (select from team where id = team_id) order by place
            )
            """,
            team_ids,
        )
