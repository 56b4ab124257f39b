"""Sessions begin with what a provider vouches for and end by logout, revocation or time."""

import contextlib
from collections.abc import AsyncGenerator, Callable
from typing import Any

import msgspec
import structlog

from touchstone.adapters.identity_providers import AuthenticationFailed
from touchstone.adapters.vault import SecretUnreadable, Vault
from touchstone.database.executor import Database, Transaction
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.auth.model import (
    Admit,
    AdmittedUser,
    Browser,
    ClaimedTeams,
    Identity,
    JoinTeams,
    Method,
    Purpose,
    SeenAssertion,
    SessionEnded,
    SessionNotFound,
    SignOn,
    Throttle,
    never_throttle,
)
from touchstone.domains.auth.session_repository import SessionRepository
from touchstone.domains.auth.sign_on_repository import SignOnRepository
from touchstone.domains.auth.tokens import digest_of, new_token
from touchstone.errors import Forbidden
from touchstone.http.caller import Caller, Principal

log: Any = structlog.get_logger("touchstone.sign_on")

SIGN_ON_SECONDS = 900
LONGEST_REASON = 300


class SessionTimes(msgspec.Struct, frozen=True):
    """Seconds: a session ends when it is not used for `idle`, and `absolute` after its begin."""

    idle: int
    absolute: int


class SessionService:
    """`admit` and `join_teams` are the doors to users and teams; `forget` empties what this process remembers."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        times: SessionTimes,
        *,
        admit: Admit,
        join_teams: JoinTeams,
        forget: Callable[[], None],
        throttle: Throttle = never_throttle,
    ) -> None:
        self.database, self.vault, self.times = database, vault, times
        self.admit, self.join_teams, self.forget, self.throttle = admit, join_teams, forget, throttle

    async def expect(self, method: Method, purpose: Purpose, browser: Browser, awaited: SignOn) -> None:
        """Keeps what the provider's answer will be held against; `awaited.request_id` is what it will name."""
        digest = _state_digest(browser, awaited.request_id)
        await SignOnRepository(self.database).insert(digest, method, purpose, awaited, SIGN_ON_SECONDS)

    async def take(self, method: Method, purpose: Purpose, browser: Browser, request_id: str) -> SignOn:
        """What was kept for this browser and request, once. Raises AuthenticationFailed."""
        digest = _state_digest(browser, request_id)
        found = await SignOnRepository(self.database).take(digest, method, purpose)
        if found is None:
            raise AuthenticationFailed(reason="this browser has not asked for that, or too long ago")
        return found

    @contextlib.asynccontextmanager
    async def attempt(self, caller: Caller, method: Method) -> AsyncGenerator[None]:
        """Counts a try to sign in; one that is refused inside the block is recorded."""
        await self.throttle(f"sign-in {caller.address}")
        try:
            yield
        except Forbidden as failure:
            reason = str(failure.facts.get("reason", failure))[:LONGEST_REASON]
            log.warning("a sign-in was refused", method=method, reason=reason)
            await AuditRepository(self.database).record(
                caller, "refuse_sign_in", f"sign_in:{method}", after={"reason": reason, "address": caller.address}
            )
            raise

    async def sign_in(
        self, caller: Caller, browser: Browser, identity: Identity, *, replaces: bytes | None = None
    ) -> str:
        """The token of a new session; the browser's former one ends. Raises AuthenticationFailed."""
        token = new_token()
        async with self.database.transaction() as transaction:
            if identity.assertion is not None:
                await self._require_unseen(transaction, identity)
            user = await self.admit(transaction, identity.email, identity.name)
            teams = await self.join_teams(transaction, user.id, identity.method, identity.groups)
            former = await self._end_former(transaction, browser, replaces)
            session_id = await self._open(transaction, digest_of(token), user.id, browser, identity)
            after = _described(identity, user, teams, former)
            whom = _as_user(caller, user.id, user.name, session_id)
            await AuditRepository(transaction).record(whom, "sign_in", f"user:{user.id}", after=after)
        self.forget()
        return token

    async def sign_out(self, caller: Caller, browser: Browser) -> SessionEnded | None:
        """Ends the session whose cookie the browser has shown, with or without the header against forgery."""
        if browser.session is None:
            return None
        async with self.database.transaction() as transaction:
            ended = await SessionRepository(transaction).delete_by_digest(digest_of(browser.session))
            if ended is not None:
                whom = _as_user(caller, ended.user_id, ended.user_name, ended.id)
                await _record_end(transaction, whom, "sign_out", [ended])
        self.forget()
        return ended

    async def sign_out_at_provider(
        self, caller: Caller, method: Method, subject: str | None, sessions: list[str], message: SeenAssertion
    ) -> int:
        """The provider has ended the subject's sessions, or those that it names. Raises AuthenticationFailed.

        Without a subject it names some.
        """
        async with self.database.transaction() as transaction:
            if not await SignOnRepository(transaction).note_seen(_seen_digest(method, message), message):
                raise AuthenticationFailed(reason="the logout request was used before")
            ended = await SessionRepository(transaction).delete_of_provider(method, subject, sessions)
            await _record_end(transaction, caller, "sign_out_at_provider", ended)
        self.forget()
        return len(ended)

    async def revoke(self, caller: Caller, session_id: int) -> None:
        """Ends one of the caller's own. Raises SessionNotFound."""
        user_id = caller.principal.user_id
        async with self.database.transaction() as transaction:
            if user_id is None or not await SessionRepository(transaction).delete_of_user(session_id, user_id):
                raise SessionNotFound(id=session_id)
            await AuditRepository(transaction).record(caller, "revoke_session", f"session:{session_id}")
        self.forget()

    async def revoke_all(self, caller: Caller, *, but: int | None) -> int:
        """Ends all of the caller's own, `but` the one with this id."""
        user_id = caller.principal.user_id
        if user_id is None:
            return 0
        async with self.database.transaction() as transaction:
            ended = await SessionRepository(transaction).delete_all_of_user(user_id, but=but)
            after = {"sessions": ended}
            await AuditRepository(transaction).record(caller, "revoke_sessions", f"user:{user_id}", after=after)
        self.forget()
        return len(ended)

    def sealed(self, value: Any) -> bytes:
        return self.vault.encrypt(msgspec.json.encode(value).decode())

    def opened(self, sealed: bytes | None) -> dict[str, Any]:
        """Empty when nothing was sealed, or with a key that is gone."""
        try:
            return msgspec.json.decode(self.vault.decrypt(sealed)) if sealed else {}
        except SecretUnreadable:
            return {}

    async def _require_unseen(self, transaction: Transaction, identity: Identity) -> None:
        assertion = identity.assertion
        assert assertion is not None
        if not await SignOnRepository(transaction).note_seen(_seen_digest(identity.method, assertion), assertion):
            raise AuthenticationFailed(reason="the assertion was used before")

    async def _end_former(self, transaction: Transaction, browser: Browser, replaces: bytes | None) -> list[int]:
        shown = digest_of(browser.session) if browser.session else None
        sessions = SessionRepository(transaction)
        ended = [await sessions.delete_by_digest(digest) for digest in {shown, replaces} - {None} if digest]
        return [one.id for one in ended if one is not None]

    async def _open(
        self, transaction: Transaction, digest: bytes, user_id: int, browser: Browser, identity: Identity
    ) -> int:
        sessions = SessionRepository(transaction)
        session_id = await sessions.insert(
            digest,
            user_id,
            identity.method,
            address=browser.address,
            user_agent=browser.user_agent,
            provider=(identity.subject, identity.session, self.sealed(identity.details) if identity.details else None),
            idle_seconds=self.times.idle,
            seconds=self.times.absolute,
        )
        await sessions.delete_oldest(user_id)
        return session_id


def _state_digest(browser: Browser, request_id: str) -> bytes:
    return digest_of(f"{browser.secret}:{request_id}")


def _seen_digest(method: Method, message: SeenAssertion) -> bytes:
    return digest_of(f"{method}:{message.id}")


def _as_user(caller: Caller, user_id: int, name: str, session_id: int) -> Caller:
    """The caller as whom he turns out to be: the request that signs in or out carries no credentials that count."""
    principal = Principal(user_id=user_id, user_name=name, session_id=session_id)
    return msgspec.structs.replace(caller, principal=principal)


def _described(identity: Identity, user: AdmittedUser, teams: ClaimedTeams, former: list[int]) -> dict[str, Any]:
    told = {"method": identity.method, "is_new_user": user.is_new, "ended_sessions": former}
    return {**told, "joined_teams": teams.joined, "left_teams": teams.left}


async def _record_end(transaction: Transaction, caller: Caller, action: str, ended: list[SessionEnded]) -> None:
    for session in ended:
        whom = {"user": session.user_id, "method": session.method}
        await AuditRepository(transaction).record(caller, action, f"session:{session.id}", before=whom)
