"""`/auth/saml`: the links of the front end, and where the identity provider sends browsers."""

from typing import Annotated, Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery

from touchstone.adapters.identity_providers import AuthenticationFailed, LogoutFailed
from touchstone.adapters.saml_messages import LogoutMessage
from touchstone.domains.auth.answers import ELSEWHERE, TO_FRONT_END, beside, plain_answer, requested, sent_to
from touchstone.domains.auth.cookies import CookieRules
from touchstone.domains.auth.model import ReturnRules, SamlNotConfigured
from touchstone.domains.auth.saml_sign_on import SamlSignOn
from touchstone.domains.auth.schemas import SamlLogoutForm, SamlResponseForm, SignedIn
from touchstone.domains.auth.sign_off import SignOff
from touchstone.http.caller import Caller
from touchstone.http.decoding import InvalidRequest, missing
from touchstone.http.guards import anybody
from touchstone.http.openapi import failures

AnyRequest = Request[Any, Any, Any]


class SamlController(Controller):
    path = "/api/v1/auth/saml"
    tags = ["authentication"]

    @get(
        "/login",
        guards=[anybody],
        operation_id="saml_login_v1_auth_saml_login_get",
        responses={**ELSEWHERE, **failures(SamlNotConfigured)},
    )
    async def saml_login(
        self,
        request: AnyRequest,
        caller: NamedDependency[Caller],
        cookie_rules: NamedDependency[CookieRules],
        saml_sign_on: NamedDependency[SamlSignOn],
        sign_off: NamedDependency[SignOff],
        return_to: FromQuery[str | None] = None,
    ) -> Response[Any]:
        """Sends the browser to the identity provider, or to the way to sign on that is set up instead."""
        wanted = requested(return_to)
        if (method := sign_off.instead_of("saml")) != "saml":
            return sent_to(beside(method, "login", wanted), 307)
        browser = cookie_rules.browser_of(request, caller)
        return sent_to(await saml_sign_on.begin(browser, wanted), 307, cookie_rules.secret(browser))

    @post(
        "/acs",
        status_code=200,
        guards=[anybody],
        operation_id="saml_login_callback_v1_auth_saml_acs_post",
        responses={**TO_FRONT_END, **failures(AuthenticationFailed, SamlNotConfigured)},
    )
    async def saml_login_callback(
        self,
        request: AnyRequest,
        data: Annotated[SamlResponseForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
        caller: NamedDependency[Caller],
        cookie_rules: NamedDependency[CookieRules],
        returns: NamedDependency[ReturnRules],
        saml_sign_on: NamedDependency[SamlSignOn],
    ) -> Response[Any]:
        """Takes the identity provider's word and begins a session."""
        token = await saml_sign_on.finish(caller, cookie_rules.browser_of(request, caller), data.response)
        cookie = cookie_rules.session(token)
        if data.relay_state is None:
            return plain_answer(SignedIn(), cookie)
        allowed = returns.allowed(data.relay_state)
        return sent_to(allowed, 302, cookie) if allowed else plain_answer(None, cookie)

    @get(
        "/logout",
        guards=[anybody],
        operation_id="saml_logout_v1_auth_saml_logout_get",
        responses={**ELSEWHERE, **failures(SamlNotConfigured)},
    )
    async def saml_logout(
        self,
        request: AnyRequest,
        caller: NamedDependency[Caller],
        cookie_rules: NamedDependency[CookieRules],
        sign_off: NamedDependency[SignOff],
        return_to: FromQuery[str | None] = None,
    ) -> Response[Any]:
        """Ends the session here, then sends the browser to end it at the identity provider."""
        browser = cookie_rules.browser_of(request, caller)
        url = await sign_off.leave(caller, browser, "saml", requested(return_to))
        gone = cookie_rules.no_session(), cookie_rules.secret(browser)
        return sent_to(url, 307, *gone) if url else plain_answer(None, *gone)

    @get(
        "/sls",
        guards=[anybody],
        operation_id="saml_logout_callback_v1_auth_saml_sls_get",
        responses={**TO_FRONT_END, **failures(InvalidRequest, LogoutFailed, SamlNotConfigured)},
    )
    async def saml_logout_callback(
        self,
        request: AnyRequest,
        caller: NamedDependency[Caller],
        cookie_rules: NamedDependency[CookieRules],
        returns: NamedDependency[ReturnRules],
        saml_sign_on: NamedDependency[SamlSignOn],
    ) -> Response[Any]:
        """The identity provider asks for a logout, or has done ours."""
        if not {"SAMLRequest", "SAMLResponse"} & set(request.query_params.keys()):
            raise InvalidRequest([missing(("query", "SAMLResponse"))])
        message = LogoutMessage(query=request.scope["query_string"].decode("latin-1"))
        relay_state = request.query_params.get("RelayState")
        browser = cookie_rules.browser_of(request, caller)
        answered = await saml_sign_on.hear(caller, browser, message, relay_state)
        return _after_logout(answered or returns.allowed(relay_state), cookie_rules)

    @post(
        "/sls",
        status_code=200,
        guards=[anybody],
        operation_id="saml_logout_callback_v1_auth_saml_sls_post",
        responses={**TO_FRONT_END, **failures(InvalidRequest, LogoutFailed, SamlNotConfigured)},
    )
    async def saml_logout_callback_v1_auth_saml_sls_post(
        self,
        request: AnyRequest,
        data: Annotated[SamlLogoutForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
        caller: NamedDependency[Caller],
        cookie_rules: NamedDependency[CookieRules],
        returns: NamedDependency[ReturnRules],
        saml_sign_on: NamedDependency[SamlSignOn],
    ) -> Response[Any]:
        """The same by a form."""
        if not data.request and not data.response:
            raise InvalidRequest([missing(("body", "SAMLResponse"))])
        message = LogoutMessage(request=data.request, response=data.response)
        browser = cookie_rules.browser_of(request, caller)
        answered = await saml_sign_on.hear(caller, browser, message, data.relay_state)
        return _after_logout(answered or returns.allowed(data.relay_state), cookie_rules)

    @get(
        "/metadata",
        guards=[anybody],
        media_type="application/samlmetadata+xml",
        responses=failures(SamlNotConfigured),
    )
    async def get_saml_metadata(self, saml_sign_on: NamedDependency[SamlSignOn]) -> str:
        """What the identity provider must know of this service."""
        return (await saml_sign_on.own_metadata()).decode()


def _after_logout(url: str | None, cookie_rules: CookieRules) -> Response[Any]:
    return sent_to(url, 302, cookie_rules.no_session()) if url else plain_answer(None, cookie_rules.no_session())
