"""`/users/me/sessions`: what one may see and end of one's own; and `/auth/local`, signing in without a provider."""

from typing import Annotated, Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery, JSONBody
from msgspec import Meta

from touchstone.adapters.identity_providers import AuthenticationFailed
from touchstone.domains.auth.answers import TO_FRONT_END, plain_answer, requested, sent_to
from touchstone.domains.auth.cookies import CookieRules
from touchstone.domains.auth.local_sign_on import LocalSignOn
from touchstone.domains.auth.model import NoLocalLogin, ReturnRules, SessionNotFound
from touchstone.domains.auth.schemas import LocalLogin, SessionsEnded, SessionView, SignedIn
from touchstone.domains.auth.service import SessionService
from touchstone.domains.auth.session_repository import SessionRepository
from touchstone.domains.auth.sign_off import SignOff
from touchstone.http.caller import Caller
from touchstone.http.guards import NotAuthenticated, NotForApplications, a_user, anybody
from touchstone.http.openapi import answer, failures

AnyRequest = Request[Any, Any, Any]
SessionId = Annotated[int, Meta(ge=1, le=2**63 - 1)]


class SessionController(Controller):
    path = "/api/v1/users/me/sessions"
    tags = ["authentication"]

    @get(guards=[a_user], responses=failures(NotAuthenticated, NotForApplications))
    async def list_sessions(
        self, caller: NamedDependency[Caller], user_sessions: NamedDependency[SessionRepository]
    ) -> list[SessionView]:
        """Where the caller is signed in, the newest first."""
        principal = caller.principal
        assert principal.user_id is not None  # the guard has seen to it
        return await user_sessions.list_live(principal.user_id, principal.session_id)

    @delete(guards=[a_user], status_code=200, responses=failures(NotAuthenticated, NotForApplications))
    async def revoke_sessions(
        self,
        caller: NamedDependency[Caller],
        session_service: NamedDependency[SessionService],
        except_current: FromQuery[bool] = False,
    ) -> SessionsEnded:
        """Ends all of the caller's sessions, or all but the one that asks."""
        but = caller.principal.session_id if except_current else None
        return SessionsEnded(await session_service.revoke_all(caller, but=but))

    @delete(
        "/{session_id:str}",
        guards=[a_user],
        responses=failures(NotAuthenticated, NotForApplications, SessionNotFound),
    )
    async def revoke_session(
        self,
        session_id: FromPath[SessionId],
        caller: NamedDependency[Caller],
        session_service: NamedDependency[SessionService],
    ) -> None:
        """Ends one of the caller's sessions."""
        await session_service.revoke(caller, session_id)


class LocalLoginController(Controller):
    path = "/api/v1/auth/local"
    tags = ["authentication"]

    @get("/login", guards=[anybody], media_type="text/html", responses=failures(NoLocalLogin))
    async def show_local_login(
        self, local_sign_on: NamedDependency[LocalSignOn], return_to: FromQuery[str | None] = None
    ) -> Response[str]:
        """A form that asks for an e-mail address; only where development is set up."""
        page, headers = local_sign_on.page(requested(return_to))
        return Response(page, headers=headers, media_type="text/html")

    @post("/login", status_code=200, guards=[anybody], responses=failures(NoLocalLogin, AuthenticationFailed))
    async def local_login(
        self,
        request: AnyRequest,
        data: JSONBody[LocalLogin],
        caller: NamedDependency[Caller],
        cookie_rules: NamedDependency[CookieRules],
        local_sign_on: NamedDependency[LocalSignOn],
    ) -> Response[SignedIn]:
        """Begins a session for an e-mail address, which nobody checks; only where development is set up."""
        token = await local_sign_on.sign_in(caller, cookie_rules.browser_of(request, caller), data)
        return plain_answer(SignedIn(), cookie_rules.session(token))

    @post(
        "/login/form",
        status_code=200,
        guards=[anybody],
        responses={**TO_FRONT_END, **failures(NoLocalLogin, AuthenticationFailed)},
    )
    async def local_login_form(
        self,
        request: AnyRequest,
        data: Annotated[LocalLogin, Body(media_type=RequestEncodingType.URL_ENCODED)],
        caller: NamedDependency[Caller],
        cookie_rules: NamedDependency[CookieRules],
        returns: NamedDependency[ReturnRules],
        local_sign_on: NamedDependency[LocalSignOn],
    ) -> Response[Any]:
        """The same by a form, which leads back to the front end."""
        token = await local_sign_on.sign_in(caller, cookie_rules.browser_of(request, caller), data)
        allowed = returns.allowed(data.return_to)
        cookie = cookie_rules.session(token)
        return sent_to(allowed, 302, cookie) if allowed else plain_answer(SignedIn(), cookie)

    @get("/logout", guards=[anybody], responses={307: answer(None, "To the front end or the identity provider.")})
    async def local_logout(
        self,
        request: AnyRequest,
        caller: NamedDependency[Caller],
        cookie_rules: NamedDependency[CookieRules],
        sign_off: NamedDependency[SignOff],
        return_to: FromQuery[str | None] = None,
    ) -> Response[Any]:
        """Ends the session, however it began."""
        browser = cookie_rules.browser_of(request, caller)
        url = await sign_off.leave(caller, browser, "local", requested(return_to))
        gone = cookie_rules.no_session(), cookie_rules.secret(browser)
        return sent_to(url, 307, *gone) if url else plain_answer(None, *gone)
