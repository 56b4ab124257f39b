"""Documents and messages of providers, before anything is believed."""

import json

import pytest

from touchstone.adapters.identity_providers import LogoutFailed
from touchstone.adapters.oidc import read_discovery, read_keys
from touchstone.adapters.saml_messages import read_metadata, signed_query

DISCOVERY = {
    "issuer": "https://id.example.org",
    "authorization_endpoint": "https://id.example.org/authorize",
    "token_endpoint": "https://id.example.org/token",
    "jwks_uri": "https://id.example.org/keys",
}
METADATA = """<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="x" {attributes}>
<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
{certificate}
<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-{binding}" Location="https://x/sso"/>
</md:IDPSSODescriptor></md:EntityDescriptor>"""
CERTIFICATE = (
    '<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>'
    "<ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
)


def metadata(*, attributes: str = "", certificate: str = CERTIFICATE, binding: str = "Redirect") -> bytes:
    return METADATA.format(attributes=attributes, certificate=certificate, binding=binding).encode()


def test_parameters_are_read_by_their_literal_names() -> None:
    assert signed_query("SAMLRequest=a%2Bb&RelayState=&other=1&Signature=c+d") == {
        "SAMLRequest": "a+b",
        "RelayState": "",
        "Signature": "c d",
    }


@pytest.mark.parametrize(
    "query", ["SAMLRequest=a&SAMLRequest=b", "SAMLRequest=a&SAML%52equest=b", "SAML%52equest=b", "%53igAlg=x"]
)
def test_parameters_that_escape_the_signature_are_refused(query: str) -> None:
    with pytest.raises(LogoutFailed):
        signed_query(query)


def test_metadata_name_the_provider_and_its_places() -> None:
    found = read_metadata(metadata(attributes='validUntil="2999-01-01T00:00:00Z"'))
    assert found["entityId"] == "x"
    assert found["singleSignOnService"]["url"] == "https://x/sso"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no xml",
        b"<x/>",
        metadata(certificate=""),
        metadata(binding="POST"),
        metadata(attributes='validUntil="2001-01-01T00:00:00Z"'),
        metadata(attributes='validUntil="2001-01-01T00:00:00"'),
        b'<!DOCTYPE x [<!ENTITY e "e">]><x>&e;</x>',
    ],
)
def test_metadata_that_cannot_serve_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError):
        read_metadata(content)


def test_discovery_is_for_the_issuer_with_or_without_a_slash() -> None:
    content = json.dumps({**DISCOVERY, "issuer": "https://id.example.org/", "more": 1}).encode()
    assert read_discovery(content, "https://id.example.org").issuer == "https://id.example.org/"


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", json.dumps({**DISCOVERY, "issuer": "https://evil"}).encode()])
def test_discovery_for_somebody_else_or_without_places_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError):
        read_discovery(content, "https://id.example.org")


def test_keys_that_cannot_verify_are_left_out() -> None:
    keys = [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"},
        {"kty": "RSA", "use": "enc", "n": "AQAB", "e": "AQAB", "kid": "encrypts"},
        {"kty": "unheard of", "kid": "odd"},
        {"kid": "nothing"},
        "no object",
    ]
    assert read_keys(json.dumps({"keys": keys}).encode()) == {}


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"keys": 5}'])
def test_a_key_set_without_a_list_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError):
        read_keys(content)
