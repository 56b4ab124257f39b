"""From credentials to a principal: one statement, remembered for seconds, forgotten when somebody's rights change.

What is remembered never outlives the session or the key, nor the news that anything about principals has changed:
an answer that was under way when the news came is used once and not remembered.
"""

import asyncio
import contextlib
import math
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


class Remembered(msgspec.Struct, frozen=True):
    principal: Principal
    key_id: int | None
    until: float


class Authenticator:
    """One per process. `idle_seconds` is how long a session lives without being used."""

    def __init__(self, database: Database, *, idle_seconds: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.database = database
        self.idle_seconds = idle_seconds
        self.clock = clock
        self._remembered: dict[Credentials, Remembered] = {}
        self._changed = asyncio.Event()
        self._generation = 0
        self._hears = asyncio.Event()
        self._noted: dict[Credentials, float] = {}

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
            generation = self._generation
            found = await PrincipalRepository(self.database).find(*credentials)
            remembered = self._remember(credentials, found, generation)
        await self._note(credentials, remembered)
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

    @property
    def hears(self) -> bool:
        """Whether changes are heard of, so that something may be remembered."""
        return self._hears.is_set()

    def forget(self) -> None:
        """To be called by whoever takes rights away: the news comes back to this process a moment later."""
        self._generation += 1
        self._remembered.clear()

    def _hear(self) -> None:
        if self._changed.is_set():
            self._changed.clear()
            self.forget()

    def _recall(self, credentials: Credentials) -> Remembered | None:
        self._hear()
        remembered = self._remembered.get(credentials)
        return remembered if remembered is not None and remembered.until > self.clock() else None

    def _remember(self, credentials: Credentials, found: Found, generation: int) -> Remembered:
        self._hear()
        if len(self._remembered) >= MOST_REMEMBERED:
            self.forget()
        key_id = found.application.key_id if found.application else None
        until = self.clock() + min(REMEMBERED_SECONDS, found.seconds_left)
        remembered = Remembered(principal_of(found), key_id, until)
        # without the listener a change would go unheard
        if self.hears and generation == self._generation:
            self._remembered[credentials] = remembered
        return remembered

    async def _note(self, credentials: Credentials, remembered: Remembered) -> None:
        now, principal = self.clock(), remembered.principal
        again = min(NOTED_AGAIN_SECONDS, self.idle_seconds / 4)
        if principal.is_anonymous or now < self._noted.get(credentials, -math.inf) + again:
            return
        if len(self._noted) >= MOST_REMEMBERED:
            self._noted.clear()
        self._noted[credentials] = now
        with contextlib.suppress(Unavailable):
            await PrincipalRepository(self.database).note_use(
                principal.session_id, remembered.key_id, self.idle_seconds
            )

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(Unavailable):
                await self.database.listen("principals_changed", self._changed, hears=self._hears)
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
        key_id=application.key_id if application else None,
        permissions=frozenset((user.permissions if user else []) + (application.permissions if application else [])),
        team_ids=frozenset(user.team_ids if user else []),
        is_admin=bool(user and user.is_admin),
        accepts_extensions=bool(application and application.accepts_extensions),
    )
