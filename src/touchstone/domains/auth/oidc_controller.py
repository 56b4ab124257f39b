"""`/auth/oidc`."""

from typing import Annotated, Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery, QueryParameter

from touchstone.adapters.identity_providers import AuthenticationFailed
from touchstone.domains.auth.answers import ELSEWHERE, TO_FRONT_END, plain_answer, requested, sent_to
from touchstone.domains.auth.cookies import CookieRules
from touchstone.domains.auth.model import LogoutRefused, OidcNotConfigured, ReturnRules
from touchstone.domains.auth.oidc_sign_on import OidcSignOn
from touchstone.domains.auth.schemas import LogoutTokenForm, SignedIn
from touchstone.domains.auth.sign_off import SignOff
from touchstone.http.caller import Caller
from touchstone.http.guards import anybody
from touchstone.http.openapi import failures

AnyRequest = Request[Any, Any, Any]


class OidcController(Controller):
    path = "/api/v1/auth/oidc"
    tags = ["authentication"]

    @get("/login", guards=[anybody], responses={**ELSEWHERE, **failures(OidcNotConfigured)})
    async def oidc_login(
        self,
        request: AnyRequest,
        caller: NamedDependency[Caller],
        cookie_rules: NamedDependency[CookieRules],
        returns: NamedDependency[ReturnRules],
        oidc_sign_on: NamedDependency[OidcSignOn],
        return_to: FromQuery[str | None] = None,
    ) -> Response[Any]:
        """Sends the browser to the identity provider."""
        browser = cookie_rules.browser_of(request, caller)
        url = await oidc_sign_on.begin(browser, returns.allowed(requested(return_to)))
        return sent_to(url, 307, cookie_rules.secret(browser))

    @get(
        "/callback",
        guards=[anybody],
        responses={**TO_FRONT_END, **failures(AuthenticationFailed, OidcNotConfigured)},
    )
    async def oidc_callback(
        self,
        request: AnyRequest,
        caller: NamedDependency[Caller],
        cookie_rules: NamedDependency[CookieRules],
        oidc_sign_on: NamedDependency[OidcSignOn],
        answered: Annotated[str, QueryParameter(name="state")],
        code: FromQuery[str | None] = None,
        iss: FromQuery[str | None] = None,
        error: FromQuery[str | None] = None,
    ) -> Response[Any]:
        """Takes the identity provider's word and begins a session."""
        browser = cookie_rules.browser_of(request, caller)
        token, return_to = await oidc_sign_on.finish(
            caller, browser, state=answered, code=code, issuer=iss, error=error
        )
        cookie = cookie_rules.session(token)
        return sent_to(return_to, 302, cookie) if return_to else plain_answer(SignedIn(), cookie)

    @get("/logout", guards=[anybody], responses={**ELSEWHERE, **failures(OidcNotConfigured)})
    async def oidc_logout(
        self,
        request: AnyRequest,
        caller: NamedDependency[Caller],
        cookie_rules: NamedDependency[CookieRules],
        sign_off: NamedDependency[SignOff],
        return_to: FromQuery[str | None] = None,
    ) -> Response[Any]:
        """Ends the session here, then sends the browser to end it at the identity provider."""
        browser = cookie_rules.browser_of(request, caller)
        url = await sign_off.leave(caller, browser, "oidc", requested(return_to))
        gone = cookie_rules.no_session(), cookie_rules.secret(browser)
        return sent_to(url, 307, *gone) if url else plain_answer(None, *gone)

    @post(
        "/backchannel-logout",
        status_code=200,
        guards=[anybody],
        responses=failures(LogoutRefused, OidcNotConfigured),
    )
    async def oidc_backchannel_logout(
        self,
        data: Annotated[LogoutTokenForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
        caller: NamedDependency[Caller],
        oidc_sign_on: NamedDependency[OidcSignOn],
    ) -> Response[None]:
        """The identity provider says that a session has ended there; it ends here too."""
        await oidc_sign_on.hear(caller, data.logout_token)
        return plain_answer(None)
