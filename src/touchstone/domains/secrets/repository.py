"""The table `secret`."""

from touchstone.database.executor import Executor, constraint
from touchstone.database.visibility import VISIBLE, Viewer
from touchstone.domains.belonging.model import Belonging, TeamNotYours
from touchstone.domains.secrets.model import SealedSecret, Secret

MOST_LISTED = 1000


class SecretRepository:
    """Names are compared in lower case."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def list_visible(self, viewer: Viewer) -> list[Secret]:
        return await self.executor.fetch_all(
            Secret,
            "select name, description from secret where " + VISIBLE + "order by created_at, name limit $2",
            viewer,
            MOST_LISTED,
        )

    async def find(self, name: str, viewer: Viewer) -> SealedSecret | None:
        return await self.executor.fetch_one(
            SealedSecret,
            "select name, value, allowed_hosts from secret where name = lower($2) and " + VISIBLE,
            viewer,
            name,
        )

    async def insert(self, secret: SealedSecret, description: str, belonging: Belonging) -> bool:
        """Answers whether the name was free; a secret that has it is left as it is."""
        with constraint({"secret_team_id_fkey": TeamNotYours(belonging.team)}):
            touched = await self.executor.execute(
                """
                insert into secret (name, value, description, allowed_hosts, owner, team_id, visibility)
                values (lower($1), $2, $3, $4, $5, $6, $7)
                on conflict (name) do nothing
                """,
                secret.name,
                secret.value,
                description,
                secret.allowed_hosts,
                belonging.owner,
                belonging.team,
                belonging.visibility,
            )
        return touched > 0

    async def replace(self, secret: SealedSecret, description: str) -> None:
        await self.executor.execute(
            """
            update secret set value = $2, description = $3, allowed_hosts = $4, updated_at = now()
            where name = lower($1)
            """,
            secret.name,
            secret.value,
            description,
            secret.allowed_hosts,
        )

    async def give(self, name: str, belonging: Belonging) -> None:
        """Its owner stays who he is."""
        with constraint({"secret_team_id_fkey": TeamNotYours(belonging.team)}):
            await self.executor.execute(
                "update secret set team_id = $2, visibility = $3 where name = lower($1)",
                name,
                belonging.team,
                belonging.visibility,
            )

    async def delete(self, name: str, viewer: Viewer) -> bool:
        """Answers whether it was there, and to be seen."""
        return await self.executor.execute("delete from secret where name = lower($2) and " + VISIBLE, viewer, name) > 0
