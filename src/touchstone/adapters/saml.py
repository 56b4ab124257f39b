"""A SAML 2.0 service provider on python3-saml, which is imported when it is first used.

Profiles: Web Browser SSO (saml-profiles-2.0-os, section 4.1) and Single Logout (4.4). Where the library is content
with less than the profile asks for, this asks: an answer must name the request, the audience and the recipient.
"""

import asyncio
import datetime as dt
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

import msgspec

from touchstone.adapters.identity_providers import AuthenticationFailed, LogoutFailed, ProviderDocument
from touchstone.adapters.saml_messages import LogoutMessage, ReadLogout, read_logout

EMAIL_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
LONGEST_RESPONSE = 1_000_000

Idp = dict[str, Any]


class SamlConfig(msgspec.Struct, frozen=True):
    """`base_url` is how browsers reach the API. Without a key (PEM) requests are not signed."""

    base_url: str
    entity_id: str
    certificate: str = ""
    key: str = ""
    authn_contexts: tuple[str, ...] = ()

    @property
    def login_url(self) -> str:
        return f"{self.base_url}/v1/auth/saml/login"

    @property
    def acs_url(self) -> str:
        return f"{self.base_url}/v1/auth/saml/acs"

    @property
    def sls_url(self) -> str:
        return f"{self.base_url}/v1/auth/saml/sls"


class NameId(msgspec.Struct, frozen=True):
    """What the provider calls a user."""

    value: str
    format: str | None = None
    qualifier: str | None = None
    sp_qualifier: str | None = None


class Assertion(msgspec.Struct, frozen=True):
    """What a checked assertion says. `expires_at` is when it could no longer be accepted."""

    id: str
    name_id: NameId
    session_index: str | None
    expires_at: dt.datetime
    attributes: dict[str, list[str]]


class ProviderRequest(msgspec.Struct, frozen=True):
    """Where the browser is sent, and the id that the answer must name."""

    url: str
    id: str


class SamlProvider:
    """The identity provider as this service provider speaks to it. All methods raise Unavailable when it is away."""

    def __init__(self, config: SamlConfig, metadata: ProviderDocument[Idp]) -> None:
        self.config = config
        self._metadata = metadata

    async def login(self, relay_state: str) -> ProviderRequest:
        return await asyncio.to_thread(self._login, await self._metadata.current(), relay_state)

    async def answered_request(self, encoded: str) -> str:
        """Which request a response says it answers; nothing of it is checked. Raises AuthenticationFailed."""
        return await asyncio.to_thread(self._answered_request, await self._metadata.current(), encoded)

    async def accept(self, encoded: str, request_id: str) -> Assertion:
        """Raises AuthenticationFailed unless the response is signed, ours, of now, and the answer to the request."""
        idp = await self._metadata.current()
        try:
            return await asyncio.to_thread(self._accept, idp, encoded, request_id)
        except AuthenticationFailed as failure:
            # the provider may have changed its certificate since the metadata were read
            if "ignature validation" not in str(failure.facts.get("reason")):
                raise
            renewed = await self._metadata.renewed()
            if renewed == idp:
                raise
            return await asyncio.to_thread(self._accept, renewed, encoded, request_id)

    async def logout(self, relay_state: str, name_id: NameId | None, session: str | None) -> ProviderRequest | None:
        """None when the provider knows no single logout."""
        idp = await self._metadata.current()
        if "singleLogoutService" not in idp:
            return None
        return await asyncio.to_thread(self._logout, idp, relay_state, name_id, session)

    async def read_logout(self, message: LogoutMessage) -> ReadLogout:
        """Raises LogoutFailed unless it comes from the provider."""
        idp = await self._metadata.current()
        return await asyncio.to_thread(self._read_logout, idp, message)

    async def answer_logout(self, request_id: str, relay_state: str | None) -> str | None:
        """Where the browser takes the provider the news that its logout request was obeyed."""
        idp = await self._metadata.current()
        if "singleLogoutService" not in idp:
            return None
        return await asyncio.to_thread(self._answer_logout, idp, request_id, relay_state)

    async def own_metadata(self) -> bytes:
        """What a provider must know of this service."""
        return await asyncio.to_thread(self._own_metadata)

    def _login(self, idp: Idp, relay_state: str) -> ProviderRequest:
        auth = self._auth(idp, self.config.login_url)
        url: str = auth.login(return_to=relay_state)
        return ProviderRequest(url, auth.get_last_request_id())

    def _logout(self, idp: Idp, relay_state: str, name_id: NameId | None, session: str | None) -> ProviderRequest:
        auth = self._auth(idp, self.config.sls_url)
        named = name_id or NameId("")
        url: str = auth.logout(
            return_to=relay_state,
            name_id=named.value or None,
            session_index=escape(session) if session else None,  # the library puts it into its template as it is
            nq=named.qualifier,
            name_id_format=named.format,
            spnq=named.sp_qualifier,
        )
        return ProviderRequest(url, auth.get_last_request_id())

    def _answered_request(self, idp: Idp, encoded: str) -> str:
        request_id = self._response(idp, encoded).get_in_response_to()
        if not isinstance(request_id, str) or not request_id:
            raise AuthenticationFailed(reason="the response answers no request")
        return request_id

    def _response(self, idp: Idp, encoded: str) -> Any:
        if len(encoded) > LONGEST_RESPONSE:
            raise AuthenticationFailed(reason="the response is too long")
        library: Any = import_module("onelogin.saml2.response")
        try:
            return library.OneLogin_Saml2_Response(self._settings(idp), encoded)
        except Exception as error:  # base64, XML, decryption: the library lets everything out that it meets
            raise AuthenticationFailed(reason=f"the response cannot be read: {type(error).__name__}") from error

    def _accept(self, idp: Idp, encoded: str, request_id: str) -> Assertion:
        response = self._response(idp, encoded)
        try:
            response.is_valid(self._received_at(self.config.acs_url), request_id, raise_exceptions=True)
            return self._assertion(response, request_id)
        except AuthenticationFailed:
            raise
        except Exception as error:
            raise AuthenticationFailed(reason=str(error)) from error

    def _assertion(self, response: Any, request_id: str) -> Assertion:
        if response.get_in_response_to() != request_id:
            raise AuthenticationFailed(reason="the response answers another request")
        if not response.get_audiences():
            raise AuthenticationFailed(reason="the assertion names no audience")
        name_id: dict[str, str | None] = response.get_nameid_data()
        qualifiers = name_id.get("NameQualifier"), name_id.get("SPNameQualifier")
        return Assertion(
            id=response.get_assertion_id(),
            name_id=NameId(name_id["Value"] or "", name_id.get("Format"), *qualifiers),
            session_index=response.get_session_index(),
            expires_at=self._confirmed_until(response.get_xml_document(), request_id),
            attributes=_texts(response.get_friendlyname_attributes()) | _texts(response.get_attributes()),
        )

    def _confirmed_until(self, document: Any, request_id: str) -> dt.datetime:
        """The bearer confirmation lies in what is signed, which the response's own attributes may not."""
        constants: Any = import_module("onelogin.saml2.constants")
        utilities: Any = import_module("onelogin.saml2.utils")
        found = document.xpath(
            "/samlp:Response/saml:Assertion/saml:Subject/saml:SubjectConfirmation[@Method=$bearer]"
            "/saml:SubjectConfirmationData[@InResponseTo=$request and @Recipient=$acs]/@NotOnOrAfter",
            namespaces=constants.OneLogin_Saml2_Constants.NSMAP,
            bearer=BEARER,
            request=request_id,
            acs=self.config.acs_url,
        )
        ends = [utilities.OneLogin_Saml2_Utils.parse_SAML_to_time(text) for text in found]
        now = dt.datetime.now(dt.UTC)
        if not ends or max(ends) <= now.timestamp():
            raise AuthenticationFailed(reason="the assertion is not confirmed for this request, place and time")
        # the library lets clocks differ by five minutes; a day more costs nothing
        return dt.datetime.fromtimestamp(max(ends), dt.UTC) + dt.timedelta(days=1)

    def _read_logout(self, idp: Idp, message: LogoutMessage) -> ReadLogout:
        try:
            return read_logout(self._auth(idp, self.config.sls_url), message, self.config.sls_url)
        except LogoutFailed:
            raise
        except Exception as error:
            raise LogoutFailed(reason=str(error)) from error

    def _answer_logout(self, idp: Idp, request_id: str, relay_state: str | None) -> str:
        library: Any = import_module("onelogin.saml2.logout_response")
        auth = self._auth(idp, self.config.sls_url)
        built = library.OneLogin_Saml2_Logout_Response(auth.get_settings())
        built.build(request_id)
        parameters: dict[str, str] = {"SAMLResponse": built.get_response()}
        if relay_state:
            parameters["RelayState"] = relay_state
        if self.config.key:
            auth.add_response_signature(parameters, RSA_SHA256)
        return auth.redirect_to(auth.get_slo_response_url(), parameters)

    def _own_metadata(self) -> bytes:
        library: Any = import_module("onelogin.saml2.settings")
        content: str | bytes = library.OneLogin_Saml2_Settings(
            self._described({}), sp_validation_only=True
        ).get_sp_metadata()
        return content if isinstance(content, bytes) else content.encode()

    def _auth(self, idp: Idp, url: str) -> Any:
        library: Any = import_module("onelogin.saml2.auth")
        return library.OneLogin_Saml2_Auth(self._received_at(url), self._settings(idp))

    def _settings(self, idp: Idp) -> Any:
        library: Any = import_module("onelogin.saml2.settings")
        return library.OneLogin_Saml2_Settings(self._described(idp))

    def _received_at(self, url: str) -> dict[str, Any]:
        """The request as the library wants it: from the settings, never from headers that a caller writes."""
        parts = urlsplit(url)
        return {
            "https": "on" if parts.scheme == "https" else "off",
            "http_host": parts.netloc,
            "script_name": parts.path,
            "get_data": {},
            "post_data": {},
        }

    def _described(self, idp: Idp) -> dict[str, Any]:
        config, is_signing = self.config, bool(self.config.key)
        return {
            "strict": True,
            "debug": False,
            "sp": {
                "entityId": config.entity_id,
                "assertionConsumerService": {"url": config.acs_url, "binding": POST},
                "singleLogoutService": {"url": config.sls_url, "binding": REDIRECT},
                "NameIDFormat": EMAIL_FORMAT,
                "x509cert": config.certificate,
                "privateKey": config.key,
            },
            "idp": idp,
            "security": {
                "authnRequestsSigned": is_signing,
                "logoutRequestSigned": is_signing,
                "logoutResponseSigned": is_signing,
                "signMetadata": False,
                "signatureAlgorithm": RSA_SHA256,
                "rejectDeprecatedAlgorithm": True,
                "wantAttributeStatement": False,
                "allowRepeatAttributeName": True,
                "allowSingleLabelDomains": True,
                "requestedAuthnContext": list(config.authn_contexts) or False,
                "metadataValidUntil": "",  # providers that keep a copy would refuse it two days later
            },
        }


def _texts(attributes: dict[str, list[Any]]) -> dict[str, list[str]]:
    return {name: [one for one in values if isinstance(one, str)] for name, values in attributes.items()}
