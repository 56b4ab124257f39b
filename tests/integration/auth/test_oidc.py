"""OpenID Connect: signing in and out with a real provider."""

import httpx
import pytest
from tests.conftest import replaced, serving
from tests.integration.auth.browser import Browser
from tests.integration.auth.conftest import FRONTEND, Audited
from tests.integration.auth.oidc_op import CLIENT_ID, Misbehaviour, OidcOp
from tests.integration.auth.saml_idp import query_of
from tests.people import add_team, add_user, join

from touchstone.database.executor import Database
from touchstone.settings import Settings

LOGIN, CALLBACK, LOGOUT = (f"/v1/auth/oidc/{step}" for step in ("login", "callback", "logout"))


async def consent(browser: Browser, return_to: str | None = None) -> dict[str, str]:
    """What the provider sends back with the browser."""
    asked = await browser.get(LOGIN, params={"return_to": return_to} if return_to else {})
    assert asked.status_code == 307, asked.text
    async with httpx.AsyncClient() as provider:
        return query_of((await provider.get(asked.headers["location"])).headers["location"])


async def sign_in(browser: Browser, return_to: str | None = None) -> httpx.Response:
    """The whole round."""
    return await browser.get(CALLBACK, params=await consent(browser, return_to))


async def assert_refused(answer: httpx.Response, audited: Audited, because: str) -> None:
    assert (answer.status_code, answer.json()["detail"]) == (403, "Authentication failed"), answer.text
    assert because in (await audited("refuse_sign_in"))[-1]["after"]["reason"]
    assert "set-cookie" not in answer.headers


async def test_the_login_link_asks_with_a_challenge_a_state_and_a_nonce(
    oidc_client: httpx.AsyncClient, op: OidcOp, settings: Settings
) -> None:
    answer = await Browser(oidc_client).get(LOGIN)
    assert answer.headers["location"].startswith(f"{op.issuer}/authorize?")
    asked = query_of(answer.headers["location"])
    assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == ("code", CLIENT_ID, "S256")
    assert asked["redirect_uri"] == f"{settings.api_url}{CALLBACK}"
    assert min(len(asked[name]) for name in ("code_challenge", "state", "nonce")) >= 43


async def test_signing_in_makes_a_user_and_a_session_and_returns_to_the_front_end(
    oidc_client: httpx.AsyncClient, op: OidcOp
) -> None:
    browser = Browser(oidc_client)
    answer = await sign_in(browser, f"{FRONTEND}/snaps")
    assert (answer.status_code, answer.headers["location"]) == (302, f"{FRONTEND}/snaps")
    user = (await browser.get("/v1/users/me", headers={"X-CSRF-Token": "1"})).json()
    assert (user["email"], user["name"]) == ("ada@example.test", "Ada Lovelace")


async def test_nobody_is_sent_to_a_foreign_page(oidc_client: httpx.AsyncClient, op: OidcOp) -> None:
    answer = await sign_in(Browser(oidc_client), "https://evil.example/")
    assert (answer.status_code, answer.json()) == (200, {"message": "Authentication successful"})


@pytest.mark.parametrize(
    ("wrong", "because"),
    [
        pytest.param(Misbehaviour(claims={"aud": "another"}), "'aud'", id="another audience"),
        pytest.param(Misbehaviour(claims={"aud": [CLIENT_ID, "another"]}), "several parties", id="several audiences"),
        pytest.param(Misbehaviour(claims={"azp": "another"}), "another party", id="another party"),
        pytest.param(Misbehaviour(claims={"iss": "https://other.example"}), "'iss'", id="another issuer"),
        pytest.param(Misbehaviour(claims={"exp": 1_000_000_000}), "expired", id="expired"),
        pytest.param(Misbehaviour(claims={"iat": 1_000_000_000}), "too long ago", id="too old"),
        pytest.param(Misbehaviour(claims={"iat": 9_000_000_000}), "future", id="of the future"),
        pytest.param(Misbehaviour(claims={"nonce": "another"}), "'nonce'", id="another nonce"),
        pytest.param(Misbehaviour(without=("nonce",)), "'nonce'", id="no nonce"),
        pytest.param(Misbehaviour(without=("sub",)), "'sub'", id="no subject"),
        pytest.param(Misbehaviour(without=("exp",)), "'exp'", id="no end"),
        pytest.param(Misbehaviour(algorithm="HS256"), "not allowed", id="signed with the public key"),
        pytest.param(Misbehaviour(algorithm="none"), "not allowed", id="not signed"),
        pytest.param(Misbehaviour(is_tampered=True), "signature", id="changed"),
        pytest.param(Misbehaviour(challenge="x" * 43), "invalid_grant", id="another challenge"),
    ],
)
async def test_a_token_that_is_not_for_us_now_is_refused(
    oidc_client: httpx.AsyncClient, op: OidcOp, audited: Audited, wrong: Misbehaviour, because: str
) -> None:
    op.wrong = wrong
    await assert_refused(await sign_in(Browser(oidc_client)), audited, because)


async def test_a_state_that_we_did_not_give_is_refused(
    oidc_client: httpx.AsyncClient, op: OidcOp, audited: Audited
) -> None:
    browser = Browser(oidc_client)
    brought = await consent(browser)
    answer = await browser.get(CALLBACK, params={**brought, "state": "another"})
    await assert_refused(answer, audited, "has not asked")


async def test_an_answer_in_another_browser_is_refused(
    oidc_client: httpx.AsyncClient, op: OidcOp, audited: Audited
) -> None:
    """Else somebody could have others sign in as himself."""
    brought, victim = await consent(Browser(oidc_client)), Browser(oidc_client)
    await consent(victim)
    await assert_refused(await victim.get(CALLBACK, params=brought), audited, "has not asked")


async def test_an_answer_counts_once(oidc_client: httpx.AsyncClient, op: OidcOp, audited: Audited) -> None:
    browser = Browser(oidc_client)
    brought = await consent(browser)
    assert (await browser.get(CALLBACK, params=brought)).status_code == 200
    await assert_refused(await browser.get(CALLBACK, params=brought), audited, "has not asked")


async def test_a_code_of_another_sign_on_is_refused(
    oidc_client: httpx.AsyncClient, op: OidcOp, audited: Audited
) -> None:
    """An injected code does not fit this browser's verifier."""
    stolen, browser = await consent(Browser(oidc_client)), Browser(oidc_client)
    brought = await consent(browser)
    answer = await browser.get(CALLBACK, params={**brought, "code": stolen["code"]})
    await assert_refused(answer, audited, "invalid_grant")


async def test_an_answer_of_another_issuer_is_refused(
    oidc_client: httpx.AsyncClient, op: OidcOp, audited: Audited
) -> None:
    browser = Browser(oidc_client)
    brought = await consent(browser)
    answer = await browser.get(CALLBACK, params={**brought, "iss": "https://other.example"})
    await assert_refused(answer, audited, "another issuer")


async def test_a_user_who_says_no_is_refused(oidc_client: httpx.AsyncClient, op: OidcOp, audited: Audited) -> None:
    browser = Browser(oidc_client)
    brought = await consent(browser)
    answer = await browser.get(CALLBACK, params={"state": brought["state"], "error": "access_denied"})
    await assert_refused(answer, audited, "access_denied")


async def test_a_call_without_a_state_is_told_what_is_missing(oidc_client: httpx.AsyncClient) -> None:
    answer = await oidc_client.get(CALLBACK, params={"code": "x"})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", "state"]


async def test_a_provider_that_rotates_its_keys_is_followed(oidc_client: httpx.AsyncClient, op: OidcOp) -> None:
    assert (await sign_in(Browser(oidc_client))).status_code == 200
    op.rotate_keys()
    assert (await sign_in(Browser(oidc_client))).status_code == 200
    assert op.key_reads == 2


async def test_unknown_keys_do_not_make_us_ask_again_and_again(
    oidc_client: httpx.AsyncClient, op: OidcOp, audited: Audited
) -> None:
    await sign_in(Browser(oidc_client))
    genuine = op.keys
    for _ in range(3):
        op.rotate_keys()
        forged, op.published = op.keys, genuine
        op.keys = forged
        await assert_refused(await sign_in(Browser(oidc_client)), audited, "unknown key")
    assert op.key_reads == 2


async def test_an_address_that_is_not_verified_does_not_count(
    oidc_settings: Settings, oidc_client: httpx.AsyncClient, op: OidcOp, audited: Audited
) -> None:
    op.user["email_verified"] = False
    await assert_refused(await sign_in(Browser(oidc_client)), audited, "verified")
    async with serving(replaced(oidc_settings, oidc_unverified_email=True)) as client:
        assert (await sign_in(Browser(client))).status_code == 200


@pytest.mark.parametrize("email", [None, "", "no address", "a b@example.test", "ada@exam\nple.test", 5])
async def test_without_a_usable_address_nobody_signs_in(
    oidc_client: httpx.AsyncClient, op: OidcOp, audited: Audited, email: object
) -> None:
    op.user["email"] = email
    await assert_refused(await sign_in(Browser(oidc_client)), audited, "e-mail address")


async def test_what_the_token_lacks_is_asked_for(
    oidc_client: httpx.AsyncClient, op: OidcOp, database: Database
) -> None:
    team = await add_team(database, claims=["oidc:hackers"])
    del op.user["email"]
    op.user_info = {"email": "ada@example.test", "groups": ["hackers"]}
    browser = Browser(oidc_client)
    await sign_in(browser)
    assert await browser.whoami() == "ada@example.test"
    assert await database.fetch_value("select joined_by_claim from team_member where team_id = $1", team) == (
        "oidc:hackers"
    )


async def test_user_info_about_somebody_else_is_refused(
    oidc_client: httpx.AsyncClient, op: OidcOp, audited: Audited
) -> None:
    op.user_info = {"sub": "eve", "groups": ["admins"]}
    await assert_refused(await sign_in(Browser(oidc_client)), audited, "somebody else")


async def test_memberships_of_other_providers_and_those_by_hand_stay(
    oidc_client: httpx.AsyncClient, op: OidcOp, database: Database
) -> None:
    ada = await add_user(database, "ada@example.test")
    by_hand, by_saml = await add_team(database), await add_team(database, claims=["saml:hackers"])
    gone = await add_team(database, claims=["oidc:hackers"])
    await join(database, ada, by_hand)
    for team, claim in ((by_saml, "saml:hackers"), (gone, "oidc:hackers")):
        await database.execute(
            "insert into team_member (team_id, user_id, joined_by_claim) values ($1, $2, $3)", team, ada, claim
        )
    await sign_in(Browser(oidc_client))
    assert await database.fetch_value("select array_agg(team_id order by team_id) from team_member") == [
        by_hand,
        by_saml,
    ]


async def test_signing_in_again_ends_the_session_that_the_browser_had(
    oidc_client: httpx.AsyncClient, op: OidcOp, database: Database
) -> None:
    browser = Browser(oidc_client)
    await sign_in(browser)
    former = browser.session
    await sign_in(browser)
    assert browser.session != former
    assert await database.fetch_value("select count(*) from user_session") == 1


async def test_a_provider_that_is_away_is_503(oidc_client: httpx.AsyncClient, op: OidcOp) -> None:
    browser = Browser(oidc_client)
    brought = await consent(browser)
    op.is_up = False
    assert (await browser.get(CALLBACK, params=brought)).status_code == 503
    async with httpx.AsyncClient() as provider:
        assert (await provider.get(op.issuer)).status_code == 503


async def test_discovery_for_another_issuer_is_not_believed(oidc_settings: Settings, op: OidcOp) -> None:
    async with serving(replaced(oidc_settings, oidc_issuer=op.issuer.replace("127.0.0.1", "localhost"))) as client:
        assert (await client.get(LOGIN)).status_code == 503


async def test_logging_out_ends_the_session_here_then_at_the_provider(
    oidc_client: httpx.AsyncClient, op: OidcOp, database: Database
) -> None:
    browser = Browser(oidc_client)
    await sign_in(browser)
    answer = await browser.get(LOGOUT, params={"return_to": f"{FRONTEND}/bye"})
    assert answer.status_code == 307
    assert answer.headers["location"].startswith(f"{op.issuer}/end?")
    told = query_of(answer.headers["location"])
    assert (told["client_id"], told["post_logout_redirect_uri"]) == (CLIENT_ID, f"{FRONTEND}/bye")
    assert told["id_token_hint"].count(".") == 2
    assert await database.fetch_value("select count(*) from user_session") == 0


async def test_the_links_of_old_front_ends_lead_to_the_provider_too(oidc_client: httpx.AsyncClient, op: OidcOp) -> None:
    """Front ends of the contract know SAML's links alone."""
    browser = Browser(oidc_client)
    answer = await browser.get("/v1/auth/saml/login", params={"return_to": f"{FRONTEND}/?a=1&b=2"})
    assert (answer.status_code, answer.headers["location"]) == (
        307,
        "../oidc/login?return_to=http%3A%2F%2Flocalhost%3A30001%2F%3Fa%3D1%26b%3D2",
    )
    await sign_in(browser)
    answer = await browser.get("/v1/auth/saml/logout")
    assert answer.headers["location"].startswith(f"{op.issuer}/end?")


async def test_without_a_provider_there_is_no_openid_connect(client: httpx.AsyncClient) -> None:
    for path in (LOGIN, LOGOUT, f"{CALLBACK}?state=x&code=y"):
        answer = await client.get(path)
        assert (answer.status_code, answer.json()["detail"]) == (503, "OpenID Connect is not configured")


async def test_what_is_kept_of_a_sign_on_is_encrypted(
    oidc_client: httpx.AsyncClient, op: OidcOp, database: Database
) -> None:
    browser = Browser(oidc_client)
    await sign_in(browser)
    kept = await database.fetch_value("select convert_from(provider_details, 'utf8') from user_session")
    assert kept.startswith("gAAAA")
