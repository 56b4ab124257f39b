"""Logging out: here at once, then at whoever vouched for the session."""

from touchstone.domains.auth.model import Browser, Method, ReturnRules, SessionEnded
from touchstone.domains.auth.oidc_sign_on import OidcSignOn
from touchstone.domains.auth.saml_sign_on import SamlSignOn
from touchstone.domains.auth.service import SessionService
from touchstone.http.caller import Caller


class SignOff:
    """Front ends know one link for logging in and one for logging out, whatever is set up behind it."""

    def __init__(
        self, sessions: SessionService, saml: SamlSignOn, oidc: OidcSignOn, returns: ReturnRules, *, has_local: bool
    ) -> None:
        self._sessions, self._saml, self._oidc, self._returns = sessions, saml, oidc, returns
        self._has_local = has_local

    def instead_of(self, asked: Method) -> Method:
        """The way to sign on that is set up, where the one that was asked for is not."""
        if asked == "saml" and not self._saml.is_configured:
            if self._oidc.is_configured:
                return "oidc"
            return "local" if self._has_local else "saml"
        return asked

    async def leave(self, caller: Caller, browser: Browser, asked: Method, return_to: str | None) -> str | None:
        """Ends the session on the server, then says where to send the browser: to the provider or the front end.

        Raises SamlNotConfigured and OidcNotConfigured when there was no session and no provider to speak to.
        """
        ended = await self._sessions.sign_out(caller, browser)
        allowed = self._returns.allowed(return_to)
        match self._method(ended, asked):
            case "saml":
                return await self._saml.leave(browser, ended, return_to) or allowed
            case "oidc":
                return await self._oidc.leave(ended, allowed) or allowed
            case "local":
                return allowed

    def _method(self, ended: SessionEnded | None, asked: Method) -> Method:
        if ended is None:
            return self.instead_of(asked)
        is_set_up = {"saml": self._saml.is_configured, "oidc": self._oidc.is_configured, "local": True}
        return ended.method if is_set_up[ended.method] else "local"
