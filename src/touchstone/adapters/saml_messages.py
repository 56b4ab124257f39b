"""What an identity provider publishes and sends about logging out, read with python3-saml's checks of XML and keys."""

import base64
import datetime as dt
import zlib
from importlib import import_module
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from touchstone.adapters.identity_providers import LogoutFailed

SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
LONGEST_MESSAGE = 200_000
FRESH = dt.timedelta(minutes=5)
_NAMES = ("SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature")


class LogoutMessage(msgspec.Struct, frozen=True):
    """Of the redirect binding the query as it came; of the POST binding the form's fields, base64."""

    query: str | None = None
    request: str | None = None
    response: str | None = None


class LogoutAsked(msgspec.Struct, frozen=True):
    """The provider wants sessions ended: those named, all of the subject when none is."""

    id: str
    subject: str
    sessions: list[str]
    fresh_until: dt.datetime


class LogoutAnswered(msgspec.Struct, frozen=True):
    """The provider has ended its session, as it was asked."""

    request_id: str


ReadLogout = LogoutAsked | LogoutAnswered


def read_metadata(content: bytes) -> dict[str, Any]:
    """The provider's part of the library's settings. Raises ValueError."""
    parser: Any = import_module("onelogin.saml2.idp_metadata_parser").OneLogin_Saml2_IdPMetadataParser
    xml: Any = import_module("onelogin.saml2.xml_utils").OneLogin_Saml2_XML
    try:
        root = xml.to_etree(content)
        idp: dict[str, Any] = parser.parse(content).get("idp", {})
    except Exception as error:  # whatever lxml finds
        raise ValueError(f"no metadata: {type(error).__name__}") from error
    if missing := {"entityId", "singleSignOnService"} - idp.keys():
        raise ValueError(f"{' and '.join(sorted(missing))} missing for the redirect binding")
    if not {"x509cert", "x509certMulti"} & idp.keys():
        raise ValueError("no certificate")
    if answers_at := _logout_answers_at(root):
        idp.get("singleLogoutService", {})["responseUrl"] = answers_at
    if (end := root.get("validUntil")) and _time(end) <= dt.datetime.now(dt.UTC):
        raise ValueError(f"expired at {end}")
    return idp


def _logout_answers_at(root: Any) -> str | None:
    """ResponseLocation (saml-metadata-2.0-os, section 2.2.2), which the parser passes over.

    Of the entity, the role and the service that it takes.
    """
    constants: Any = import_module("onelogin.saml2.constants").OneLogin_Saml2_Constants
    found: list[str] = root.xpath(
        "(((//md:EntityDescriptor)[1]/md:IDPSSODescriptor)[1]/md:SingleLogoutService[@Binding=$binding])[1]"
        "/@ResponseLocation",
        namespaces=constants.NSMAP,
        binding=constants.BINDING_HTTP_REDIRECT,
    )
    return found[0] if found and found[0].startswith(("https://", "http://")) else None


def signed_query(query: str) -> dict[str, str]:
    """The parameters by their literal names, each once: others would escape the signature. Raises LogoutFailed."""
    found: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if unquote_plus(name) in _NAMES and (name not in _NAMES or name in found):
            raise LogoutFailed(reason="a parameter is repeated or oddly written")
        if name in _NAMES:
            found[name] = unquote_plus(value)
    return found


def read_logout(auth: Any, message: LogoutMessage, sls_url: str) -> ReadLogout:
    """`auth` is the library's, made for where the message came to. Raises LogoutFailed and what the library does."""
    kind, root, is_signed = _by_redirect(auth, message.query) if message.query else _by_post(auth, message)
    _require_origin(auth, root, kind, sls_url)
    if kind == "SAMLResponse":
        return _answered(root)
    if not is_signed:
        raise LogoutFailed(reason="the logout request is not signed")
    return _asked(auth, root)


def _by_redirect(auth: Any, query: str) -> tuple[str, Any, bool]:
    given = signed_query(query)
    kind = "SAMLRequest" if "SAMLRequest" in given else "SAMLResponse"
    if kind not in given or ("SAMLRequest" in given and "SAMLResponse" in given):
        raise LogoutFailed(reason="neither a request nor a response")
    received: dict[str, Any] = auth._request_data  # pyright: ignore[reportPrivateUsage]
    received.update(get_data=given, query_string=query, validate_signature_from_qs=True)
    check = auth.validate_request_signature if kind == "SAMLRequest" else auth.validate_response_signature
    if not check(given):
        raise LogoutFailed(reason=auth.get_last_error_reason() or "the signature is wrong")
    return kind, _parsed(_inflated(base64.b64decode(given[kind]))), "Signature" in given


def _by_post(auth: Any, message: LogoutMessage) -> tuple[str, Any, bool]:
    kind, encoded = ("SAMLRequest", message.request) if message.request else ("SAMLResponse", message.response or "")
    if len(encoded) > LONGEST_MESSAGE:
        raise LogoutFailed(reason="the message is too long")
    root = _parsed(base64.b64decode(encoded))
    return kind, root, _is_signed_inside(auth, root)


def _is_signed_inside(auth: Any, root: Any) -> bool:
    """One signature, right below the root, of nothing but the whole message. Raises what the library does."""
    constants: Any = import_module("onelogin.saml2.constants").OneLogin_Saml2_Constants
    signatures = root.xpath("//ds:Signature", namespaces=constants.NSMAP)
    if not signatures:
        return False
    references = [one.get("URI") for one in root.xpath("//ds:Reference", namespaces=constants.NSMAP)]
    algorithms = root.xpath(
        "//ds:SignatureMethod/@Algorithm | //ds:DigestMethod/@Algorithm", namespaces=constants.NSMAP
    )
    if len(signatures) > 1 or signatures[0].getparent() is not root or references != [f"#{root.get('ID')}"]:
        raise LogoutFailed(reason="the signature is not that of the message")
    if set(algorithms) & set(constants.DEPRECATED_ALGORITHMS):
        raise LogoutFailed(reason="the signature's algorithm is too weak")
    utilities: Any = import_module("onelogin.saml2.utils").OneLogin_Saml2_Utils
    settings, idp = auth.get_settings(), auth.get_settings().get_idp_data()
    several = idp.get("x509certMulti", {}).get("signing")
    where = f"/*[local-name()='{root.xpath('local-name()')}']/ds:Signature"
    return utilities.validate_sign(
        root, settings.get_idp_cert(), xpath=where, multicerts=several, raise_exceptions=True
    )


def _parsed(content: bytes) -> Any:
    xml: Any = import_module("onelogin.saml2.xml_utils").OneLogin_Saml2_XML
    root = xml.to_etree(content)
    if isinstance(xml.validate_xml(root, "saml-schema-protocol-2.0.xsd"), str):
        raise LogoutFailed(reason="the message does not fit the schema")
    return root


def _inflated(content: bytes) -> bytes:
    """Raw deflate, up to a length: a small message may hold a huge one."""
    inflater = zlib.decompressobj(-15)
    inflated = inflater.decompress(content, LONGEST_MESSAGE)
    if inflater.unconsumed_tail:
        raise LogoutFailed(reason="the message is too long")
    return inflated


def _require_origin(auth: Any, root: Any, kind: str, sls_url: str) -> None:
    constants: Any = import_module("onelogin.saml2.constants").OneLogin_Saml2_Constants
    expected = "LogoutRequest" if kind == "SAMLRequest" else "LogoutResponse"
    if root.tag != f"{{{constants.NS_SAMLP}}}{expected}":
        raise LogoutFailed(reason=f"the message is no {expected}")
    issuers = root.xpath("saml:Issuer/text()", namespaces=constants.NSMAP)
    if [one.strip() for one in issuers] != [auth.get_settings().get_idp_data()["entityId"]]:
        raise LogoutFailed(reason="the message has another issuer")
    if root.get("Destination", sls_url) != sls_url:
        raise LogoutFailed(reason="the message is for somewhere else")


def _answered(root: Any) -> LogoutAnswered:
    constants: Any = import_module("onelogin.saml2.constants").OneLogin_Saml2_Constants
    codes = root.xpath("samlp:Status/samlp:StatusCode/@Value", namespaces=constants.NSMAP)
    if codes != [SUCCESS]:
        raise LogoutFailed(reason="the provider could not end every session")
    return LogoutAnswered(root.get("InResponseTo", ""))


def _asked(auth: Any, root: Any) -> LogoutAsked:
    requests: Any = import_module("onelogin.saml2.logout_request").OneLogin_Saml2_Logout_Request
    made_at, end = _time(root.get("IssueInstant")), root.get("NotOnOrAfter")
    fresh_until = _time(end) if end else made_at + FRESH
    if not made_at - FRESH <= dt.datetime.now(dt.UTC) < fresh_until:
        raise LogoutFailed(reason="the logout request is too old")
    key: str | None = auth.get_settings().get_sp_key()
    return LogoutAsked(
        id=root.get("ID"),
        subject=requests.get_nameid(root, key),
        sessions=[one for one in requests.get_session_indexes(root) if one],
        fresh_until=fresh_until + FRESH,
    )


def _time(text: str) -> dt.datetime:
    """SAML's times are UTC, said or not (saml-core-2.0-os, section 1.3.3)."""
    found = dt.datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
