"""The tables `team` and `team_member`. `permissions` and `families` are the words that the caller is shown."""

from typing import LiteralString

from touchstone.database.executor import Executor, constraint
from touchstone.domains.teams.model import TeamExists, TeamNotFound, TeamRow
from touchstone.domains.teams.schemas import Team

SELECT_TEAM: LiteralString = """
    select team.id, team.name, array(
            select word from unnest(team.permissions) with ordinality as listed (word, place)
            where word = any ($1::text[]) order by place
        ) as permissions, coalesce((
            select json_agg(json_build_object(
                'id', person.id, 'launchpad_handle', person.launchpad_handle, 'email', person.email,
                'name', person.name, 'is_admin', person.is_admin
            ) order by person.name, person.id)
            from team_member join app_user as person on person.id = team_member.user_id
            where team_member.team_id = team.id
        ), '[]') as members, coalesce((
            select json_agg(json_build_object(
                'id', rule.id, 'name', nullif(rule.name, ''), 'family', rule.family, 'stage', nullif(rule.stage, ''),
                'track', nullif(rule.track, ''), 'branch', nullif(rule.branch, ''), 'store', nullif(rule.store, ''),
                'series', nullif(rule.series, ''), 'os', nullif(rule.os, ''), 'release', nullif(rule.release, ''),
                'owner', nullif(rule.owner, ''), 'grant_permissions', array(
                    select word from unnest(rule.grant_permissions) with ordinality as listed (word, place)
                    where word = any ($1::text[]) order by place
                )
            ) order by rule.id)
            from artefact_matching_rule_team as link join artefact_matching_rule as rule on rule.id = link.rule_id
            where link.team_id = team.id and rule.family = any ($2::text[])
        ), '[]') as artefact_matching_rules, team.joined_by_claims
    from team
"""


class TeamRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def get(self, team_id: int, permissions: tuple[str, ...], families: tuple[str, ...]) -> Team:
        """Raises TeamNotFound."""
        team = await self.executor.fetch_one(Team, SELECT_TEAM + "where team.id = $3", permissions, families, team_id)
        if team is None:
            raise TeamNotFound(id=team_id)
        return team

    async def list_all(self, permissions: tuple[str, ...], families: tuple[str, ...]) -> list[Team]:
        return await self.executor.fetch_all(Team, SELECT_TEAM + "order by team.id", permissions, families)

    async def lock(self, team_id: int) -> TeamRow:
        """Raises TeamNotFound."""
        row = await self.executor.fetch_one(
            TeamRow,
            "select id, name, permissions, joined_by_claims from team where id = $1 for no key update",
            team_id,
        )
        if row is None:
            raise TeamNotFound(id=team_id)
        return row

    async def insert(self, name: str, permissions: list[str], joined_by_claims: list[str]) -> int:
        """Raises TeamExists."""
        with constraint({"team_name_key": TeamExists(name=name)}):
            return await self.executor.fetch_value(
                "insert into team (name, permissions, joined_by_claims) values ($1, $2, $3) returning id",
                name,
                permissions,
                joined_by_claims,
            )

    async def update(self, team: TeamRow) -> None:
        await self.executor.execute(
            "update team set permissions = $2, joined_by_claims = $3, updated_at = now() where id = $1",
            team.id,
            team.permissions,
            team.joined_by_claims,
        )

    async def list_rights(self, team_id: int) -> list[str]:
        """What its members may do: its permissions, and what its rules grant."""
        return await self.executor.fetch_value(
            """
            select array(
                select unnest(permissions) from team where id = $1
                union
                select unnest(rule.grant_permissions)
                from artefact_matching_rule_team as link join artefact_matching_rule as rule on rule.id = link.rule_id
                where link.team_id = $1
            )
            """,
            team_id,
        )

    async def is_user(self, user_id: int) -> bool:
        return await self.executor.fetch_value(
            "select exists (select from app_user where id = $1 for key share)", user_id
        )

    async def is_member(self, team_id: int, user_id: int) -> bool:
        return await self.executor.fetch_value(
            "select exists (select from team_member where team_id = $1 and user_id = $2)", team_id, user_id
        )

    async def add_member(self, team_id: int, user_id: int) -> None:
        """One who came by a claim stays from now on."""
        await self.executor.execute(
            """
            insert into team_member (team_id, user_id) values ($1, $2)
            on conflict (team_id, user_id) do update set joined_by_claim = null
            where team_member.joined_by_claim is not null
            """,
            team_id,
            user_id,
        )

    async def remove_member(self, team_id: int, user_id: int) -> bool:
        """Answers whether he was one."""
        return bool(
            await self.executor.execute("delete from team_member where team_id = $1 and user_id = $2", team_id, user_id)
        )
