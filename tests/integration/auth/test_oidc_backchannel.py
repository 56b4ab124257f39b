"""OpenID Connect Back-Channel Logout 1.0: the provider itself says that a session has ended there."""

import time
from typing import Any

import httpx
import pytest
from tests.integration.auth.browser import Browser
from tests.integration.auth.conftest import Audited
from tests.integration.auth.oidc_op import Misbehaviour, OidcOp
from tests.integration.auth.test_oidc import sign_in

from touchstone.database.executor import Database

BACKCHANNEL = "/v1/auth/oidc/backchannel-logout"
EVENT = "http://schemas.openid.net/event/backchannel-logout"


async def signed_in(client: httpx.AsyncClient, op: OidcOp, session: str, subject: str = "ada") -> Browser:
    op.user = {**op.user, "sub": subject, "sid": session, "email": f"{subject}@example.test"}
    browser = Browser(client)
    assert (await sign_in(browser)).status_code == 200
    return browser


async def told(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post(BACKCHANNEL, data={"logout_token": token})


async def sessions(database: Database) -> int:
    return await database.fetch_value("select count(*) from user_session")


@pytest.mark.parametrize(
    "named", [{"sid": "one"}, {"sub": "ada", "sid": "one"}], ids=["its session", "its subject's session"]
)
async def test_the_session_that_the_provider_names_ends(
    oidc_client: httpx.AsyncClient, op: OidcOp, audited: Audited, named: dict[str, str]
) -> None:
    first, second = await signed_in(oidc_client, op, "one"), await signed_in(oidc_client, op, "two")
    answer = await told(oidc_client, op.logout_token(**named))
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store"), answer.text
    assert await first.whoami() is None
    assert await second.whoami() == "ada@example.test"
    assert len(await audited("sign_out_at_provider")) == 1


async def test_all_sessions_of_a_subject_end_and_nobody_elses(
    oidc_client: httpx.AsyncClient, op: OidcOp, database: Database
) -> None:
    for session in ("one", "two"):
        await signed_in(oidc_client, op, session)
    grace = await signed_in(oidc_client, op, "three", "grace")
    assert (await told(oidc_client, op.logout_token(sub="ada"))).status_code == 200
    assert await sessions(database) == 1
    assert await grace.whoami() == "grace@example.test"


async def test_a_session_and_a_subject_that_do_not_belong_together_end_nothing(
    oidc_client: httpx.AsyncClient, op: OidcOp, database: Database
) -> None:
    await signed_in(oidc_client, op, "one")
    assert (await told(oidc_client, op.logout_token(sub="grace", sid="one"))).status_code == 200
    assert await sessions(database) == 1


async def test_a_logout_token_counts_once(oidc_client: httpx.AsyncClient, op: OidcOp, database: Database) -> None:
    token = op.logout_token(sub="ada")
    assert (await told(oidc_client, token)).status_code == 200
    await signed_in(oidc_client, op, "one")
    assert (await told(oidc_client, token)).status_code == 400
    assert await sessions(database) == 1


@pytest.mark.parametrize("kind", [None, "JWT", "logout+jwt"])
async def test_what_kind_the_token_calls_itself(oidc_client: httpx.AsyncClient, op: OidcOp, kind: str | None) -> None:
    assert (await told(oidc_client, op.logout_token(kind=kind, sub="ada"))).status_code == 200


@pytest.mark.parametrize(
    ("claims", "wrong"),
    [
        pytest.param({"aud": "another"}, Misbehaviour(), id="another audience"),
        pytest.param({"iss": "https://other.example"}, Misbehaviour(), id="another issuer"),
        pytest.param({"exp": 1_000_000_000}, Misbehaviour(), id="expired"),
        pytest.param({"iat": 1_000_000_000, "exp": None}, Misbehaviour(), id="too old"),
        pytest.param({"iat": 9_000_000_000}, Misbehaviour(), id="of the future"),
        pytest.param({"iat": None}, Misbehaviour(), id="without a time"),
        pytest.param({"jti": None}, Misbehaviour(), id="without an id"),
        pytest.param({"jti": 5}, Misbehaviour(), id="with an odd id"),
        pytest.param({"events": None}, Misbehaviour(), id="without an event"),
        pytest.param({"events": {"something": {}}}, Misbehaviour(), id="of another event"),
        pytest.param({"events": [EVENT]}, Misbehaviour(), id="with odd events"),
        pytest.param({"nonce": "n"}, Misbehaviour(), id="an ID token"),
        pytest.param({"sub": None}, Misbehaviour(), id="about nobody"),
        pytest.param({"sub": ""}, Misbehaviour(), id="about an empty name"),
        pytest.param({"sub": None, "sid": 7}, Misbehaviour(), id="about a number"),
        pytest.param({}, Misbehaviour(algorithm="HS256"), id="signed with the public key"),
        pytest.param({}, Misbehaviour(algorithm="none"), id="not signed"),
    ],
)
async def test_a_token_that_is_no_logout_of_now_for_us_is_refused(
    oidc_client: httpx.AsyncClient, op: OidcOp, database: Database, claims: dict[str, Any], wrong: Misbehaviour
) -> None:
    await signed_in(oidc_client, op, "one")
    op.wrong = wrong
    answer = await told(oidc_client, op.logout_token(**{"sub": "ada", **claims}))
    assert (answer.status_code, answer.json()["detail"]) == (400, "Logout failed")
    assert await sessions(database) == 1


async def test_a_token_of_another_kind_is_refused(oidc_client: httpx.AsyncClient, op: OidcOp) -> None:
    assert (await told(oidc_client, op.logout_token(kind="at+jwt", sub="ada"))).status_code == 400


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "a" * 200_000, "é.é.é"])
async def test_garbage_is_no_fault_of_the_server(oidc_client: httpx.AsyncClient, op: OidcOp, token: str) -> None:
    assert (await told(oidc_client, token)).status_code == 400


async def test_a_call_without_a_token_is_told_so(oidc_client: httpx.AsyncClient, op: OidcOp) -> None:
    assert (await oidc_client.post(BACKCHANNEL, data={})).status_code == 400


async def test_a_new_key_of_the_provider_is_fetched(
    oidc_client: httpx.AsyncClient, op: OidcOp, database: Database
) -> None:
    await signed_in(oidc_client, op, "one")
    op.rotate_keys()
    assert (await told(oidc_client, op.logout_token(sub="ada", iat=int(time.time())))).status_code == 200
    assert await sessions(database) == 0


async def test_while_the_provider_is_away_it_is_asked_to_come_again(oidc_client: httpx.AsyncClient, op: OidcOp) -> None:
    op.is_up = False
    assert (await told(oidc_client, op.logout_token(sub="ada"))).status_code == 503


async def test_without_a_provider_there_is_no_such_thing(client: httpx.AsyncClient) -> None:
    assert (await told(client, "x.y.z")).status_code == 503
