"""SAML: signing in through a real identity provider."""

import re
from base64 import b64decode, b64encode
from pathlib import Path

import httpx
import pytest
from tests.conftest import replaced, serving
from tests.integration.auth.browser import Browser
from tests.integration.auth.certificates import key_pair
from tests.integration.auth.conftest import FRONTEND, Audited
from tests.integration.auth.saml_idp import Answer, Person, SamlIdp, query_of
from tests.people import add_team, add_user, join

from touchstone.database.executor import Database
from touchstone.settings import Settings

LOGIN, ACS = "/v1/auth/saml/login", "/v1/auth/saml/acs"


async def ask(browser: Browser, return_to: str | None = None) -> httpx.Response:
    return await browser.get(LOGIN, params={"return_to": return_to} if return_to else {})


async def sign_in(browser: Browser, idp: SamlIdp, return_to: str | None = None) -> httpx.Response:
    """The whole round."""
    asked = await ask(browser, return_to)
    assert asked.status_code == 307, asked.text
    query = query_of(asked.headers["location"])
    return await browser.post(ACS, data={"SAMLResponse": idp.respond(query), "RelayState": query["RelayState"]})


async def test_the_login_link_leads_to_the_provider_and_keeps_where_to_return(
    saml_client: httpx.AsyncClient, idp: SamlIdp
) -> None:
    answer = await ask(Browser(saml_client), f"{FRONTEND}/snaps")
    assert answer.status_code == 307
    assert answer.headers["location"].startswith(f"{idp.url}/sso?SAMLRequest=")
    assert query_of(answer.headers["location"])["RelayState"] == f"{FRONTEND}/snaps"


async def test_without_a_page_to_return_to_the_login_link_itself_is_the_relay_state(
    saml_client: httpx.AsyncClient, settings: Settings
) -> None:
    answer = await ask(Browser(saml_client))
    assert query_of(answer.headers["location"])["RelayState"] == f"{settings.api_url}{LOGIN}"


async def test_the_login_link_answers_below_the_prefix_too(saml_client: httpx.AsyncClient) -> None:
    assert (await saml_client.get(f"/api{LOGIN}")).status_code == 307


async def test_signing_in_makes_a_user_and_a_session_and_returns_to_the_front_end(
    saml_client: httpx.AsyncClient, idp: SamlIdp
) -> None:
    browser = Browser(saml_client)
    answer = await sign_in(browser, idp, f"{FRONTEND}/#/snaps?x=1")
    assert (answer.status_code, answer.headers["location"]) == (302, f"{FRONTEND}/#/snaps?x=1")
    user = (await browser.get("/v1/users/me", headers={"X-CSRF-Token": "1"})).json()
    assert (user["email"], user["name"]) == ("ada@example.test", "Ada Lovelace")


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "http://localhost:30001.evil.example/",
        "http://localhost:30001@evil.example/",
        "//localhost:30001/",
        "http://localhost:30001\\@evil.example/",
        "https://localhost:30001/",
    ],
)
async def test_nobody_is_sent_to_a_foreign_page(saml_client: httpx.AsyncClient, idp: SamlIdp, elsewhere: str) -> None:
    browser = Browser(saml_client)
    answer = await sign_in(browser, idp, elsewhere)
    assert (answer.status_code, answer.content) == (200, b"null")
    assert await browser.whoami() == "ada@example.test"


async def test_an_answer_without_a_relay_state_says_that_it_worked(
    saml_client: httpx.AsyncClient, idp: SamlIdp
) -> None:
    browser = Browser(saml_client)
    query = query_of((await ask(browser)).headers["location"])
    answer = await browser.post(ACS, data={"SAMLResponse": idp.respond(query)})
    assert (answer.status_code, answer.json()) == (200, {"message": "Authentication successful"})


async def test_further_front_ends_may_be_named(saml_settings: Settings, idp: SamlIdp) -> None:
    async with serving(replaced(saml_settings, return_urls=("https://staging.example.org/app",))) as client:
        idp.sp_metadata = (await client.get("/v1/auth/saml/metadata")).text
        answer = await sign_in(Browser(client), idp, "https://staging.example.org/other")
        assert answer.headers["location"] == "https://staging.example.org/other"


async def test_a_user_who_is_known_keeps_his_name_whatever_the_case_of_his_address(
    saml_client: httpx.AsyncClient, idp: SamlIdp, database: Database
) -> None:
    await add_user(database, "Ada@Example.Test", name="Countess")
    browser = Browser(saml_client)
    await sign_in(browser, idp)
    assert await browser.whoami() == "Ada@Example.Test"
    assert await database.fetch_value("select array_agg(name) from app_user") == ["Countess"]


async def assert_refused(response: httpx.Response, audited: Audited, because: str) -> None:
    """The reason is in the audit trail alone."""
    assert (response.status_code, response.json()["detail"]) == (403, "Authentication failed"), response.text
    assert because in (await audited("refuse_sign_in"))[-1]["after"]["reason"]
    assert "set-cookie" not in response.headers
    assert because not in response.text


@pytest.mark.parametrize(
    ("answer", "because"),
    [
        pytest.param(Answer(audience="https://other.example"), "not a valid audience", id="another audience"),
        pytest.param(Answer(in_response_to="_another"), "has not asked", id="another request"),
        pytest.param(Answer(recipient="https://other.example/acs"), "was received at", id="another recipient"),
        pytest.param(Answer(minutes=-30), "expired", id="expired"),
        pytest.param(Answer(signs=False), "No Signature", id="not signed"),
    ],
)
async def test_an_answer_that_is_not_for_us_now_is_refused(
    saml_client: httpx.AsyncClient, idp: SamlIdp, audited: Audited, answer: Answer, because: str
) -> None:
    idp.answer = answer
    await assert_refused(await sign_in(Browser(saml_client), idp), audited, because)


async def test_an_assertion_that_is_confirmed_for_another_request_is_refused(
    saml_client: httpx.AsyncClient, idp: SamlIdp, audited: Audited
) -> None:
    """Only the assertion is signed, so that the response around it can be made to name any request."""
    browser = Browser(saml_client)
    first, second = [query_of((await ask(browser)).headers["location"]) for _ in range(2)]
    ids = [re.findall(rb'InResponseTo="([^"]+)"', b64decode(idp.respond(query)))[0] for query in (first, second)]
    moved = b64decode(idp.respond(first)).replace(ids[0], ids[1], 1)
    answer = await browser.post(ACS, data={"SAMLResponse": b64encode(moved).decode()})
    await assert_refused(answer, audited, "SubjectConfirmation")


async def test_a_response_that_is_signed_as_a_whole_is_accepted(saml_client: httpx.AsyncClient, idp: SamlIdp) -> None:
    idp.answer = Answer(signs=False, signs_response=True)
    browser = Browser(saml_client)
    await sign_in(browser, idp)
    assert await browser.whoami() == "ada@example.test"


async def test_an_assertion_that_was_changed_is_refused(
    saml_client: httpx.AsyncClient, idp: SamlIdp, audited: Audited
) -> None:
    browser = Browser(saml_client)
    query = query_of((await ask(browser)).headers["location"])
    changed = b64decode(idp.respond(query)).replace(b"ada@example.test", b"root@example.test")
    answer = await browser.post(ACS, data={"SAMLResponse": b64encode(changed).decode()})
    await assert_refused(answer, audited, "Signature validation failed")


async def test_a_second_assertion_beside_the_signed_one_is_refused(
    saml_client: httpx.AsyncClient, idp: SamlIdp, audited: Audited
) -> None:
    """Signature wrapping."""
    browser = Browser(saml_client)
    query = query_of((await ask(browser)).headers["location"])
    xml = b64decode(idp.respond(query)).decode()
    start, end = xml.index("<ns1:Assertion "), xml.index("</ns1:Assertion>") + len("</ns1:Assertion>")
    forged = xml[start:end].replace("ada@example.test", "root@example.test").replace('ID="id-', 'ID="id-x')
    wrapped = xml[:start] + forged + xml[start:]
    answer = await browser.post(ACS, data={"SAMLResponse": b64encode(wrapped.encode()).decode()})
    await assert_refused(answer, audited, "must contain 1 assertion")


async def test_an_answer_counts_once(saml_client: httpx.AsyncClient, idp: SamlIdp, audited: Audited) -> None:
    browser = Browser(saml_client)
    query = query_of((await ask(browser)).headers["location"])
    response = idp.respond(query)
    assert (await browser.post(ACS, data={"SAMLResponse": response})).status_code == 200
    again = await browser.post(ACS, data={"SAMLResponse": response})
    await assert_refused(again, audited, "has not asked")


async def test_an_assertion_that_was_seen_is_refused_though_the_request_waits(
    saml_client: httpx.AsyncClient, idp: SamlIdp, database: Database, audited: Audited
) -> None:
    browser = Browser(saml_client)
    query = query_of((await ask(browser)).headers["location"])
    response = idp.respond(query)
    awaited = await database.fetch_value("select to_jsonb(sign_on) from sign_on")
    assert (await browser.post(ACS, data={"SAMLResponse": response})).status_code == 200
    await database.execute("insert into sign_on select * from jsonb_populate_record(null::sign_on, $1)", awaited)
    again = await browser.post(ACS, data={"SAMLResponse": response})
    await assert_refused(again, audited, "was used before")


async def test_an_answer_in_another_browser_is_refused(
    saml_client: httpx.AsyncClient, idp: SamlIdp, audited: Audited
) -> None:
    """Else somebody could have others sign in as himself."""
    query = query_of((await ask(Browser(saml_client))).headers["location"])
    victim = Browser(saml_client)
    await ask(victim)
    answer = await victim.post(ACS, data={"SAMLResponse": idp.respond(query)})
    await assert_refused(answer, audited, "has not asked")


async def test_an_answer_that_nobody_asked_for_is_refused(
    saml_client: httpx.AsyncClient, idp: SamlIdp, audited: Audited
) -> None:
    browser = Browser(saml_client)
    query = query_of((await ask(browser)).headers["location"])
    unasked = b64decode(idp.respond(query)).decode().replace(' InResponseTo="', ' Consent="urn:', 1)
    answer = await browser.post(ACS, data={"SAMLResponse": b64encode(unasked.encode()).decode()})
    await assert_refused(answer, audited, "answers no request")


async def test_a_sign_on_that_took_too_long_is_refused(
    saml_client: httpx.AsyncClient, idp: SamlIdp, database: Database
) -> None:
    browser = Browser(saml_client)
    query = query_of((await ask(browser)).headers["location"])
    await database.execute("update sign_on set expires_at = now()")
    assert (await browser.post(ACS, data={"SAMLResponse": idp.respond(query)})).status_code == 403


@pytest.mark.parametrize(
    "garbage", ["garbage", "PHhtbD4=", "%%%", "PCFET0NUWVBFIHggWzwhRU5USVRZIGUgImUiPl0+PHg+JmU7PC94Pg=="]
)
async def test_garbage_is_no_fault_of_the_server(saml_client: httpx.AsyncClient, garbage: str) -> None:
    answer = await saml_client.post(ACS, data={"SAMLResponse": garbage})
    assert (answer.status_code, answer.json()["detail"]) == (403, "Authentication failed")


async def test_an_empty_form_is_told_what_is_missing(saml_client: httpx.AsyncClient) -> None:
    answer = await saml_client.post(ACS, data={"RelayState": "x"})
    assert answer.status_code == 422
    assert (answer.json()["detail"][0]["type"], answer.json()["detail"][0]["loc"]) == (
        "missing",
        ["body", "SAMLResponse"],
    )


async def test_a_return_address_without_end_is_refused(saml_client: httpx.AsyncClient) -> None:
    assert (await saml_client.get(LOGIN, params={"return_to": "h" * 3000})).status_code == 422


async def test_signing_in_again_ends_the_session_that_the_browser_had(
    saml_client: httpx.AsyncClient, idp: SamlIdp, database: Database
) -> None:
    """The provider's cross-site form does not bring the session's cookie along."""
    browser = Browser(saml_client)
    await sign_in(browser, idp)
    former = browser.session
    query = query_of((await ask(browser)).headers["location"])
    del browser.cookies["session"]
    await browser.post(ACS, data={"SAMLResponse": idp.respond(query)})
    assert browser.session not in (former, None)
    assert await database.fetch_value("select count(*) from user_session") == 1


async def test_two_sign_ons_of_one_browser_do_not_disturb_each_other(
    saml_client: httpx.AsyncClient, idp: SamlIdp
) -> None:
    browser = Browser(saml_client)
    queries = [query_of((await ask(browser)).headers["location"]) for _ in range(2)]
    for query in queries:
        assert (await browser.post(ACS, data={"SAMLResponse": idp.respond(query)})).status_code == 200


async def test_requests_are_signed_where_there_is_a_key(saml_settings: Settings, idp: SamlIdp, tmp_path: Path) -> None:
    """The provider refuses requests whose signature is missing or wrong."""
    pair = key_pair("touchstone")
    key, certificate = tmp_path / "sp.key", tmp_path / "sp.crt"
    key.write_text(pair.key)
    certificate.write_text(pair.certificate)
    idp.wants_signed_requests = True
    async with serving(replaced(saml_settings, saml_key_file=key, saml_certificate_file=certificate)) as client:
        idp.sp_metadata = (await client.get("/v1/auth/saml/metadata")).text
        assert 'AuthnRequestsSigned="true"' in idp.sp_metadata
        idp.answer = Answer(signs_response=True, encrypts=True)
        browser = Browser(client)
        assert {"Signature", "SigAlg"} <= query_of((await ask(browser)).headers["location"]).keys()
        await sign_in(browser, idp)
        assert await browser.whoami() == "ada@example.test"


async def test_metadata_say_where_answers_go(saml_client: httpx.AsyncClient, settings: Settings) -> None:
    answer = await saml_client.get("/api/v1/auth/saml/metadata")
    assert answer.headers["content-type"].startswith("application/samlmetadata+xml")
    for step in ("acs", "sls"):
        assert f'Location="{settings.api_url}/v1/auth/saml/{step}"' in answer.text
    assert f'entityID="{settings.api_url}"' in answer.text


async def test_metadata_are_read_once(saml_client: httpx.AsyncClient, idp: SamlIdp) -> None:
    for _ in range(3):
        await ask(Browser(saml_client))
    assert idp.metadata_reads == 1


async def test_a_provider_that_changes_its_certificate_is_read_again(
    saml_client: httpx.AsyncClient, idp: SamlIdp
) -> None:
    await ask(Browser(saml_client))
    idp.change_keys()
    browser = Browser(saml_client)
    await sign_in(browser, idp)
    assert await browser.whoami() == "ada@example.test"


async def test_a_provider_that_is_away_is_503(saml_client: httpx.AsyncClient, idp: SamlIdp) -> None:
    idp.is_up = False
    answer = await saml_client.get(LOGIN)
    assert answer.status_code == 503
    assert answer.json()["detail"] == "Upstream error with the identity provider: status 503"


async def test_metadata_may_be_a_file(settings: Settings, idp: SamlIdp, tmp_path: Path) -> None:
    file = tmp_path / "idp.xml"
    file.write_text(idp.metadata())
    async with serving(replaced(settings, saml_metadata_file=file)) as client:
        assert (await client.get(LOGIN)).headers["location"].startswith(f"{idp.url}/sso")


async def test_without_a_provider_there_is_no_saml(client: httpx.AsyncClient) -> None:
    for answer in [
        await client.get(LOGIN),
        await client.get("/v1/auth/saml/logout"),
        await client.get("/v1/auth/saml/metadata"),
        await client.post(ACS, data={"SAMLResponse": "x"}),
        await client.get("/v1/auth/saml/sls", params={"SAMLRequest": "x"}),
        await client.post("/v1/auth/saml/sls", data={"SAMLRequest": "x"}),
    ]:
        assert (answer.status_code, answer.json()["detail"]) == (503, "SAML authentication is not configured")


async def test_an_attribute_may_hold_the_address(saml_settings: Settings, idp: SamlIdp) -> None:
    async with serving(replaced(saml_settings, saml_email_attribute="fullname")) as client:
        idp.sp_metadata = (await client.get("/v1/auth/saml/metadata")).text
        browser = Browser(client)
        idp.person = Person(name="other@example.test")
        await sign_in(browser, idp)
        assert await browser.whoami() == "other@example.test"
        idp.person = Person(name="no address")
        assert (await sign_in(Browser(client), idp)).status_code == 403


async def test_groups_join_the_teams_that_name_them_and_no_others(
    saml_client: httpx.AsyncClient, idp: SamlIdp, database: Database
) -> None:
    ada = await add_user(database, "ada@example.test")
    named = await add_team(database, "kernel", claims=["saml:hackers"], permissions=["view_artefact"])
    namesake = await add_team(database, "hackers", permissions=["change_user"])
    elsewhere = await add_team(database, "others", claims=["oidc:hackers", "hackers", "saml:others"])
    by_hand = await add_team(database, "friends", claims=["saml:friends"])
    await join(database, ada, by_hand)
    idp.person = Person(groups=("hackers", "friends"))
    await sign_in(Browser(saml_client), idp)
    assert await teams_of(database, ada) == [named, by_hand]
    idp.person = Person(groups=())
    await sign_in(Browser(saml_client), idp)
    assert await teams_of(database, ada) == [by_hand]
    assert {namesake, elsewhere}.isdisjoint(await teams_of(database, ada))


async def test_a_team_that_no_longer_names_a_group_is_left_at_the_next_sign_on(
    saml_client: httpx.AsyncClient, idp: SamlIdp, database: Database
) -> None:
    team = await add_team(database, claims=["saml:hackers"])
    idp.person = Person(groups=("hackers",))
    await sign_in(Browser(saml_client), idp)
    assert await database.fetch_value("select count(*) from team_member where team_id = $1", team) == 1
    await database.execute("update team set joined_by_claims = '{}'")
    await sign_in(Browser(saml_client), idp)
    assert await database.fetch_value("select count(*) from team_member") == 0


async def teams_of(database: Database, user_id: int) -> list[int]:
    found = await database.fetch_value(
        "select array_agg(team_id order by team_id) from team_member where user_id = $1", user_id
    )
    return found or []


async def test_who_signs_in_and_who_fails_to_is_audited(
    saml_client: httpx.AsyncClient, idp: SamlIdp, audited: Audited, database: Database
) -> None:
    browser = Browser(saml_client)
    await sign_in(browser, idp)
    user = await database.fetch_value("select id from app_user")
    session = await database.fetch_value("select id from user_session")
    (event,) = await audited("sign_in")
    assert (event["actor"], event["credential"], event["subject"]) == (
        f"user:{user}",
        f"session:{session}",
        f"user:{user}",
    )
    assert event["after"]["method"] == "saml"
    assert event["after"]["is_new_user"]
    idp.answer = Answer(signs=False)
    await sign_in(Browser(saml_client), idp)
    (failed,) = await audited("refuse_sign_in")
    assert (failed["actor"], failed["credential"], failed["subject"]) == ("anonymous", "none", "sign_in:saml")


async def test_the_way_back_to_the_login_link_is_no_redirect(saml_client: httpx.AsyncClient, idp: SamlIdp) -> None:
    """It would lead round and round."""
    answer = await sign_in(Browser(saml_client), idp)
    assert (answer.status_code, answer.content) == (200, b"null")
