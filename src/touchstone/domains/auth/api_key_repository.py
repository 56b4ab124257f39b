"""The table `api_key`, as applications are given keys and lose them."""

import datetime as dt

from touchstone.database.executor import Executor


class ApiKeyRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def insert(self, application_id: int, digest: bytes, masked: str, expires_at: dt.datetime | None) -> int:
        return await self.executor.fetch_value(
            "insert into api_key (application_id, digest, masked, expires_at) values ($1, $2, $3, $4) returning id",
            application_id,
            digest,
            masked,
            expires_at,
        )

    async def retire(self, application_id: int, kept_id: int | None, grace_seconds: int) -> None:
        """All but one die at once; that one after the grace, if it does not expire before."""
        await self.executor.execute(
            "delete from api_key where application_id = $1 and id is distinct from $2::integer",
            application_id,
            kept_id,
        )
        await self.executor.execute(
            """
            update api_key set expires_at = least(expires_at, now() + $2 * interval '1 second')
            where id = $1::integer
            """,
            kept_id,
            grace_seconds,
        )

    async def delete(self, application_id: int, key_id: int) -> bool:
        """Answers whether there was one."""
        return bool(
            await self.executor.execute(
                "delete from api_key where application_id = $1 and id = $2", application_id, key_id
            )
        )
