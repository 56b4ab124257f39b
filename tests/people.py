"""Users, applications and their credentials, put straight into the tables; and clients that carry them.

admin = await add_user(database, is_admin=True)
async with signed_in(client, await session_of(database, admin)) as as_admin: ...
"""

import uuid
from collections.abc import Iterable

import httpx

from touchstone.database.executor import Database
from touchstone.domains.auth.tokens import digest_of, masked, new_api_key, new_token

CSRF = {"X-CSRF-Token": "1"}


async def add_user(
    database: Database,
    email: str | None = None,
    *,
    name: str = "Somebody",
    permissions: Iterable[str] = (),
    is_admin: bool = False,
) -> int:
    """The id of a new user; permissions come through a team of his own."""
    user = await database.fetch_value(
        "insert into app_user (email, name, is_admin) values ($1, $2, $3) returning id",
        email or f"{uuid.uuid4().hex[:12]}@example.test",
        name,
        is_admin,
    )
    if granted := list(permissions):
        await join(database, user, await add_team(database, permissions=granted))
    return user


async def add_team(
    database: Database, name: str | None = None, *, permissions: Iterable[str] = (), claims: Iterable[str] = ()
) -> int:
    return await database.fetch_value(
        "insert into team (name, permissions, joined_by_claims) values ($1, $2, $3) returning id",
        name or f"team {uuid.uuid4().hex[:12]}",
        list(permissions),
        list(claims),
    )


async def join(database: Database, user_id: int, team_id: int) -> None:
    await database.execute("insert into team_member (team_id, user_id) values ($1, $2)", team_id, user_id)


async def session_of(database: Database, user_id: int, *, seconds: int = 3600) -> str:
    """The token of a new session; negative seconds make one that has expired."""
    token = new_token()
    await database.execute(
        """
        insert into user_session (token_digest, user_id, method, idle_until, expires_at)
        values ($1, $2, 'local', now() + $3 * interval '1 second', now() + $3 * interval '1 second')
        """,
        digest_of(token),
        user_id,
        seconds,
    )
    return token


async def add_application(
    database: Database,
    name: str | None = None,
    *,
    permissions: Iterable[str] = (),
    accepts_extensions: bool = False,
) -> tuple[int, str]:
    """The id of a new application, and its key in clear."""
    application = await database.fetch_value(
        "insert into application (name, permissions, accepts_extensions) values ($1, $2, $3) returning id",
        name or f"application {uuid.uuid4().hex[:12]}",
        list(permissions),
        accepts_extensions,
    )
    return application, await key_of(database, application)


async def key_of(database: Database, application_id: int) -> str:
    """One more key of an application, in clear."""
    key = new_api_key()
    await database.execute(
        "insert into api_key (application_id, digest, masked) values ($1, $2, $3)",
        application_id,
        digest_of(key),
        masked(key),
    )
    return key


def signed_in(client: httpx.AsyncClient, token: str) -> httpx.AsyncClient:
    """Another client of the same app that carries a session, as the front end would."""
    return _beside(client, {**CSRF, "Cookie": f"session={token}"})


def with_key(client: httpx.AsyncClient, key: str) -> httpx.AsyncClient:
    """Another client of the same app that carries an application's key."""
    return _beside(client, {"Authorization": f"Bearer {key}"})


async def as_user(client: httpx.AsyncClient, database: Database, *permissions: str) -> httpx.AsyncClient:
    """A client of a new user with these permissions."""
    return signed_in(client, await session_of(database, await add_user(database, permissions=permissions)))


async def as_admin(client: httpx.AsyncClient, database: Database) -> httpx.AsyncClient:
    return signed_in(client, await session_of(database, await add_user(database, is_admin=True)))


async def as_application(client: httpx.AsyncClient, database: Database, *permissions: str) -> httpx.AsyncClient:
    """A client of a new application with these permissions."""
    return with_key(client, (await add_application(database, permissions=permissions))[1])


def _beside(client: httpx.AsyncClient, headers: dict[str, str]) -> httpx.AsyncClient:
    transport = client._transport  # closing it is a no-op for an ASGI app
    return httpx.AsyncClient(transport=transport, base_url=client.base_url, headers=headers)
