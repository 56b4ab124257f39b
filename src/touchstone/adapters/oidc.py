"""An OpenID Connect relying party: authorization code with PKCE (RFC 7636), on authlib and joserfc.

Those shape requests and check tokens, and are imported when they are first used. Checks of the ID token are those of
OpenID Connect Core 1.0, section 3.1.3.7; the document that says where everything is comes from OpenID Connect
Discovery 1.0.
"""

import base64
import json
import secrets
import time
from importlib import import_module
from typing import Any, cast
from urllib.parse import urlencode, urlsplit, urlunsplit

import msgspec

from touchstone.adapters.identity_providers import AuthenticationFailed, ProviderDocument, fetched, posted
from touchstone.adapters.oidc_logout import OLDEST_TOKEN_SECONDS, LogoutSaid, logout_said

CLOCK_SKEW_SECONDS = 60
LONGEST_TOKEN = 100_000


class OidcConfig(msgspec.Struct, frozen=True):
    """`base_url` is how browsers reach the API. A client without a secret is a public one."""

    base_url: str
    issuer: str
    client_id: str
    client_secret: str = ""
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    algorithms: tuple[str, ...] = ("RS256", "PS256", "ES256")

    @property
    def login_url(self) -> str:
        return f"{self.base_url}/v1/auth/oidc/login"

    @property
    def callback_url(self) -> str:
        return f"{self.base_url}/v1/auth/oidc/callback"

    @property
    def discovery_url(self) -> str:
        return f"{self.issuer}/.well-known/openid-configuration"


class Discovered(msgspec.Struct, frozen=True):
    """What of the discovery document is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class AuthorizationRequest(msgspec.Struct, frozen=True):
    """Where the browser is sent; the rest is kept until it comes back."""

    url: str
    state: str
    nonce: str
    code_verifier: str


class Answer(msgspec.Struct, frozen=True):
    """What the browser brings back."""

    code: str
    issuer: str | None = None


class SignedIn(msgspec.Struct, frozen=True):
    """The claims of the ID token, completed by the user info where the token lacks some."""

    claims: dict[str, Any]
    id_token: str


class OidcProvider:
    """All methods raise Unavailable when the provider is away."""

    def __init__(
        self, config: OidcConfig, discovery: ProviderDocument[Discovered], keys: ProviderDocument[dict[str, Any]]
    ) -> None:
        """`keys` holds JSON Web Keys by their ids."""
        self.config = config
        self._discovery = discovery
        self._keys = keys

    async def login(self) -> AuthorizationRequest:
        found = await self._discovery.current()
        uris: Any = import_module("authlib.oauth2.rfc6749.parameters")
        challenges: Any = import_module("authlib.oauth2.rfc7636")
        state, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(3))
        url: str = uris.prepare_grant_uri(
            found.authorization_endpoint,
            self.config.client_id,
            "code",
            redirect_uri=self.config.callback_url,
            scope=" ".join(self.config.scopes),
            state=state,
            nonce=nonce,
            code_challenge=challenges.create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        return AuthorizationRequest(url, state, nonce, verifier)

    async def accept(self, answer: Answer, *, nonce: str, code_verifier: str, wanted: tuple[str, ...]) -> SignedIn:
        """Raises AuthenticationFailed unless the code brings a token that is the provider's, ours, and of now.

        `wanted` are claims to be asked of the user info endpoint when the token lacks them.
        """
        found = await self._discovery.current()
        _require_issuer(answer, found)
        tokens = await self._redeem(found, answer.code, code_verifier)
        id_token = tokens.get("id_token")
        if not isinstance(id_token, str) or len(id_token) > LONGEST_TOKEN:
            raise AuthenticationFailed(reason="the provider gave no ID token")
        claims = await self._checked(found, id_token, nonce)
        if not claims.keys() >= set(wanted) and found.userinfo_endpoint and (access := tokens.get("access_token")):
            claims = {**await _user_info(found.userinfo_endpoint, str(access), claims["sub"]), **claims}
        return SignedIn(claims, id_token)

    async def logout(self, id_token: str | None, return_to: str | None) -> str | None:
        """Where the browser ends its session at the provider (RP-Initiated Logout 1.0); None where it cannot."""
        end = (await self._discovery.current()).end_session_endpoint
        if end is None:
            return None
        given = {
            "client_id": self.config.client_id,
            "id_token_hint": id_token,
            "post_logout_redirect_uri": return_to,
        }
        parts = urlsplit(end)
        added = urlencode({name: value for name, value in given.items() if value})
        return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, added)))))

    async def _redeem(self, found: Discovered, code: str, code_verifier: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.config.callback_url,
            "code_verifier": code_verifier,
        }
        url, headers, body = self._authenticated(found, urlencode(form))
        status, content = await posted(url, headers, body)
        tokens = _object(content)
        if status >= 400 or "error" in tokens:
            raise AuthenticationFailed(reason=f"the provider refused the code: {tokens.get('error', status)}")
        return tokens

    def _authenticated(self, found: Discovered, form: str) -> tuple[str, dict[str, str], str]:
        """The request to the token endpoint with the client's own credentials in it."""
        library: Any = import_module("authlib.oauth2.auth")
        config = self.config
        method = _auth_method(found, has_secret=bool(config.client_secret))
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        client = library.ClientAuth(config.client_id, config.client_secret or None, method)
        return client.prepare("POST", found.token_endpoint, headers, form)

    async def read_logout(self, logout_token: str) -> LogoutSaid:
        """Whose session has ended there. Raises AuthenticationFailed unless the provider says so to us, and now."""
        if len(logout_token) > LONGEST_TOKEN:
            raise AuthenticationFailed(reason="the logout token is too long")
        issuer = (await self._discovery.current()).issuer
        required = {"iss": issuer, "aud": self.config.client_id, "jti": None, "iat": None}
        token = await self._verified("logout token", logout_token, required)
        return logout_said(token.header, token.claims)

    async def _checked(self, found: Discovered, id_token: str, nonce: str) -> dict[str, Any]:
        client_id = self.config.client_id
        required = {"iss": found.issuer, "aud": client_id, "nonce": nonce, "sub": None, "exp": None, "iat": None}
        claims: dict[str, Any] = (await self._verified("ID token", id_token, required)).claims
        _require_party(claims, client_id)
        return claims

    async def _verified(self, name: str, token: str, required: dict[str, str | None]) -> Any:
        """The library's token: the provider's, of now, with the claims required. Raises AuthenticationFailed."""
        errors: Any = import_module("joserfc.errors")
        tokens: Any = import_module("joserfc.jwt")
        essential = {
            claim: {"essential": True, **({"value": value} if value is not None else {})}
            for claim, value in required.items()
        }
        try:
            decoded = tokens.decode(token, await self._key(name, token), algorithms=list(self.config.algorithms))
            tokens.JWTClaimsRegistry(leeway=CLOCK_SKEW_SECONDS, **essential).validate(decoded.claims)
        except (errors.JoseError, ValueError) as error:
            raise AuthenticationFailed(reason=f"the {name} does not hold: {error}") from error
        return decoded

    async def _key(self, name: str, token: str) -> Any:
        """By the token's key id; one that is unknown may be new. Raises AuthenticationFailed."""
        key_id = _key_id(token)
        key = _chosen(await self._keys.current(), key_id) or _chosen(await self._keys.renewed(), key_id)
        if key is None:
            raise AuthenticationFailed(reason=f"the {name} is signed with an unknown key")
        return key


def read_discovery(content: bytes, issuer: str) -> Discovered:
    """Raises ValueError, also when it speaks for somebody else."""
    found = msgspec.json.decode(content, type=Discovered)
    if found.issuer.rstrip("/") != issuer.rstrip("/"):
        raise ValueError(f"the issuer is {found.issuer[:200]}")
    return found


def read_keys(content: bytes) -> dict[str, Any]:
    """Keys that verify signatures, by their ids; those of a kind we do not know are left out. Raises ValueError."""
    library: Any = import_module("joserfc.jwk")
    errors: Any = import_module("joserfc.errors")
    found: dict[str, Any] = {}
    for number, described in enumerate(_key_list(content)):
        if described.get("kty") == "oct" or described.get("use", "sig") != "sig":
            continue
        try:
            found[described.get("kid") or f"#{number}"] = library.import_key(described)
        except (errors.JoseError, ValueError, KeyError):
            continue
    return found


def _key_list(content: bytes) -> list[dict[str, Any]]:
    found: object = json.loads(content)
    keys = cast("dict[str, object]", found).get("keys") if isinstance(found, dict) else None
    if not isinstance(keys, list):
        raise ValueError("no keys")
    return [cast("dict[str, Any]", one) for one in cast("list[object]", keys) if isinstance(one, dict)]


def _key_id(token: str) -> str | None:
    """Raises ValueError where there is no header."""
    encoded = token.partition(".")[0]
    header: object = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    key_id = cast("dict[str, object]", header).get("kid") if isinstance(header, dict) else None
    return key_id if isinstance(key_id, str) else None


def _chosen(known: dict[str, Any], key_id: str | None) -> Any:
    """A token without a key id is the only key's."""
    if key_id is None:
        return next(iter(known.values())) if len(known) == 1 else None
    return known.get(key_id)


def _require_party(claims: dict[str, Any], client_id: str) -> None:
    audience = claims["aud"]
    if isinstance(audience, list) and len(cast("list[object]", audience)) > 1 and claims.get("azp") != client_id:
        raise AuthenticationFailed(reason="the ID token is for several parties, and not issued to this one")
    if claims.get("azp", client_id) != client_id:
        raise AuthenticationFailed(reason="the ID token is issued to another party")
    if claims["iat"] < time.time() - OLDEST_TOKEN_SECONDS:
        raise AuthenticationFailed(reason="the ID token was issued too long ago")


def _require_issuer(answer: Answer, found: Discovered) -> None:
    """RFC 9207: an answer that another provider has sent must not reach this one's token endpoint."""
    if answer.issuer is None and not found.authorization_response_iss_parameter_supported:
        return
    if answer.issuer != found.issuer:
        raise AuthenticationFailed(reason="the answer comes from another issuer")


def _auth_method(found: Discovered, *, has_secret: bool) -> str:
    if not has_secret:
        return "none"
    supported = found.token_endpoint_auth_methods_supported
    return "client_secret_basic" if "client_secret_basic" in supported else "client_secret_post"


async def _user_info(url: str, access_token: str, subject: str) -> dict[str, Any]:
    """Raises AuthenticationFailed when it is about somebody else (Core 1.0, section 5.3.2)."""
    found = _object(await fetched(url, token=access_token))
    if found.get("sub") != subject:
        raise AuthenticationFailed(reason="the user info is about somebody else")
    return found


def _object(content: bytes) -> dict[str, Any]:
    """Raises AuthenticationFailed where there is none."""
    try:
        found: object = json.loads(content)
    except ValueError as error:
        raise AuthenticationFailed(reason="the provider's answer cannot be read") from error
    if not isinstance(found, dict):
        raise AuthenticationFailed(reason="the provider's answer is no object")
    return cast("dict[str, Any]", found)
