"""Who stands behind a session or a key: one statement."""

import math

import msgspec

from touchstone.database.executor import Executor


class UserFacts(msgspec.Struct, frozen=True):
    id: int
    name: str
    is_admin: bool
    session_id: int
    permissions: list[str]
    team_ids: list[int]
    seconds_left: float


class ApplicationFacts(msgspec.Struct, frozen=True):
    id: int
    name: str
    key_id: int
    permissions: list[str]
    accepts_extensions: bool
    seconds_left: float | None


class Found(msgspec.Struct, frozen=True):
    user: UserFacts | None = None
    application: ApplicationFacts | None = None

    @property
    def seconds_left(self) -> float:
        """Until the first of the credentials expires."""
        user = self.user.seconds_left if self.user else None
        application = self.application.seconds_left if self.application else None
        return min((left for left in (user, application) if left is not None), default=math.inf)


class PrincipalRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def find(self, session_digest: bytes | None, key_digest: bytes | None) -> Found:
        """Expired and unknown credentials find nobody, and are no error."""
        found = await self.executor.fetch_one(
            Found,
            """
            select (
                select json_build_object('id', person.id, 'name', person.name, 'is_admin', person.is_admin,
                    'session_id', user_session.id, 'seconds_left', extract(epoch from
                        least(user_session.idle_until, user_session.expires_at) - now()),
                    'permissions', coalesce((
                        select json_agg(distinct word) from team_member
                        join team on team.id = team_member.team_id cross join unnest(team.permissions) as word
                        where team_member.user_id = person.id), '[]'),
                    'team_ids', coalesce((
                        select json_agg(team_id) from team_member where user_id = person.id), '[]'))
                from user_session join app_user as person on person.id = user_session.user_id
                where user_session.token_digest = $1 and user_session.idle_until > now()
                    and user_session.expires_at > now()
            ) as user, (
                select json_build_object('id', application.id, 'name', application.name, 'key_id', api_key.id,
                    'permissions', application.permissions, 'accepts_extensions', application.accepts_extensions,
                    'seconds_left', extract(epoch from api_key.expires_at - now()))
                from api_key join application on application.id = api_key.application_id
                where api_key.digest = $2 and coalesce(api_key.expires_at > now(), true)
            ) as application
            """,
            session_digest,
            key_digest,
        )
        return found or Found()

    async def note_use(self, session_id: int | None, key_id: int | None, idle_seconds: int) -> None:
        """When they were last seen; a session lives on from here."""
        if session_id is not None:
            await self.executor.execute(
                """
                update user_session set seen_at = now(), idle_until = now() + $2 * interval '1 second'
                where id = $1 and idle_until > now()
                """,
                session_id,
                idle_seconds,
            )
        if key_id is not None:
            await self.executor.execute("update api_key set last_used_at = now() where id = $1", key_id)
