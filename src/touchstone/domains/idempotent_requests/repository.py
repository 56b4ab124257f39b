"""The table `idempotent_request`."""

from touchstone.database.executor import Executor
from touchstone.domains.idempotent_requests.model import KEPT_HOURS, IdempotentCall, RememberedAnswer


class IdempotentRequestRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def try_lock(self, call: IdempotentCall) -> bool:
        """Until the end of the transaction nobody else works on the same call."""
        return await self.executor.fetch_value(
            "select pg_try_advisory_xact_lock(hashtextextended($1 || chr(10) || $2 || chr(10) || $3, 0))",
            call.caller,
            call.route,
            call.key,
        )

    async def find(self, call: IdempotentCall) -> RememberedAnswer | None:
        return await self.executor.fetch_one(
            RememberedAnswer,
            """
            select body_digest, body from idempotent_request
            where caller = $1 and route = $2 and key = $3 and created_at > now() - $4 * interval '1 hour'
            """,
            call.caller,
            call.route,
            call.key,
            KEPT_HOURS,
        )

    async def put(self, call: IdempotentCall, body: str) -> None:
        await self.executor.execute(
            """
            insert into idempotent_request (caller, route, key, body_digest, body) values ($1, $2, $3, $4, $5)
            on conflict (caller, route, key) do update set
                body_digest = excluded.body_digest, body = excluded.body, created_at = now()
            """,
            call.caller,
            call.route,
            call.key,
            call.body_digest,
            body,
        )

    async def delete_expired(self, at_most: int = 1000) -> int:
        return await self.executor.execute(
            """
            delete from idempotent_request where (caller, route, key) in (
                select caller, route, key from idempotent_request
                where created_at < now() - $1 * interval '1 hour' order by created_at limit $2
            )
            """,
            KEPT_HOURS,
            at_most,
        )
