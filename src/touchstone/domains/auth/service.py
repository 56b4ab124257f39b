"""From credentials to a principal: one statement, remembered for seconds, forgotten when somebody's rights change."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

import msgspec
import structlog

from touchstone.database.executor import Database
from touchstone.domains.auth.repository import Found, PrincipalRepository
from touchstone.domains.auth.tokens import digest_of
from touchstone.errors import Unavailable
from touchstone.http.caller import NOBODY, Principal

log: Any = structlog.get_logger("touchstone.auth")

REMEMBERED_SECONDS = 5.0
MOST_REMEMBERED = 10_000
NOTED_AGAIN_SECONDS = 60.0
RECONNECT_SECONDS = 1.0

Credentials = tuple[bytes | None, bytes | None]


class Remembered(msgspec.Struct):
    principal: Principal
    key_id: int | None
    until: float
    noted_at: float = 0.0


class Authenticator:
    """One per process. `idle_seconds` is how long a session lives without being used."""

    def __init__(self, database: Database, *, idle_seconds: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.database = database
        self.idle_seconds = idle_seconds
        self.clock = clock
        self._remembered: dict[Credentials, Remembered] = {}
        self._changed = asyncio.Event()
        self._is_listening = False

    async def principal(self, session_token: str | None, api_key: str | None) -> Principal:
        """Bad, expired and unknown credentials are nobody's. Raises Unavailable."""
        credentials = (
            digest_of(session_token) if session_token else None,
            digest_of(api_key) if api_key else None,
        )
        if credentials == (None, None):
            return NOBODY
        remembered = self._recall(credentials)
        if remembered is None:
            found = await PrincipalRepository(self.database).find(*credentials)
            remembered = self._remember(credentials, found)
        await self._note(remembered)
        return remembered.principal

    @contextlib.asynccontextmanager
    async def listening(self):
        """Hears of changed rights while the block runs."""
        task = asyncio.create_task(self._listen(), name="principals")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def forget(self) -> None:
        self._remembered.clear()

    def _recall(self, credentials: Credentials) -> Remembered | None:
        if self._changed.is_set():
            self._changed.clear()
            self.forget()
        remembered = self._remembered.get(credentials)
        return remembered if remembered is not None and remembered.until > self.clock() else None

    def _remember(self, credentials: Credentials, found: Found) -> Remembered:
        if len(self._remembered) >= MOST_REMEMBERED:
            self.forget()
        before = self._remembered.get(credentials)
        # without the listener a change would go unheard: then nothing is remembered
        until = self.clock() + REMEMBERED_SECONDS if self._is_listening else 0.0
        key_id = found.application.key_id if found.application else None
        remembered = Remembered(principal_of(found), key_id, until, before.noted_at if before else 0.0)
        self._remembered[credentials] = remembered
        return remembered

    async def _note(self, remembered: Remembered) -> None:
        now, principal = self.clock(), remembered.principal
        if principal.is_anonymous or (remembered.noted_at and now - remembered.noted_at < NOTED_AGAIN_SECONDS):
            return
        remembered.noted_at = now
        with contextlib.suppress(Unavailable):
            await PrincipalRepository(self.database).note_use(
                principal.session_id, remembered.key_id, self.idle_seconds
            )

    async def _listen(self) -> None:
        while True:
            self._is_listening = True
            with contextlib.suppress(Unavailable):
                await self.database.listen("principals_changed", self._changed)
            self._is_listening = False
            self.forget()
            await asyncio.sleep(RECONNECT_SECONDS)


def principal_of(found: Found) -> Principal:
    user, application = found.user, found.application
    return Principal(
        user_id=user.id if user else None,
        user_name=user.name if user else None,
        session_id=user.session_id if user else None,
        application_id=application.id if application else None,
        application_name=application.name if application else None,
        permissions=frozenset((user.permissions if user else []) + (application.permissions if application else [])),
        team_ids=frozenset(user.team_ids if user else []),
        is_admin=bool(user and user.is_admin),
        accepts_extensions=bool(application and application.accepts_extensions),
    )
