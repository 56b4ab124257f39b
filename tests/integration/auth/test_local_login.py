"""Signing in by e-mail address alone: there for development, and nowhere else."""

import asyncio

import httpx
import pytest
from tests.conftest import replaced, serving
from tests.integration.auth.browser import Browser
from tests.integration.auth.conftest import FRONTEND

from touchstone.database.executor import Database
from touchstone.settings import Settings

LOGIN, LOGOUT = "/api/v1/auth/local/login", "/api/v1/auth/local/logout"


@pytest.fixture
def local_settings(settings: Settings) -> Settings:
    return replaced(settings, local_login=True)


async def is_there(settings: Settings) -> bool:
    async with serving(settings) as client:
        answers = [
            await client.get(LOGIN),
            await client.post(LOGIN, json={"email": "ada@example.test"}),
            await client.post(f"{LOGIN}/form", data={"email": "ada@example.test"}),
        ]
    statuses = {answer.status_code for answer in answers}
    assert len(statuses) == 1
    if statuses == {404}:
        assert {answer.json()["detail"] for answer in answers} == {"Not Found"}
    return statuses == {200}


async def test_it_is_there_where_it_is_said(local_settings: Settings) -> None:
    assert await is_there(local_settings)


async def test_it_is_not_there_by_itself(settings: Settings) -> None:
    assert not await is_there(settings)


@pytest.mark.parametrize(
    "change",
    [
        {"deployment_type": "production"},
        {"deployment_type": "production", "local_login_anywhere": True},
        {"host": "0.0.0.0", "allowed_hosts": ("*",)},
        {"public_url": "https://touchstone.example.org", "allowed_hosts": ("*",)},
        {"trusted_proxies": ("10.0.0.0/8",)},
    ],
)
async def test_it_is_not_there_in_production_or_beyond_loopback(
    local_settings: Settings, change: dict[str, object]
) -> None:
    assert not await is_there(replaced(local_settings, **change))


async def test_beyond_loopback_it_takes_a_second_word(local_settings: Settings) -> None:
    reachable = replaced(local_settings, host="0.0.0.0", allowed_hosts=("*",))
    assert await is_there(replaced(reachable, local_login_anywhere=True))


async def test_the_page_leads_back_to_the_front_end(local_settings: Settings) -> None:
    async with serving(local_settings) as client:
        browser = Browser(client)
        page = await browser.get(LOGIN, params={"return_to": f'{FRONTEND}/?"><script>'})
        assert '<form method="post" action="login/form">' in page.text
        assert "<script>" not in page.text
        assert "form-action 'self' http://localhost:30001" in page.headers["content-security-policy"]
        form = {"email": "ada@example.test", "name": "", "return_to": f"{FRONTEND}/snaps"}
        answer = await browser.post(f"{LOGIN}/form", data=form)
        assert (answer.status_code, answer.headers["location"]) == (302, f"{FRONTEND}/snaps")
        assert await browser.whoami() == "ada@example.test"


async def test_the_page_leads_nowhere_else(local_settings: Settings) -> None:
    async with serving(local_settings) as client:
        assert "evil" not in (await client.get(LOGIN, params={"return_to": "https://evil.example"})).text
        form = {"email": "ada@example.test", "return_to": "https://evil.example"}
        assert (await client.post(f"{LOGIN}/form", data=form)).status_code == 200


async def test_the_links_of_front_ends_lead_there_where_nothing_else_is_set_up(local_settings: Settings) -> None:
    async with serving(local_settings) as client:
        browser = Browser(client)
        answer = await browser.get("/v1/auth/saml/login", params={"return_to": FRONTEND})
        assert (answer.status_code, answer.headers["location"]) == (
            307,
            "../local/login?return_to=http%3A%2F%2Flocalhost%3A30001",
        )
        await browser.post(LOGIN, json={"email": "ada@example.test"})
        answer = await browser.get("/v1/auth/saml/logout", params={"return_to": FRONTEND})
        assert (answer.status_code, answer.headers["location"]) == (307, FRONTEND)
        assert browser.session is None


async def test_logging_out_leads_nowhere_else(local_settings: Settings, database: Database) -> None:
    async with serving(local_settings) as client:
        browser = Browser(client)
        await browser.post(LOGIN, json={"email": "ada@example.test"})
        answer = await browser.get(LOGOUT, params={"return_to": "https://evil.example"})
        assert (answer.status_code, answer.content) == (200, b"null")
    assert await database.fetch_value("select count(*) from user_session") == 0


@pytest.mark.parametrize("email", ["no address", "ada@", "@example.test"])
async def test_what_is_no_address_is_refused(local_settings: Settings, email: str) -> None:
    async with serving(local_settings) as client:
        answer = await client.post(LOGIN, json={"email": email})
        assert (answer.status_code, answer.json()["detail"]) == (403, "Authentication failed")


async def test_many_first_sign_ins_at_once_make_one_user(local_settings: Settings, database: Database) -> None:
    async with serving(local_settings) as client:
        emails = ["ada@example.test", "Ada@Example.test"] * 4
        answers = await asyncio.gather(*(client.post(LOGIN, json={"email": email}) for email in emails))
        assert {answer.status_code for answer in answers} == {200}
    assert await database.fetch_value("select count(*) from app_user") == 1
    assert await database.fetch_value("select count(*) from user_session") == 8


async def test_forms_and_scripts_of_other_sites_get_no_session_that_counts(local_settings: Settings) -> None:
    async with serving(local_settings) as client:
        answer = await client.post(
            f"{LOGIN}/form", data={"email": "ada@example.test"}, headers={"Origin": "https://evil.example"}
        )
        assert "access-control-allow-origin" not in answer.headers


async def test_an_empty_body_is_told_what_is_missing(local_settings: Settings) -> None:
    async with serving(local_settings) as client:
        answer: httpx.Response = await client.post(LOGIN, json={})
        assert answer.json()["detail"][0]["loc"] == ["body", "email"]


async def test_who_tries_too_often_has_to_wait(local_settings: Settings) -> None:
    async with serving(replaced(local_settings, login_attempts=3)) as client:
        tried = [await client.post(LOGIN, json={"email": "ada@example.test"}) for _ in range(4)]
        assert [answer.status_code for answer in tried] == [200, 200, 200, 429]
        assert int(tried[-1].headers["retry-after"]) > 0
        assert (await client.post(LOGIN, json={"email": "bob@example.test"})).status_code == 200
