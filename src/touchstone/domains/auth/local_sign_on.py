"""Signing in by e-mail address alone, for development."""

from html import escape

from touchstone.domains.auth.claims import email_address, plain
from touchstone.domains.auth.model import Browser, Identity, NoLocalLogin, ReturnRules
from touchstone.domains.auth.schemas import LocalLogin
from touchstone.domains.auth.service import SessionService
from touchstone.http.caller import Caller

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Touchstone: sign in</title>
<style>body {{ font: 1rem sans-serif; max-width: 22rem; margin: 15vh auto; }} input {{ width: 100%; }}</style>
<h1>Sign in</h1>
<form method="post" action="login/form">
<p><label>E-mail address<br><input type="email" name="email" required autofocus></label></p>
<p><label>Name, if you are new<br><input name="name"></label></p>
<input type="hidden" name="return_to" value="{return_to}">
<p><button>Sign in</button></p>
</form>
<p>For development: nobody checks that the address is yours.</p>
</html>
"""


class LocalSignOn:
    """Answers as if it did not exist unless it is enabled."""

    def __init__(self, sessions: SessionService, returns: ReturnRules, *, is_enabled: bool) -> None:
        self._sessions, self._returns, self._is_enabled = sessions, returns, is_enabled

    def page(self, return_to: str | None) -> tuple[str, dict[str, str]]:
        """The form, and headers that let its answer lead to the front end. Raises NoLocalLogin."""
        self._require()
        allowed = self._returns.allowed(return_to) or ""
        targets = " ".join(("'self'", *sorted(self._returns.origins)))
        policy = f"default-src 'none'; style-src 'unsafe-inline'; form-action {targets}; frame-ancestors 'none'"
        return PAGE.format(return_to=escape(allowed)), {"Content-Security-Policy": policy, "Cache-Control": "no-store"}

    async def sign_in(self, caller: Caller, browser: Browser, login: LocalLogin) -> str:
        """The token of a new session. Raises NoLocalLogin, AuthenticationFailed."""
        self._require()
        async with self._sessions.attempt(caller, "local"):
            email = email_address(login.email)
            await self._sessions.throttle(f"account {email}")
            identity = Identity("local", email, plain(login.name) or email)
            return await self._sessions.sign_in(caller, browser, identity)

    def _require(self) -> None:
        if not self._is_enabled:
            raise NoLocalLogin
