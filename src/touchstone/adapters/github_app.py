"""Access to GitHub as an app: a signed statement of who we are buys a token for each account that installed it.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

import asyncio
import base64
import datetime as dt
import time
from collections.abc import Callable, Mapping

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from touchstone.adapters.issue_tracker import CredentialsRefused
from touchstone.adapters.remote_service import Authorize, RemoteService

STATEMENT_SECONDS = 540  # GitHub takes at most ten minutes, counted by its own clock
CLOCK_SKEW_SECONDS = 60
RENEWED_BEFORE_SECONDS = 300.0
INSTALLATIONS_SECONDS = 3600.0
PAGE, MOST_PAGES = 100, 20


class _Account(msgspec.Struct, frozen=True):
    login: str


class _Installation(msgspec.Struct, frozen=True):
    id: int
    account: _Account | None = None
    suspended_at: str | None = None


class _Token(msgspec.Struct, frozen=True):
    token: str
    expires_at: dt.datetime

    def __repr__(self) -> str:
        return f"_Token(expires_at={self.expires_at})"


def rsa_key(pem: str) -> RSAPrivateKey:
    """Raises ValueError, which says nothing about the key."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("not an unencrypted RSA private key in PEM")
    return key


def app_statement(app_id: str, key: RSAPrivateKey, now: float) -> str:
    """A JSON Web Token (RFC 7519) signed with RS256 (RFC 7518, section 3.3)."""
    claims = {"iat": int(now) - CLOCK_SKEW_SECONDS, "exp": int(now) + STATEMENT_SECONDS, "iss": app_id}
    signed = f"{_segment({'alg': 'RS256', 'typ': 'JWT'})}.{_segment(claims)}"
    return f"{signed}.{_base64(key.sign(signed.encode(), PKCS1v15(), hashes.SHA256()))}"


class GithubApp:
    """Tokens are kept until shortly before they end. An account that did not install the app is read with the token
    of the first that did, which opens what is public.
    """

    def __init__(
        self,
        app_id: str,
        private_key: str,
        api_url: str,
        *,
        timeout_seconds: float = 30.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`private_key` as PEM. Raises ValueError when it is none."""
        self._app_id, self._key = app_id, rsa_key(private_key)
        self._api_url, self._clock = api_url, clock
        self._service = RemoteService(
            f"{api_url.split('/')[2]} (app)", timeout_seconds=timeout_seconds, authorize=self._stated, clock=clock
        )
        self._lock = asyncio.Lock()
        self._installations: list[_Installation] = []
        self._listed_at: float | None = None
        self._tokens: dict[int, _Token] = {}

    async def close(self) -> None:
        await self._service.close()

    def authorized_for(self, owner: str) -> Authorize:
        async def authorize() -> Mapping[str, str]:
            return {"authorization": f"Bearer {await self._token(owner)}"}

        return authorize

    async def forget(self) -> None:
        """After a token was refused before its time: it was revoked, or the app installed anew."""
        async with self._lock:
            self._tokens.clear()
            self._listed_at = None

    async def _token(self, owner: str) -> str:
        """One buys, the others wait for it. Raises CredentialsRefused, RateLimited, Unavailable."""
        async with self._lock:
            installation = await self._installation(owner)
            known = self._tokens.get(installation)
            if known is None or known.expires_at.timestamp() - self._clock() < RENEWED_BEFORE_SECONDS:
                known = await self._bought(installation)
                self._tokens[installation] = known
            return known.token

    async def _bought(self, installation: int) -> _Token:
        answer = await self._service.post(f"{self._api_url}/app/installations/{installation}/access_tokens", {})
        if answer.is_absent:
            self._listed_at = None
        return self._service.decoded(answer, _Token)

    async def _installation(self, owner: str) -> int:
        if self._listed_at is None or self._clock() - self._listed_at > INSTALLATIONS_SECONDS:
            self._installations = await self._listed()
            self._listed_at = self._clock()
        usable = [one for one in self._installations if one.suspended_at is None]
        if not usable:
            raise CredentialsRefused(system=self._service.system)
        own = (one.id for one in usable if one.account and one.account.login.lower() == owner.lower())
        return next(own, usable[0].id)

    async def _listed(self) -> list[_Installation]:
        found: list[_Installation] = []
        for page in range(1, MOST_PAGES + 1):
            params = {"per_page": str(PAGE), "page": str(page)}
            answer = await self._service.get(f"{self._api_url}/app/installations", params=params)
            listed = self._service.decoded(answer, list[_Installation])
            found += listed
            if len(listed) < PAGE:
                break
        return found

    async def _stated(self) -> Mapping[str, str]:
        return {
            "authorization": f"Bearer {app_statement(self._app_id, self._key, self._clock())}",
            "accept": "application/vnd.github+json",
        }


def _segment(content: object) -> str:
    return _base64(msgspec.json.encode(content))


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
