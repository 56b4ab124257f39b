"""Sessions: how they begin, what they need, how they end."""

import asyncio
import time
from collections.abc import AsyncGenerator

import httpx
import pytest
from tests.conftest import replaced, serving
from tests.integration.auth.browser import Browser
from tests.integration.auth.conftest import Audited
from tests.people import CSRF, add_user, as_application, session_of, signed_in
from tests.sweeping import sweep

from touchstone.assembly import Assembly
from touchstone.database.executor import Database
from touchstone.domains.auth.authenticator import Authenticator
from touchstone.domains.auth.session_repository import MOST_SESSIONS
from touchstone.domains.auth.tokens import digest_of
from touchstone.settings import Settings

SESSIONS = "/api/v1/users/me/sessions"
LOCAL = "/api/v1/auth/local/login"


@pytest.fixture
async def local(settings: Settings) -> AsyncGenerator[httpx.AsyncClient]:
    """An app where an e-mail address signs in."""
    async with serving(replaced(settings, local_login=True)) as client:
        yield client


async def log_in(browser: Browser, email: str = "ada@example.test") -> httpx.Response:
    return await browser.post(LOCAL, json={"email": email, "name": "Ada"})


async def who(client: httpx.AsyncClient) -> str | None:
    answer = await client.get("/v1/users/me")
    assert answer.status_code == 200
    return answer.json() and answer.json()["email"]


async def test_sessions_are_for_users(client: httpx.AsyncClient, database: Database) -> None:
    application = await as_application(client, database)
    for method, path in (("GET", SESSIONS), ("DELETE", SESSIONS), ("DELETE", f"{SESSIONS}/1")):
        assert (await client.request(method, path)).status_code == 401
        assert (await application.request(method, path)).status_code == 403


async def test_the_cookie_is_for_https_and_no_script(local: httpx.AsyncClient) -> None:
    answer = await local.post(LOCAL, json={"email": "ada@example.test"})
    cookie = answer.headers["set-cookie"]
    name, *attributes = cookie.split("; ")
    assert name.startswith("session=")
    assert {attribute.lower() for attribute in attributes} == {
        "httponly",
        "secure",
        "samesite=lax",
        "path=/",
        "max-age=1209600",
    }
    assert answer.headers["cache-control"] == "no-store"


async def test_the_cookie_may_go_without_https_where_that_is_said(settings: Settings) -> None:
    async with serving(replaced(settings, local_login=True, session_https_only=False)) as client:
        answer = await client.post(LOCAL, json={"email": "ada@example.test"})
        assert "secure" not in answer.headers["set-cookie"].lower()


async def test_the_secret_of_a_sign_on_comes_back_from_other_sites_over_https(
    saml_client: httpx.AsyncClient,
) -> None:
    cookie = (await saml_client.get("/v1/auth/saml/login")).headers["set-cookie"]
    assert cookie.startswith("__Host-sign_on=")
    assert {part.lower() for part in cookie.split("; ")[1:]} == {"httponly", "secure", "samesite=none", "path=/"}


async def test_the_table_holds_a_digest_of_the_token(local: httpx.AsyncClient, database: Database) -> None:
    browser = Browser(local)
    await log_in(browser)
    row = await database.fetch_value("select to_jsonb(user_session) from user_session")
    assert (browser.session or "none") not in str(row)
    assert await database.fetch_value("select token_digest from user_session") == digest_of(browser.session or "")


async def test_the_cookie_counts_only_beside_the_header_against_forgery(local: httpx.AsyncClient) -> None:
    browser = Browser(local)
    await log_in(browser)
    assert (await browser.get("/v1/users/me")).json() is None
    assert await browser.whoami() == "ada@example.test"
    assert (await browser.delete(SESSIONS)).status_code == 401


async def test_odd_cookies_of_others_do_not_hide_the_session(client: httpx.AsyncClient, database: Database) -> None:
    token = await session_of(database, await add_user(database, "ada@example.test"))
    for cookies in (f'x={{"a":"b c"}}; session={token}', f"a b=c; =; ; session={token}; y=1"):
        answer = await client.get("/v1/users/me", headers={**CSRF, "Cookie": cookies})
        assert answer.json()["email"] == "ada@example.test", cookies


async def test_logging_in_again_ends_the_session_that_the_browser_had(
    local: httpx.AsyncClient, database: Database, audited: Audited
) -> None:
    browser = Browser(local)
    await log_in(browser)
    former, former_id = browser.session, await database.fetch_value("select id from user_session")
    await log_in(browser, "bob@example.test")
    assert browser.session != former
    assert await who(signed_in(local, former or "")) is None
    assert (await audited("sign_in"))[-1]["after"]["ended_sessions"] == [former_id]


async def test_a_token_that_a_browser_brings_along_is_never_taken_over(local: httpx.AsyncClient) -> None:
    """Session fixation."""
    browser = Browser(local)
    browser.cookies["session"] = "a-token-that-somebody-else-knows"
    await log_in(browser)
    assert browser.session != "a-token-that-somebody-else-knows"


@pytest.mark.parametrize("column", ["idle_until", "expires_at"])
async def test_a_session_ends_by_time(client: httpx.AsyncClient, database: Database, column: str) -> None:
    token = await session_of(database, await add_user(database, "ada@example.test"))
    assert await who(signed_in(client, token)) == "ada@example.test"
    await database.execute(
        "update user_session set " + {"idle_until": "idle_until", "expires_at": "expires_at"}[column] + " = now()"
    )
    deadline = time.monotonic() + 10
    while await who(signed_in(client, token)) is not None:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


async def test_using_a_session_keeps_it_but_not_past_its_end(client: httpx.AsyncClient, database: Database) -> None:
    token = await session_of(database, await add_user(database, "ada@example.test"), seconds=90)
    await who(signed_in(client, token))
    idle, end = await database.fetch_value(
        "select json_build_array(extract(epoch from idle_until - now()), extract(epoch from expires_at - now())) "
        "from user_session"
    )
    assert idle > 3600
    assert end < 90


async def test_one_sees_where_one_is_signed_in(local: httpx.AsyncClient, database: Database) -> None:
    first, second, stranger = Browser(local), Browser(local), Browser(local)
    await first.post(LOCAL, json={"email": "ada@example.test"}, headers={"User-Agent": "a phone"})
    await log_in(second)
    await log_in(stranger, "bob@example.test")
    await session_of(database, await database.fetch_value("select id from app_user where name = 'Ada'"), seconds=-1)
    listed = (await second.get(SESSIONS, headers=CSRF)).json()
    assert [(one["user_agent"], one["method"], one["is_current"]) for one in listed] == [
        (second.client.headers["user-agent"], "local", True),
        ("a phone", "local", False),
    ]
    assert listed[0]["created_at"].endswith(("Z", "+00:00"))
    assert "token" not in str(listed)


async def test_one_ends_ones_own_sessions_and_nobody_elses(
    local: httpx.AsyncClient, database: Database, audited: Audited
) -> None:
    ada, bob = Browser(local), Browser(local)
    await log_in(ada)
    await log_in(bob, "bob@example.test")
    ids = {one: (await one.get(SESSIONS, headers=CSRF)).json()[0]["id"] for one in (ada, bob)}
    refused = await ada.delete(f"{SESSIONS}/{ids[bob]}", headers=CSRF)
    assert (refused.status_code, refused.json()["detail"]) == (404, f"Session {ids[bob]} not found")
    assert (await ada.delete(f"{SESSIONS}/{ids[ada]}", headers=CSRF)).status_code == 204
    assert await ada.whoami() is None
    assert await bob.whoami() == "bob@example.test"
    (event,) = await audited("revoke_session")
    assert event["subject"] == f"session:{ids[ada]}"


async def test_all_sessions_end_or_all_but_this_one(local: httpx.AsyncClient) -> None:
    browsers = [Browser(local) for _ in range(3)]
    for browser in browsers:
        await log_in(browser)
    answer = await browsers[0].delete(f"{SESSIONS}?except_current=true", headers=CSRF)
    assert (answer.status_code, answer.json()) == (200, {"ended": 2})
    assert [await browser.whoami() for browser in browsers] == ["ada@example.test", None, None]
    assert (await browsers[0].delete(SESSIONS, headers=CSRF)).json() == {"ended": 1}
    assert await browsers[0].whoami() is None


async def test_nobody_keeps_more_sessions_than_so_many(local: httpx.AsyncClient, database: Database) -> None:
    ada = await add_user(database, "ada@example.test")
    await database.execute(
        """
        insert into user_session (token_digest, user_id, method, idle_until, expires_at)
        select sha256(number::text::bytea), $1, 'local', now() + interval '1 hour', now() + interval '1 hour'
        from generate_series(1, $2) as number
        """,
        ada,
        MOST_SESSIONS,
    )
    browser = Browser(local)
    await log_in(browser)
    assert await database.fetch_value("select count(*) from user_session") == MOST_SESSIONS
    assert await browser.whoami() == "ada@example.test"


async def test_logging_out_in_one_process_is_heard_in_another(settings: Settings, database: Database) -> None:
    token = await session_of(database, await add_user(database, "ada@example.test"))
    async with serving(settings) as here, serving(settings) as there:
        deadline = time.monotonic() + 10
        for process in (here, there):
            assert await who(signed_in(process, token)) == "ada@example.test"
        await signed_in(here, token).delete(SESSIONS)
        assert await who(signed_in(here, token)) is None
        while await who(signed_in(there, token)) is not None:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)


async def test_an_answer_that_was_under_way_when_a_session_ended_is_not_remembered(
    settings: Settings, database: Database
) -> None:
    token = await session_of(database, await add_user(database))
    authenticator = Authenticator(database, idle_seconds=3600)
    async with authenticator.listening():
        await _hears(authenticator)
        looked_up, ended = asyncio.Event(), asyncio.Event()
        await _look_up_slowly(authenticator, looked_up, ended)
        asking = asyncio.create_task(authenticator.principal(token, None))
        await looked_up.wait()
        await database.execute("delete from user_session")
        authenticator.forget()
        ended.set()
        await asking
        assert (await authenticator.principal(token, None)).is_anonymous


async def test_what_is_remembered_does_not_outlive_the_session(database: Database) -> None:
    token, now = await session_of(database, await add_user(database), seconds=2), [100.0]
    authenticator = Authenticator(database, idle_seconds=3600, clock=lambda: now[0])
    async with authenticator.listening():
        await _hears(authenticator)
        assert (await authenticator.principal(token, None)).user_id is not None
        await database.execute("update user_session set idle_until = now(), expires_at = now()")
        assert (await authenticator.principal(token, None)).user_id is not None
        now[0] += 2.5
        assert (await authenticator.principal(token, None)).is_anonymous


async def _hears(authenticator: Authenticator) -> None:
    deadline = time.monotonic() + 10
    while not authenticator.hears:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def _look_up_slowly(authenticator: Authenticator, looked_up: asyncio.Event, ended: asyncio.Event) -> None:
    """The row is read, and the answer comes after something else has happened."""
    database = authenticator.database

    class Slow(Database):
        async def fetch_one(self, kind, sql, *values):
            found = await database.fetch_one(kind, sql, *values)
            looked_up.set()
            await ended.wait()
            return found

        async def execute(self, sql, *values):
            return await database.execute(sql, *values)

    authenticator.database = Slow(database.url)


async def test_the_worker_sweeps_up_what_has_expired(parts: Assembly, database: Database) -> None:
    user = await add_user(database)
    await session_of(database, user, seconds=-1)
    kept = digest_of(await session_of(database, user))
    for seconds in (-1, 100):
        await database.execute(
            "insert into sign_on (state_digest, method, purpose, request_id, expires_at) "
            "values (sha256($1::text::bytea), 'saml', 'sign-in', 'x', now() + $2 * interval '1 second')",
            f"{seconds}",
            seconds,
        )
        await database.execute(
            "insert into seen_assertion values (sha256($1::text::bytea), now() + $2 * interval '1 second')",
            f"{seconds}",
            seconds,
        )
    await sweep(parts)
    assert await database.fetch_value("select array_agg(token_digest) from user_session") == [kept]
    assert await database.fetch_value("select count(*) from sign_on") == 1
    assert await database.fetch_value("select count(*) from seen_assertion") == 1
