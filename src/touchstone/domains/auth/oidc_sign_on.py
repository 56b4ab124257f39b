"""Signing in and out with OpenID Connect."""

from typing import Any

import structlog

from touchstone.adapters.identity_providers import AuthenticationFailed
from touchstone.adapters.oidc import Answer, OidcProvider
from touchstone.domains.auth.claims import ClaimNames, identity_of_claims
from touchstone.domains.auth.model import (
    Browser,
    LogoutRefused,
    OidcNotConfigured,
    SeenAssertion,
    SessionEnded,
    SignOn,
)
from touchstone.domains.auth.service import LONGEST_REASON, SessionService
from touchstone.domains.auth.tokens import digest_of
from touchstone.http.caller import Caller

log: Any = structlog.get_logger("touchstone.sign_on")


class OidcSignOn:
    """`provider` is None where OpenID Connect is not set up."""

    def __init__(self, provider: OidcProvider | None, sessions: SessionService, names: ClaimNames) -> None:
        self._provider, self._sessions, self._names = provider, sessions, names

    @property
    def is_configured(self) -> bool:
        return self._provider is not None

    async def begin(self, browser: Browser, return_to: str | None) -> str:
        """Where the browser signs in."""
        request = await self._require().login()
        kept = {"nonce": request.nonce, "code_verifier": request.code_verifier}
        awaited = SignOn(
            request.state,
            return_to,
            replaces=digest_of(browser.session) if browser.session else None,
            secrets=self._sessions.sealed(kept),
        )
        await self._sessions.expect("oidc", "sign-in", browser, awaited)
        return request.url

    async def finish(
        self, caller: Caller, browser: Browser, *, state: str, code: str | None, issuer: str | None, error: str | None
    ) -> tuple[str, str | None]:
        """The token of a new session, and where the browser wanted to return to. Raises AuthenticationFailed."""
        provider = self._require()
        async with self._sessions.attempt(caller, "oidc"):
            awaited = await self._sessions.take("oidc", "sign-in", browser, state)
            if error or not code:
                raise AuthenticationFailed(reason=f"the provider answers {error or 'no code'}")
            kept = self._sessions.opened(awaited.secrets)
            if not kept:
                raise AuthenticationFailed(reason="what was kept for this sign-on cannot be decrypted any more")
            wanted = tuple(name for name in (self._names.email, self._names.groups) if name)
            nonce, verifier = kept["nonce"], kept["code_verifier"]
            said = await provider.accept(Answer(code, issuer), nonce=nonce, code_verifier=verifier, wanted=wanted)
            identity = identity_of_claims(said, self._names)
            token = await self._sessions.sign_in(caller, browser, identity, replaces=awaited.replaces)
        return token, awaited.return_to

    async def leave(self, ended: SessionEnded | None, return_to: str | None) -> str | None:
        """Where the browser ends its session at the provider; None where the provider has no such place."""
        details = self._sessions.opened(ended.provider_details) if ended else {}
        return await self._require().logout(details.get("id_token"), return_to)

    async def hear(self, caller: Caller, logout_token: str) -> None:
        """Ends the sessions that the provider says have ended there. Raises LogoutRefused."""
        provider = self._require()
        try:
            said = await provider.read_logout(logout_token)
            seen = SeenAssertion(said.id, said.fresh_until)
            named = [said.session] if said.session else []
            await self._sessions.sign_out_at_provider(caller, "oidc", said.subject, named, seen)
        except AuthenticationFailed as failure:
            log.warning("a logout token was refused", reason=str(failure.facts.get("reason"))[:LONGEST_REASON])
            raise LogoutRefused from failure

    def _require(self) -> OidcProvider:
        if self._provider is None:
            raise OidcNotConfigured
        return self._provider
