"""The tables `sign_on` and `seen_assertion`: what is under way, and what has been accepted."""

from touchstone.database.executor import Executor
from touchstone.domains.auth.model import Method, Purpose, SeenAssertion, SignOn


class SignOnRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def insert(self, digest: bytes, method: Method, purpose: Purpose, sign_on: SignOn, seconds: int) -> None:
        await self.executor.execute(
            """
            insert into sign_on (state_digest, method, purpose, request_id, secrets, return_to, replaces, expires_at)
            values ($1, $2, $3, $4, $5, $6, $7, now() + $8 * interval '1 second')
            """,
            digest,
            method,
            purpose,
            sign_on.request_id,
            sign_on.secrets,
            sign_on.return_to,
            sign_on.replaces,
            seconds,
        )

    async def take(self, digest: bytes, method: Method, purpose: Purpose) -> SignOn | None:
        """Only once; None when it has expired, too."""
        return await self.executor.fetch_one(
            SignOn,
            """
            with taken as (
                delete from sign_on where state_digest = $1 and method = $2 and purpose = $3
                returning request_id, return_to, replaces, secrets, expires_at
            )
            select request_id, return_to, replaces, secrets from taken where expires_at > now()
            """,
            digest,
            method,
            purpose,
        )

    async def note_seen(self, digest: bytes, assertion: SeenAssertion) -> bool:
        """Whether it had not been seen before."""
        return (
            await self.executor.execute(
                "insert into seen_assertion (digest, expires_at) values ($1, $2) on conflict (digest) do nothing",
                digest,
                assertion.expires_at,
            )
            == 1
        )

    async def delete_expired(self, at_most: int) -> int:
        return await self.executor.execute(
            """
            delete from sign_on where state_digest in (
                select state_digest from sign_on where expires_at < now() order by expires_at limit $1
            )
            """,
            at_most,
        )

    async def delete_seen(self, at_most: int) -> int:
        """Assertions that nobody would accept any more."""
        return await self.executor.execute(
            """
            delete from seen_assertion where digest in (
                select digest from seen_assertion where expires_at < now() order by expires_at limit $1
            )
            """,
            at_most,
        )
