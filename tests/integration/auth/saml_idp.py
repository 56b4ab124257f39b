"""A SAML identity provider: pysaml2 behind a web server on loopback."""

import base64
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.s_utils import success_status_factory
from saml2.saml import NAMEID_FORMAT_EMAILADDRESS, NameID
from saml2.server import Server
from tests.integration.auth.certificates import KeyPair, key_pair

XMLSEC1 = shutil.which("xmlsec1")
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
SIGNED = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
DIGESTED = "http://www.w3.org/2001/04/xmlenc#sha256"


class Person(msgspec.Struct, frozen=True):
    """Who sits in front of the browser."""

    email: str = "ada@example.test"
    name: str = "Ada Lovelace"
    groups: tuple[str, ...] = ()


class Answer(msgspec.Struct, frozen=True):
    """How the provider answers; None is as it should."""

    audience: str | None = None
    in_response_to: str | None = None
    recipient: str | None = None
    minutes: int = 15
    signs: bool = True
    signs_response: bool = False
    encrypts: bool = False


class SamlIdp:
    """`person` signs in when a browser comes along, as `answer` says."""

    def __init__(self, folder: Path, *, wants_signed_requests: bool = False) -> None:
        self.folder, self.wants_signed_requests = folder, wants_signed_requests
        self.keys: KeyPair = key_pair("identity provider")
        self.person, self.answer = Person(), Answer()
        self.is_up, self.metadata_reads = True, 0
        self.web = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self.web.server_port}"
        self.sp_metadata: str | None = None
        self.logout_answers_at: str | None = None
        threading.Thread(target=self.web.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.web.shutdown()
        self.web.server_close()

    @property
    def metadata_url(self) -> str:
        return f"{self.url}/metadata"

    def change_keys(self) -> None:
        self.keys = key_pair("identity provider, later")

    def server(self) -> Any:
        key, certificate = self.folder / "idp.key", self.folder / "idp.crt"
        key.write_text(self.keys.key)
        certificate.write_text(self.keys.certificate)
        endpoints = {
            "single_sign_on_service": [(f"{self.url}/sso", BINDING_HTTP_REDIRECT)],
            "single_logout_service": [(f"{self.url}/slo", BINDING_HTTP_REDIRECT)],
        }
        policy = {
            "default": {
                "lifetime": {"minutes": self.answer.minutes},
                "attribute_restrictions": None,
                "name_form": "urn:oasis:names:tc:SAML:2.0:attrname-format:basic",
            }
        }
        described: dict[str, Any] = {
            "entityid": self.metadata_url,
            "service": {
                "idp": {
                    "endpoints": endpoints,
                    "policy": policy,
                    "want_authn_requests_signed": self.wants_signed_requests,
                    "signing_algorithm": SIGNED,
                    "digest_algorithm": DIGESTED,
                }
            },
            "key_file": str(key),
            "cert_file": str(certificate),
            "xmlsec_binary": XMLSEC1,
            "metadata": {"inline": [self.sp_metadata]} if self.sp_metadata else {},
        }
        return Server(config=IdPConfig().load(described))

    def metadata(self) -> str:
        self.metadata_reads += 1
        described = str(entity_descriptor(self.server().config))
        if self.logout_answers_at is None:
            return described
        asked_at = f'Location="{self.url}/slo"'
        assert asked_at in described
        return described.replace(asked_at, f'{asked_at} ResponseLocation="{self.logout_answers_at}"')

    def respond(self, query: dict[str, str]) -> str:
        """The base64 of a response to the AuthnRequest in a query."""
        server, answer, person = self.server(), self.answer, self.person
        asked = server.parse_authn_request(
            query["SAMLRequest"],
            BINDING_HTTP_REDIRECT,
            relay_state=query.get("RelayState"),
            sigalg=query.get("SigAlg"),
            signature=query.get("Signature"),
        )
        given = server.response_args(asked.message, [BINDING_HTTP_POST])
        given.pop("binding", None)
        response = server.create_authn_response(
            {"fullname": [person.name], "groups": list(person.groups)},
            in_response_to=answer.in_response_to or given["in_response_to"],
            destination=answer.recipient or given["destination"],
            sp_entity_id=answer.audience or given["sp_entity_id"],
            userid=person.email,
            name_id=NameID(format=NAMEID_FORMAT_EMAILADDRESS, text=person.email),
            authn={"class_ref": PASSWORD, "authn_auth": self.url},
            sign_assertion=answer.signs,
            sign_response=answer.signs_response,
            encrypt_assertion=answer.encrypts,
            encrypt_assertion_self_contained=answer.encrypts,
            sign_alg=SIGNED,
            digest_alg=DIGESTED,
        )
        return base64.b64encode(str(response).encode()).decode()

    def logout_request(
        self, sls_url: str, email: str, sessions: list[str], *, is_signed: bool = True
    ) -> tuple[str, str]:
        """A URL that brings a logout request to the service, and the request's id."""
        server = self.server()
        request_id, request = server.create_logout_request(
            sls_url,
            self.metadata_url,
            name_id=NameID(format=NAMEID_FORMAT_EMAILADDRESS, text=email),
            session_indexes=sessions,
            sign=False,
        )
        bound = server.apply_binding(
            BINDING_HTTP_REDIRECT,
            str(request),
            sls_url,
            relay_state="",
            response=False,
            sign=is_signed,
            sigalg=SIGNED,
        )
        return dict(bound["headers"])["Location"], request_id

    def logout_form(self, sls_url: str, email: str, sessions: list[str], *, is_signed: bool = True) -> str:
        """The base64 of a logout request as a form brings it."""
        _, request = self.server().create_logout_request(
            sls_url,
            self.metadata_url,
            name_id=NameID(format=NAMEID_FORMAT_EMAILADDRESS, text=email),
            session_indexes=sessions,
            sign=is_signed,
            sign_alg=SIGNED,
            digest_alg=DIGESTED,
        )
        return base64.b64encode(str(request).encode()).decode()

    def answer_logout(self, query: dict[str, str], *, is_signed: bool = True) -> tuple[str, Any]:
        """Where the browser brings the answer to a logout request, and what was asked."""
        server = self.server()
        asked = server.parse_logout_request(
            query["SAMLRequest"],
            BINDING_HTTP_REDIRECT,
            relay_state=query.get("RelayState"),
            sigalg=query.get("SigAlg"),
            signature=query.get("Signature"),
        )
        response = server.create_logout_response(
            asked.message, [BINDING_HTTP_REDIRECT], status=success_status_factory(), sign=False
        )
        bound = server.apply_binding(
            BINDING_HTTP_REDIRECT,
            str(response),
            response.destination,
            relay_state=query.get("RelayState", ""),
            response=True,
            sign=is_signed,
            sigalg=SIGNED,
        )
        return dict(bound["headers"])["Location"], asked.message

    def reads_logout_response(self, query: dict[str, str]) -> Any:
        return self.server().parse_logout_request_response(
            query["SAMLResponse"],
            BINDING_HTTP_REDIRECT,
        )


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query, keep_blank_values=True).items()}


def _handler(idp: SamlIdp) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_known = idp.is_up and urlsplit(self.path).path == "/metadata"
            content = idp.metadata().encode() if is_known else b""
            self.send_response(200 if is_known else 503)
            self.send_header("Content-Type", "application/samlmetadata+xml")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None: ...

    return Handler
