"""The table `secret`."""

from touchstone.database.executor import Executor
from touchstone.domains.secrets.model import SealedSecret, Secret

MOST_LISTED = 1000


class SecretRepository:
    """Names are compared in lower case."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def list_all(self) -> list[Secret]:
        return await self.executor.fetch_all(
            Secret, "select name, description from secret order by created_at, name limit $1", MOST_LISTED
        )

    async def find(self, name: str) -> SealedSecret | None:
        return await self.executor.fetch_one(
            SealedSecret, "select name, value, allowed_hosts from secret where name = lower($1)", name
        )

    async def exists(self, name: str) -> bool:
        return await self.executor.fetch_value("select exists (select from secret where name = lower($1))", name)

    async def put(self, name: str, value: bytes, description: str, allowed_hosts: list[str]) -> bool:
        """Answers whether the name is new."""
        return await self.executor.fetch_value(
            """
            insert into secret (name, value, description, allowed_hosts) values (lower($1), $2, $3, $4)
            on conflict (name) do update set
                value = excluded.value, description = excluded.description,
                allowed_hosts = excluded.allowed_hosts, updated_at = now()
            returning xmax = 0
            """,
            name,
            value,
            description,
            allowed_hosts,
        )

    async def delete(self, name: str) -> None:
        await self.executor.execute("delete from secret where name = lower($1)", name)
