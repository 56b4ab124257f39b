"""Identity providers on loopback, and the app set up to use them."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.conftest import replaced, serving
from tests.integration.auth.browser import Browser
from tests.integration.auth.oidc_op import CLIENT_ID, CLIENT_SECRET, OidcOp
from tests.integration.auth.saml_idp import XMLSEC1, SamlIdp

from touchstone.database.executor import Database
from touchstone.setting_values import Secret
from touchstone.settings import Settings

FRONTEND = "http://localhost:30001"
Audited = Callable[[str], Awaitable[list[dict[str, Any]]]]


@pytest.fixture
def browser(client: httpx.AsyncClient) -> Browser:
    """Of an app on loopback without a provider."""
    return Browser(client)


@pytest.fixture
def idp(tmp_path: Path) -> Generator[SamlIdp]:
    if XMLSEC1 is None:
        pytest.skip("pysaml2 needs the program xmlsec1")
    provider = SamlIdp(tmp_path)
    yield provider
    provider.close()


@pytest.fixture
def saml_settings(settings: Settings, idp: SamlIdp) -> Settings:
    return replaced(settings, saml_metadata_url=idp.metadata_url)


@pytest.fixture
async def saml_client(saml_settings: Settings, idp: SamlIdp) -> AsyncGenerator[httpx.AsyncClient]:
    async with serving(saml_settings) as client:
        idp.sp_metadata = (await client.get("/v1/auth/saml/metadata")).text
        yield client


@pytest.fixture
def op(settings: Settings) -> Generator[OidcOp]:
    provider = OidcOp(f"{settings.api_url}/v1/auth/oidc/callback")
    yield provider
    provider.close()


@pytest.fixture
def oidc_settings(settings: Settings, op: OidcOp) -> Settings:
    secret = Secret(CLIENT_SECRET)
    return replaced(settings, oidc_issuer=op.issuer, oidc_client_id=CLIENT_ID, oidc_client_secret=secret)


@pytest.fixture
async def oidc_client(oidc_settings: Settings) -> AsyncGenerator[httpx.AsyncClient]:
    async with serving(oidc_settings) as client:
        yield client


@pytest.fixture
def audited(database: Database) -> Audited:
    """What the audit trail holds of an action, oldest first."""

    async def events(action: str) -> list[dict[str, Any]]:
        return await database.fetch_value(
            """
            select coalesce(json_agg(event order by id), '[]') from (
                select id, actor, credential, subject, before, after from audit_event where action = $1
            ) as event
            """,
            action,
        )

    return events
