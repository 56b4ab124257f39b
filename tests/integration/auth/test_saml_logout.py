"""SAML: logging out, begun by us and begun by the identity provider."""

import zlib
from base64 import b64decode, b64encode
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from tests.conftest import replaced, serving
from tests.integration.auth.browser import Browser
from tests.integration.auth.certificates import key_pair
from tests.integration.auth.conftest import FRONTEND, Audited
from tests.integration.auth.saml_idp import Person, SamlIdp, query_of

from touchstone.database.executor import Database
from touchstone.settings import Settings

LOGIN, ACS, LOGOUT, SLS = (f"/v1/auth/saml/{step}" for step in ("login", "acs", "logout", "sls"))


async def signed_in(client: httpx.AsyncClient, idp: SamlIdp, email: str = "ada@example.test") -> Browser:
    browser = Browser(client)
    idp.person = Person(email=email)
    query = query_of((await browser.get(LOGIN)).headers["location"])
    answer = await browser.post(ACS, data={"SAMLResponse": idp.respond(query)})
    assert answer.status_code == 200
    return browser


async def sessions(database: Database) -> int:
    return await database.fetch_value("select count(*) from user_session")


def arriving(url: str) -> str:
    """What the client sends when the provider has sent the browser to a URL of ours."""
    return httpx.URL(url).raw_path.decode()


async def test_the_logout_link_ends_the_session_though_it_sends_no_header(
    saml_client: httpx.AsyncClient, idp: SamlIdp, database: Database, audited: Audited
) -> None:
    browser = await signed_in(saml_client, idp)
    token = browser.session
    answer = await browser.get(LOGOUT, params={"return_to": FRONTEND})
    assert answer.status_code == 307
    assert answer.headers["location"].startswith(f"{idp.url}/slo?SAMLRequest=")
    assert query_of(answer.headers["location"])["RelayState"] == FRONTEND
    assert await sessions(database) == 0
    cleared = browser.set_cookies["session"]
    assert (cleared.value, cleared["max-age"], cleared["httponly"]) == ("null", "0", True)
    browser.cookies["session"] = token or ""
    assert await browser.whoami() is None
    (event,) = await audited("sign_out")
    assert event["actor"].startswith("user:")


async def test_the_provider_is_told_whose_which_session_ends(saml_client: httpx.AsyncClient, idp: SamlIdp) -> None:
    browser = await signed_in(saml_client, idp)
    answer = await browser.get(LOGOUT)
    _, asked = idp.answer_logout(query_of(answer.headers["location"]))
    assert asked.name_id.text == "ada@example.test"
    assert asked.session_index[0].text.startswith("id-")


async def test_the_providers_answer_leads_back_to_the_front_end(saml_client: httpx.AsyncClient, idp: SamlIdp) -> None:
    browser = await signed_in(saml_client, idp)
    answer = await browser.get(LOGOUT, params={"return_to": f"{FRONTEND}/bye"})
    back, _ = idp.answer_logout(query_of(answer.headers["location"]))
    arrived = await browser.get(arriving(back))
    assert (arrived.status_code, arrived.headers["location"]) == (302, f"{FRONTEND}/bye")


async def test_the_providers_answer_leads_nowhere_else(saml_client: httpx.AsyncClient, idp: SamlIdp) -> None:
    browser = await signed_in(saml_client, idp)
    answer = await browser.get(LOGOUT, params={"return_to": "https://evil.example/"})
    back, _ = idp.answer_logout(query_of(answer.headers["location"]))
    arrived = await browser.get(arriving(back))
    assert (arrived.status_code, arrived.content) == (200, b"null")


async def test_an_answer_to_a_logout_counts_once_and_in_one_browser(
    saml_client: httpx.AsyncClient, idp: SamlIdp
) -> None:
    browser = await signed_in(saml_client, idp)
    answer = await browser.get(LOGOUT)
    back, _ = idp.answer_logout(query_of(answer.headers["location"]))
    stranger = await Browser(saml_client).get(arriving(back))
    assert (stranger.status_code, stranger.json()["detail"]) == (403, "Logout failed")
    assert (await browser.get(arriving(back))).status_code == 200
    assert (await browser.get(arriving(back))).status_code == 403


async def test_logging_out_without_a_session_still_leads_to_the_provider(
    saml_client: httpx.AsyncClient, idp: SamlIdp
) -> None:
    answer = await saml_client.get(LOGOUT)
    assert answer.headers["location"].startswith(f"{idp.url}/slo?SAMLRequest=")


async def test_the_session_ends_though_the_provider_is_away(saml_settings: Settings, idp: SamlIdp, database) -> None:
    async with serving(saml_settings) as client:
        idp.sp_metadata = (await client.get("/v1/auth/saml/metadata")).text
        browser = await signed_in(client, idp)
    idp.is_up = False
    async with serving(saml_settings) as client:
        browser.client = client
        assert (await browser.get(LOGOUT)).status_code == 503
    assert await sessions(database) == 0


async def test_the_provider_ends_the_session_that_it_names(
    saml_client: httpx.AsyncClient, idp: SamlIdp, settings: Settings, database: Database, audited: Audited
) -> None:
    first, second = await signed_in(saml_client, idp), await signed_in(saml_client, idp)
    named = await database.fetch_value(
        "select min(provider_session) from user_session where id = (select min(id) from user_session)"
    )
    url, request_id = idp.logout_request(f"{settings.api_url}{SLS}", "ada@example.test", [named])
    answer = await second.get(arriving(url))
    assert answer.status_code == 302
    assert answer.headers["location"].startswith(f"{idp.url}/slo?SAMLResponse=")
    told = idp.reads_logout_response(query_of(answer.headers["location"]))
    assert (told.in_response_to, told.response.status.status_code.value) == (
        request_id,
        "urn:oasis:names:tc:SAML:2.0:status:Success",
    )
    assert await first.whoami() is None
    assert await sessions(database) == 1
    assert len(await audited("sign_out_at_provider")) == 1


async def test_the_answer_goes_where_the_provider_wants_answers(
    saml_settings: Settings, idp: SamlIdp, settings: Settings
) -> None:
    idp.logout_answers_at = f"{idp.url}/logged-out"
    async with serving(saml_settings) as client:
        idp.sp_metadata = (await client.get("/v1/auth/saml/metadata")).text
        browser = await signed_in(client, idp)
        asked = (await browser.get(LOGOUT)).headers["location"]
        assert asked.startswith(f"{idp.url}/slo?SAMLRequest=")
        url, _ = idp.logout_request(f"{settings.api_url}{SLS}", "ada@example.test", [])
        answer = await client.get(arriving(url))
        assert answer.headers["location"].startswith(f"{idp.url}/logged-out?SAMLResponse=")


async def test_the_provider_ends_all_sessions_of_a_user_and_nobody_elses(
    saml_client: httpx.AsyncClient, idp: SamlIdp, settings: Settings, database: Database
) -> None:
    for email in ("ada@example.test", "ada@example.test", "bob@example.test"):
        await signed_in(saml_client, idp, email)
    url, _ = idp.logout_request(f"{settings.api_url}{SLS}", "ada@example.test", [])
    assert (await saml_client.get(arriving(url))).status_code == 302
    left = await database.fetch_value(
        "select array_agg(email) from user_session join app_user on app_user.id = user_id"
    )
    assert left == ["bob@example.test"]


async def test_the_provider_may_use_a_form(
    saml_client: httpx.AsyncClient, idp: SamlIdp, settings: Settings, database: Database
) -> None:
    await signed_in(saml_client, idp)
    form = idp.logout_form(f"{settings.api_url}{SLS}", "ada@example.test", [])
    answer = await saml_client.post(SLS, data={"SAMLRequest": form})
    assert answer.status_code == 302, answer.text
    assert await sessions(database) == 0


async def test_a_logout_request_counts_once(
    saml_client: httpx.AsyncClient, idp: SamlIdp, settings: Settings, database: Database
) -> None:
    url, _ = idp.logout_request(f"{settings.api_url}{SLS}", "ada@example.test", [])
    assert (await saml_client.get(arriving(url))).status_code == 302
    await signed_in(saml_client, idp)
    assert (await saml_client.get(arriving(url))).status_code == 403
    assert await sessions(database) == 1


async def test_a_logout_request_that_is_not_the_providers_is_refused(
    saml_client: httpx.AsyncClient, idp: SamlIdp, settings: Settings, database: Database
) -> None:
    """Else anybody could log anybody out."""
    await signed_in(saml_client, idp)
    sls = f"{settings.api_url}{SLS}"
    unsigned, _ = idp.logout_request(sls, "ada@example.test", [], is_signed=False)
    elsewhere, _ = idp.logout_request("https://other.example/sls", "ada@example.test", [])
    signed, _ = idp.logout_request(sls, "bob@example.test", [])
    forged = urlencode({"SAMLRequest": packed(for_ada(query_of(signed)["SAMLRequest"]))})
    genuine = idp.keys
    idp.change_keys()
    foreign, _ = idp.logout_request(sls, "ada@example.test", [])
    idp.keys = genuine
    for query in (
        httpx.URL(unsigned).query.decode(),
        httpx.URL(elsewhere).query.decode(),
        httpx.URL(foreign).query.decode(),
        f"{httpx.URL(signed).query.decode()}&SAML%52equest={query_of(unsigned)['SAMLRequest']}",
        f"{httpx.URL(signed).query.decode()}&{forged}",
        forged,
    ):
        answer = await saml_client.get(f"{SLS}?{query}")
        assert (answer.status_code, answer.json()["detail"]) == (403, "Logout failed"), query
    for form in (
        idp.logout_form(sls, "ada@example.test", [], is_signed=False),
        b64encode(b64decode(idp.logout_form(sls, "bob@example.test", [])).replace(b"bob@", b"ada@")).decode(),
    ):
        assert (await saml_client.post(SLS, data={"SAMLRequest": form})).status_code == 403
    assert await sessions(database) == 1


def for_ada(encoded: str) -> bytes:
    return zlib.decompress(b64decode(encoded), -15).replace(b"bob@", b"ada@")


def packed(xml: bytes) -> str:
    squeezer = zlib.compressobj(wbits=-15)
    return b64encode(squeezer.compress(xml) + squeezer.flush()).decode()


async def test_a_signature_of_something_inside_is_refused(
    saml_client: httpx.AsyncClient, idp: SamlIdp, settings: Settings, database: Database
) -> None:
    """Signature wrapping: the request that was signed lies inside a forged one."""
    await signed_in(saml_client, idp)
    form = b64decode(idp.logout_form(f"{settings.api_url}{SLS}", "bob@example.test", [])).decode()
    request = form[form.index("<ns0:LogoutRequest") :]
    start, end = request.index("<ns2:Signature "), request.index("</ns2:Signature>")
    genuine = request[:start] + request[end + len("</ns2:Signature>") :]
    around = f"{request[start:end]}<ns2:Object>{genuine}</ns2:Object></ns2:Signature>"
    forged = genuine.replace("bob@", "ada@").replace(' ID="id-', ' ID="forged-')
    wrapped = forged.replace("</ns1:Issuer>", f"</ns1:Issuer>{around}", 1)
    answer = await saml_client.post(SLS, data={"SAMLRequest": b64encode(wrapped.encode()).decode()})
    assert (answer.status_code, answer.json()["detail"]) == (403, "Logout failed")
    assert await sessions(database) == 1


@pytest.mark.parametrize(
    "query", ["SAMLRequest=garbage", "SAMLResponse=garbage", "SAMLRequest=", "SAMLRequest=a&SAMLResponse=b"]
)
async def test_garbage_is_no_fault_of_the_server(saml_client: httpx.AsyncClient, query: str) -> None:
    assert (await saml_client.get(f"{SLS}?{query}")).status_code == 403


async def test_a_message_that_unpacks_to_very_much_is_refused(saml_client: httpx.AsyncClient) -> None:
    query = urlencode({"SAMLRequest": packed(b"<" * 30_000_000)})
    assert (await saml_client.get(f"{SLS}?{query}")).status_code == 403


async def test_a_call_without_a_message_is_told_what_is_missing(saml_client: httpx.AsyncClient) -> None:
    for answer in (await saml_client.get(SLS), await saml_client.post(SLS, data={"RelayState": "x"})):
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["type"] == "missing"


async def test_requests_and_answers_are_signed_where_there_is_a_key(
    saml_settings: Settings, idp: SamlIdp, tmp_path: Path
) -> None:
    pair = key_pair("touchstone")
    key, certificate = tmp_path / "sp.key", tmp_path / "sp.crt"
    key.write_text(pair.key)
    certificate.write_text(pair.certificate)
    async with serving(replaced(saml_settings, saml_key_file=key, saml_certificate_file=certificate)) as client:
        idp.sp_metadata = (await client.get("/v1/auth/saml/metadata")).text
        browser = await signed_in(client, idp)
        asked = await browser.get(LOGOUT)
        assert {"Signature", "SigAlg"} <= query_of(asked.headers["location"]).keys()
        idp.answer_logout(query_of(asked.headers["location"]))
        url, _ = idp.logout_request(f"{saml_settings.api_url}{SLS}", "ada@example.test", [])
        answered = await client.get(arriving(url))
        assert {"Signature", "SigAlg"} <= query_of(answered.headers["location"]).keys()
