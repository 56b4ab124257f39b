"""Memberships that come with the groups of an identity provider."""

from touchstone.database.executor import Executor
from touchstone.domains.auth.model import ClaimedTeams


class ClaimsRepository:
    """A claim reads `{provider}:{group}`; a team says itself which claims let their holders join."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def renew(self, user_id: int, provider: str, groups: tuple[str, ...]) -> ClaimedTeams:
        """Makes the memberships by this provider's claims those that `groups` bring.

        Memberships made by hand stay as they are, and so do those by another provider's claims.
        """
        claims = [provider + ":" + group for group in groups]
        left = await self._leave(user_id, provider + ":", claims)
        return ClaimedTeams(joined=await self._join(user_id, claims), left=left)

    async def _leave(self, user_id: int, prefix: str, claims: list[str]) -> list[int]:
        found = await self.executor.fetch_value(
            """
            with gone as (
                delete from team_member using team
                where team_member.user_id = $1 and team.id = team_member.team_id
                    and starts_with(joined_by_claim, $2) and not team.joined_by_claims && $3::text[]
                returning team_id
            )
            select coalesce(json_agg(team_id order by team_id), '[]') from gone
            """,
            user_id,
            prefix,
            claims,
        )
        return list(found)

    async def _join(self, user_id: int, claims: list[str]) -> list[int]:
        found = await self.executor.fetch_value(
            """
            with claimed as (
                select team.id, (select min(claim) from unnest($2::text[]) as held (claim)
                    where claim = any (team.joined_by_claims)) as claim
                from team where team.joined_by_claims && $2::text[]
            ), come as (
                insert into team_member (team_id, user_id, joined_by_claim)
                select id, $1, claim from claimed
                on conflict (team_id, user_id) do nothing
                returning team_id
            )
            select coalesce(json_agg(team_id order by team_id), '[]') from come
            """,
            user_id,
            claims,
        )
        return list(found)


async def join_teams(executor: Executor, user_id: int, provider: str, groups: tuple[str, ...]) -> ClaimedTeams:
    """To be called inside the transaction of a sign-in."""
    return await ClaimsRepository(executor).renew(user_id, provider, groups)
