"""Signing in and out with SAML, from the browser's first request to the provider's answer."""

from typing import Any

import msgspec
import structlog

from touchstone.adapters.identity_providers import AuthenticationFailed, LogoutFailed
from touchstone.adapters.saml import NameId, SamlProvider
from touchstone.adapters.saml_messages import LogoutAsked, LogoutMessage
from touchstone.domains.auth.claims import ClaimNames, identity_of_assertion
from touchstone.domains.auth.model import Browser, SamlNotConfigured, SeenAssertion, SessionEnded, SignOn
from touchstone.domains.auth.service import LONGEST_REASON, SessionService
from touchstone.domains.auth.tokens import digest_of
from touchstone.http.caller import Caller

log: Any = structlog.get_logger("touchstone.sign_on")


class SamlSignOn:
    """`provider` is None where SAML is not set up."""

    def __init__(self, provider: SamlProvider | None, sessions: SessionService, names: ClaimNames) -> None:
        self._provider, self._sessions, self._names = provider, sessions, names

    @property
    def is_configured(self) -> bool:
        return self._provider is not None

    async def begin(self, browser: Browser, return_to: str | None) -> str:
        """Where the browser signs in; the provider gives `return_to` back as RelayState."""
        provider = self._require()
        request = await provider.login(return_to or provider.config.login_url)
        replaces = digest_of(browser.session) if browser.session else None
        await self._sessions.expect("saml", "sign-in", browser, SignOn(request.id, replaces=replaces))
        return request.url

    async def finish(self, caller: Caller, browser: Browser, response: str) -> str:
        """The token of a new session. Raises AuthenticationFailed."""
        provider = self._require()
        async with self._sessions.attempt(caller, "saml"):
            request_id = await provider.answered_request(response)
            awaited = await self._sessions.take("saml", "sign-in", browser, request_id)
            assertion = await provider.accept(response, awaited.request_id)
            identity = identity_of_assertion(assertion, self._names)
            return await self._sessions.sign_in(caller, browser, identity, replaces=awaited.replaces)

    async def leave(self, browser: Browser, ended: SessionEnded | None, return_to: str | None) -> str | None:
        """Where the browser ends its session at the provider; None where the provider has no such place."""
        provider = self._require()
        details = self._sessions.opened(ended.provider_details) if ended else {}
        name_id = msgspec.convert(details["name_id"], NameId) if "name_id" in details else None
        asked = await provider.logout(return_to or provider.config.login_url, name_id, details.get("session"))
        if asked is None:
            return None
        await self._sessions.expect("saml", "sign-out", browser, SignOn(asked.id))
        return asked.url

    async def hear(
        self, caller: Caller, browser: Browser, message: LogoutMessage, relay_state: str | None
    ) -> str | None:
        """Obeys the provider's request to log out, and says so at the URL returned; or takes its answer to ours.

        Raises LogoutFailed.
        """
        provider = self._require()
        try:
            said = await provider.read_logout(message)
            if isinstance(said, LogoutAsked):
                seen = SeenAssertion(said.id, said.fresh_until)
                await self._sessions.sign_out_at_provider(caller, "saml", said.subject, said.sessions, seen)
                return await provider.answer_logout(said.id, relay_state)
            await self._sessions.take("saml", "sign-out", browser, said.request_id)
        except (AuthenticationFailed, LogoutFailed) as failure:
            log.warning("a logout message was refused", reason=str(failure.facts.get("reason"))[:LONGEST_REASON])
            raise LogoutFailed(**failure.facts) from failure
        return None

    async def own_metadata(self) -> bytes:
        return await self._require().own_metadata()

    def _require(self) -> SamlProvider:
        if self._provider is None:
            raise SamlNotConfigured
        return self._provider
