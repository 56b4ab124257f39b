"""An OpenID Connect provider: authlib's authorization server in Flask, on loopback."""

import base64
import hmac
import json
import secrets
import threading
import time
from typing import Any

import flask
import msgspec
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT_ID, CLIENT_SECRET = "touchstone", "a client secret for the tests only"


class Code(AuthorizationCodeMixin):
    def __init__(self, request: Any) -> None:
        given = request.payload.data
        self.code_challenge = given.get("code_challenge")
        self.code_challenge_method = given.get("code_challenge_method")
        self.nonce, self.redirect_uri = given.get("nonce"), request.payload.redirect_uri

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return "openid email profile"

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int | None:
        return None

    def get_acr(self) -> str | None:
        return None

    def get_amr(self) -> list[str] | None:
        return None


class Client(ClientMixin):
    def __init__(self, callback_url: str) -> None:
        self.callback_url = callback_url

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        return self.callback_url

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.callback_url

    def check_client_secret(self, client_secret: str) -> bool:
        return secrets.compare_digest(client_secret, CLIENT_SECRET)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class Misbehaviour(msgspec.Struct, frozen=True):
    """How the next ID token is wrong; the challenge is one's own that no verifier fits."""

    claims: dict[str, Any] = {}
    without: tuple[str, ...] = ()
    algorithm: str = "RS256"
    is_tampered: bool = False
    challenge: str | None = None


def _key(number: int) -> RSAKey:
    return RSAKey.generate_key(2048, parameters={"kid": f"key {number}", "use": "sig", "alg": "RS256"})


class OidcOp:
    """Signs in whoever `user` describes, without asking."""

    def __init__(self, callback_url: str) -> None:
        self.user: dict[str, Any] = {
            "sub": "ada",
            "email": "ada@example.test",
            "email_verified": True,
            "name": "Ada Lovelace",
        }
        self.user_info: dict[str, Any] = {}
        self.wrong = Misbehaviour()
        self.keys, self.key_reads, self.is_up = [_key(1)], 0, True
        self.published: list[RSAKey] | None = None
        self.codes: dict[str, Code] = {}
        self.client = Client(callback_url)
        self.server = make_server("127.0.0.1", 0, self._app(), threaded=True)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def rotate_keys(self) -> None:
        """From now on another key signs, and the old one is withdrawn."""
        self.keys = [_key(len(self.keys) + 1 + self.key_reads)]

    def id_token(self, code: Code) -> str:
        now = int(time.time())
        claims = {
            **self.user,
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": code.nonce,
            **self.wrong.claims,
        }
        kept = {name: value for name, value in claims.items() if name not in self.wrong.without}
        token = self._signed(kept)
        if self.wrong.is_tampered:
            head, body, signature = token.split(".")
            token = f"{head}.{body}.{signature[:-6]}AAAAAA"
        return token

    def logout_token(self, *, kind: str | None = "logout+jwt", **claims: Any) -> str:
        """What the provider posts when a session has ended; a claim that is None is left out."""
        now = int(time.time())
        said = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 120,
            "jti": secrets.token_hex(8),
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
            **claims,
        }
        kept = {name: value for name, value in said.items() if value is not None}
        return self._signed(kept, **({"typ": kind} if kind else {}))

    def _signed(self, claims: dict[str, Any], **described: str) -> str:
        key, algorithm = self.keys[-1], self.wrong.algorithm
        header = {"alg": algorithm, "kid": key.kid, **described}
        if algorithm == "HS256":
            # the classic confusion: the public key as the secret of an HMAC, which the library refuses to make
            signed = f"{_encoded(header)}.{_encoded(claims)}"
            return f"{signed}.{_base64(hmac.digest(key.as_pem(private=False), signed.encode(), 'sha256'))}"
        if algorithm == "none":
            return f"{_encoded(header)}.{_encoded(claims)}."
        return jwt.encode(header, claims, key, [algorithm])

    def _app(self) -> flask.Flask:
        app = flask.Flask(__name__)
        authorization = AuthorizationServer(app, lambda _: self.client, lambda token, request: None)
        authorization.register_grant(_grant(self), [_open_id(self)(require_nonce=True), CodeChallenge(required=True)])

        @app.before_request
        def away() -> Any:
            return None if self.is_up else flask.Response(status=503)

        @app.get("/.well-known/openid-configuration")
        def discovery() -> Any:
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "end_session_endpoint": f"{self.issuer}/end",
            }

        @app.get("/keys")
        def keys() -> Any:
            self.key_reads += 1
            return {"keys": [key.as_dict(private=False) for key in self.published or self.keys]}

        @app.get("/authorize")
        def authorize() -> Any:
            grant = authorization.get_consent_grant(end_user="ada")
            return authorization.create_authorization_response(grant=grant, grant_user="ada")

        @app.post("/token")
        def token() -> Any:
            return authorization.create_token_response()

        @app.get("/userinfo")
        def userinfo() -> Any:
            return {"sub": self.user["sub"], **self.user_info}

        return app


def _encoded(part: dict[str, Any]) -> str:
    return _base64(json.dumps(part).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _grant(op: OidcOp) -> type[AuthorizationCodeGrant]:
    class Grant(AuthorizationCodeGrant):
        def save_authorization_code(self, code: str, request: Any) -> None:
            op.codes[code] = Code(request)
            if op.wrong.challenge:
                op.codes[code].code_challenge = op.wrong.challenge

        def query_authorization_code(self, code: str, client: Any) -> Code | None:
            return op.codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            op.codes = {code: one for code, one in op.codes.items() if one is not authorization_code}

        def authenticate_user(self, authorization_code: Code) -> str:
            return "ada"

    return Grant


def _open_id(op: OidcOp) -> type[OpenIDCode]:
    class OpenId(OpenIDCode):
        def exists_nonce(self, nonce: str, request: Any) -> bool:
            return any(code.nonce == nonce for code in op.codes.values())

        def encode_id_token(self, token: Any, request: Any) -> str:
            return op.id_token(request.authorization_code)

    return OpenId
