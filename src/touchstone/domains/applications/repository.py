"""The table `application`, and keys as they are read. `shown` are the permissions that the caller is shown."""

from typing import LiteralString

from touchstone.database.executor import Executor, constraint
from touchstone.domains.applications.model import ApplicationExists, ApplicationNotFound, ApplicationRow, KeyRow
from touchstone.domains.applications.schemas import ApiKey, Application

SELECT_ROW: LiteralString = "select id, name, permissions, accepts_extensions from application "
SELECT_APPLICATION: LiteralString = """
    select application.id, application.name, array(
            select word from unnest(application.permissions) with ordinality as listed (word, place)
            where word = any ($1::text[]) order by place
        ) as permissions,
        coalesce(newest.masked, '') as api_key, application.accepts_extensions, newest.expires_at, newest.last_used_at
    from application left join lateral (
        select masked, expires_at, last_used_at from api_key
        where application_id = application.id order by id desc limit 1
    ) as newest on true
"""


class ApplicationRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def get(self, application_id: int, shown: tuple[str, ...]) -> Application:
        """Raises ApplicationNotFound."""
        found = await self.find(application_id, shown)
        if found is None:
            raise ApplicationNotFound(id=application_id)
        return found

    async def find(self, application_id: int, shown: tuple[str, ...]) -> Application | None:
        return await self.executor.fetch_one(
            Application, SELECT_APPLICATION + "where application.id = $2", shown, application_id
        )

    async def list_all(self, shown: tuple[str, ...]) -> list[Application]:
        return await self.executor.fetch_all(Application, SELECT_APPLICATION + "order by application.id", shown)

    async def lock(self, application_id: int) -> ApplicationRow | None:
        return await self.executor.fetch_one(
            ApplicationRow, SELECT_ROW + "where id = $1 for no key update", application_id
        )

    async def find_by_name(self, name: str) -> ApplicationRow | None:
        return await self.executor.fetch_one(ApplicationRow, SELECT_ROW + "where name = $1", name)

    async def insert(self, name: str, permissions: list[str], accepts_extensions: bool) -> int:
        """Raises ApplicationExists."""
        with constraint({"application_name_key": ApplicationExists(name=name)}):
            return await self.executor.fetch_value(
                "insert into application (name, permissions, accepts_extensions) values ($1, $2, $3) returning id",
                name,
                permissions,
                accepts_extensions,
            )

    async def update(self, application_id: int, permissions: list[str], accepts_extensions: bool) -> None:
        await self.executor.execute(
            "update application set permissions = $2, accepts_extensions = $3, updated_at = now() where id = $1",
            application_id,
            permissions,
            accepts_extensions,
        )

    async def delete(self, application_id: int) -> None:
        """With its keys."""
        await self.executor.execute("delete from application where id = $1", application_id)

    async def list_keys(self, application_id: int) -> list[ApiKey]:
        """Newest first. Raises ApplicationNotFound."""
        keys = await self.executor.fetch_all(
            ApiKey,
            """
            select id, masked, created_at, expires_at, last_used_at from api_key
            where application_id = $1 order by id desc
            """,
            application_id,
        )
        if not keys:
            await self.get(application_id, ())
        return keys

    async def find_newest_key(self, application_id: int) -> KeyRow | None:
        return await self.executor.fetch_one(
            KeyRow,
            "select id, created_at, expires_at from api_key where application_id = $1 order by id desc limit 1",
            application_id,
        )

    async def is_live_key(self, key_id: int) -> bool:
        return await self.executor.fetch_value(
            "select exists (select from api_key where id = $1 and coalesce(expires_at > now(), true))", key_id
        )
