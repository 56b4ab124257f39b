"""The table `user_session`."""

from typing import LiteralString

from touchstone.database.executor import Executor
from touchstone.domains.auth.model import Method, SessionEnded
from touchstone.domains.auth.schemas import SessionView

MOST_SESSIONS = 100

OF_SUBJECT: LiteralString = """
    provider_subject = $1 and (cardinality($3::text[]) = 0 or provider_session = any ($3::text[]))
"""
OF_SESSIONS: LiteralString = "$1::text is null and provider_session = any ($3::text[])"


class SessionRepository:
    """Tokens come as digests."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def insert(
        self,
        digest: bytes,
        user_id: int,
        method: Method,
        *,
        address: str | None,
        user_agent: str | None,
        provider: tuple[str | None, str | None, bytes | None],
        idle_seconds: int,
        seconds: int,
    ) -> int:
        """`provider` is its subject, its session and the sealed details."""
        return await self.executor.fetch_value(
            """
            insert into user_session (token_digest, user_id, method, address, user_agent, provider_subject,
                provider_session, provider_details, idle_until, expires_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, now() + $9 * interval '1 second', now() + $10 * interval '1 second')
            returning id
            """,
            digest,
            user_id,
            method,
            address,
            user_agent,
            *provider,
            idle_seconds,
            seconds,
        )

    async def list_live(self, user_id: int, current_id: int | None) -> list[SessionView]:
        """The newest first."""
        return await self.executor.fetch_all(
            SessionView,
            """
            select id, method, address, user_agent, created_at, seen_at, idle_until, expires_at,
                coalesce(id = $2, false) as is_current
            from user_session where user_id = $1 and idle_until > now() and expires_at > now()
            order by created_at desc, id desc limit $3
            """,
            user_id,
            current_id,
            MOST_SESSIONS,
        )

    async def delete_by_digest(self, digest: bytes) -> SessionEnded | None:
        return await self.executor.fetch_one(
            SessionEnded,
            """
            delete from user_session using app_user as person
            where token_digest = $1 and person.id = user_session.user_id
            returning user_session.id, user_id, person.name as user_name, method, provider_session, provider_details
            """,
            digest,
        )

    async def delete_of_user(self, session_id: int, user_id: int) -> bool:
        return (
            await self.executor.execute("delete from user_session where id = $1 and user_id = $2", session_id, user_id)
            == 1
        )

    async def delete_all_of_user(self, user_id: int, *, but: int | None) -> list[int]:
        """Answers the ids of those that ended."""
        found = await self.executor.fetch_all(
            SessionEnded,
            """
            delete from user_session using app_user as person
            where user_id = $1 and person.id = user_id and user_session.id is distinct from $2
            returning user_session.id, user_id, person.name as user_name, method, provider_session, provider_details
            """,
            user_id,
            but,
        )
        return [session.id for session in found]

    async def delete_of_provider(self, method: Method, subject: str | None, sessions: list[str]) -> list[SessionEnded]:
        """Those that the provider calls so; all of the subject when it names none, anybody's without a subject."""
        return await self.executor.fetch_all(
            SessionEnded,
            """
            delete from user_session using app_user as person
            where method = $2 and person.id = user_id and """
            + (OF_SESSIONS if subject is None else OF_SUBJECT)
            + """
            returning user_session.id, user_id, person.name as user_name, method, provider_session, provider_details
            """,
            subject,
            method,
            sessions,
        )

    async def delete_oldest(self, user_id: int) -> None:
        """Nobody keeps more than the newest so many."""
        await self.executor.execute(
            """
            delete from user_session where id in (
                select id from user_session where user_id = $1 order by created_at desc, id desc offset $2
            )
            """,
            user_id,
            MOST_SESSIONS,
        )

    async def delete_expired(self, at_most: int) -> int:
        return await self.executor.execute(
            """
            delete from user_session where id in (
                select id from user_session where least(idle_until, expires_at) < now()
                order by least(idle_until, expires_at) limit $1 for update skip locked
            )
            """,
            at_most,
        )
