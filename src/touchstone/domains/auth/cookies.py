"""The two cookies: the session's, and the secret of a browser that is signing on."""

import dataclasses
from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import Cookie

from touchstone.domains.auth.model import Browser
from touchstone.domains.auth.tokens import new_token
from touchstone.http.authentication import SESSION_COOKIE, cookie
from touchstone.http.caller import Caller

LONGEST_USER_AGENT = 300


class CookieRules(msgspec.Struct, frozen=True):
    """`seconds` is how long a session lasts at most."""

    https_only: bool
    seconds: int

    @property
    def secret_name(self) -> str:
        # the prefix keeps other hosts of the domain from planting one of theirs
        return "__Host-sign_on" if self.https_only else "sign_on"

    def session(self, token: str) -> Cookie:
        return Cookie(
            SESSION_COOKIE,
            value=token,
            max_age=self.seconds,
            path="/",
            httponly=True,
            secure=self.https_only,
            samesite="lax",
        )

    def no_session(self) -> Cookie:
        """Takes the cookie away, with the value that the contract shows."""
        return dataclasses.replace(self.session("null"), max_age=0)

    def secret(self, browser: Browser) -> Cookie:
        """Comes back with the provider's cross-site POST too, for which browsers ask that it be secure."""
        return Cookie(
            self.secret_name,
            value=browser.secret,
            path="/",
            httponly=True,
            secure=self.https_only,
            samesite="none" if self.https_only else "lax",
        )

    def browser_of(self, request: Request[Any, Any, Any], caller: Caller) -> Browser:
        """What the cookies say, with or without the header against forgery; a new secret where there is none."""
        headers: dict[bytes, bytes] = dict(request.scope["headers"])
        user_agent = request.headers.get("user-agent")
        return Browser(
            secret=cookie(headers, self.secret_name) or new_token(),
            session=cookie(headers, SESSION_COOKIE),
            address=caller.address,
            user_agent=user_agent[:LONGEST_USER_AGENT] if user_agent else None,
        )
