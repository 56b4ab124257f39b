"""The table `app_user`. `shown` are the permissions that the caller is shown."""

from typing import LiteralString

from touchstone.database.executor import Executor
from touchstone.domains.users.model import EmailNotFound, UserNotFound, UserRow
from touchstone.domains.users.schemas import User, UserPage

SELECT_ROW: LiteralString = "select id, email, name, launchpad_handle, is_admin from app_user "
SELECT_USER: LiteralString = """
    select person.id, person.launchpad_handle, person.email, person.name, person.is_admin, coalesce((
        select json_agg(json_build_object('id', team.id, 'name', team.name, 'permissions', array(
            select word from unnest(team.permissions) with ordinality as listed (word, place)
            where word = any ($1::text[]) order by place
        )) order by team.name)
        from team_member join team on team.id = team_member.team_id where team_member.user_id = person.id
    ), '[]') as teams
    from app_user as person
"""


class UserRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def get(self, user_id: int, shown: tuple[str, ...]) -> User:
        """Raises UserNotFound."""
        user = await self.find(user_id, shown)
        if user is None:
            raise UserNotFound(id=user_id)
        return user

    async def find(self, user_id: int, shown: tuple[str, ...]) -> User | None:
        return await self.executor.fetch_one(User, SELECT_USER + "where person.id = $2", shown, user_id)

    async def search(self, words: list[str], *, limit: int, offset: int, shown: tuple[str, ...]) -> UserPage:
        """Every word must be in the e-mail address, the name or the handle, whatever its case, or be the id."""
        page = await self.executor.fetch_one(
            UserPage,
            """
            with matching as (
                select id, name from app_user where not exists (
                    select from unnest($2::text[]) as sought (word)
                    where strpos(lower(concat_ws(E'\\n', email, name, launchpad_handle)), lower(word)) = 0
                        and case when word ~ '^[0-9]{1,18}$' then word::bigint <> id else true end
                )
            ), page as ("""
            + SELECT_USER
            + """
                where person.id in (select id from matching order by name, id limit $3 offset $4)
            )
            select coalesce((select json_agg(page order by page.name, page.id) from page), '[]') as users,
                (select count(*) from matching) as count, $3::bigint as "limit", $4::bigint as "offset"
            """,
            shown,
            words,
            limit,
            offset,
        )
        assert page is not None  # an aggregate has a row always
        return page

    async def list_all(self) -> list[UserRow]:
        return await self.executor.fetch_all(UserRow, SELECT_ROW + "order by name, id")

    async def lock(self, user_id: int) -> UserRow | None:
        return await self.executor.fetch_one(UserRow, SELECT_ROW + "where id = $1 for no key update", user_id)

    async def lock_by_email(self, email: str) -> UserRow:
        """Raises EmailNotFound."""
        row = await self.executor.fetch_one(
            UserRow, SELECT_ROW + "where lower(email) = lower($1) for no key update", email
        )
        if row is None:
            raise EmailNotFound(email=email)
        return row

    async def lock_administrators(self) -> list[UserRow]:
        """Until the end of the transaction none of them is removed by somebody else."""
        return await self.executor.fetch_all(UserRow, SELECT_ROW + "where is_admin order by id for no key update")

    async def insert_if_new(self, email: str, name: str, launchpad_handle: str | None) -> UserRow | None:
        """None when somebody has the address."""
        return await self.executor.fetch_one(
            UserRow,
            """
            insert into app_user (email, name, launchpad_handle) values ($1, $2, $3)
            on conflict (lower(email)) do nothing
            returning id, email, name, launchpad_handle, is_admin
            """,
            email,
            name,
            launchpad_handle,
        )

    async def set_admin(self, user_id: int, is_admin: bool) -> None:
        await self.executor.execute(
            "update app_user set is_admin = $2, updated_at = now() where id = $1", user_id, is_admin
        )

    async def delete(self, user_id: int) -> None:
        """With memberships, sessions and notifications."""
        await self.executor.execute("delete from app_user where id = $1", user_id)
