"""What an application may do, and its keys. A key is in clear in one answer only: the one that made it."""

import contextlib
import datetime as dt
from collections.abc import AsyncGenerator, Callable, Iterable

from touchstone.database.executor import Database, Transaction
from touchstone.domains.applications.model import (
    LONGEST_LIFE,
    ApplicationNotFound,
    ApplicationRow,
    ApplicationUnknown,
    ExpiryOutOfRange,
)
from touchstone.domains.applications.repository import ApplicationRepository
from touchstone.domains.applications.schemas import Application, ApplicationChanges, NewApplication
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.auth.api_key_repository import ApiKeyRepository
from touchstone.domains.auth.tokens import digest_of, masked, new_api_key
from touchstone.domains.idempotent_requests.model import IdempotentCall
from touchstone.domains.idempotent_requests.service import once_in_clear
from touchstone.domains.permissions.granting import require_held
from touchstone.domains.permissions.model import permissions_shown, replaced
from touchstone.http.caller import Caller
from touchstone.http.guards import NotAuthenticated


class ApplicationService:
    """`forget` empties what this process remembers of principals."""

    def __init__(self, database: Database, forget: Callable[[], None] = lambda: None) -> None:
        self.database, self.forget = database, forget

    @contextlib.asynccontextmanager
    async def _changing(self) -> AsyncGenerator[Transaction]:
        """A transaction after which principals may be others."""
        async with self.database.transaction() as transaction:
            yield transaction
        self.forget()

    async def create(self, caller: Caller, new: NewApplication, call: IdempotentCall | None = None) -> Application:
        """Raises ApplicationExists, PermissionNotHeld, ExpiryOutOfRange, ShownOnce."""
        _require_in_range("body", new.expires_at)
        require_held(caller, new.permissions)

        async def work(transaction: Transaction) -> Application:
            applications = ApplicationRepository(transaction)
            application_id = await applications.insert(new.name, [*new.permissions], new.accepts_extensions)
            key = new_api_key()
            await ApiKeyRepository(transaction).insert(application_id, digest_of(key), masked(key), new.expires_at)
            await AuditRepository(transaction).record(caller, "create_application", _subject(application_id), after=new)
            return await _in_clear(transaction, caller, application_id, key, new.permissions)

        made = await once_in_clear(self.database, call, lambda application: _subject(application.id), work)
        self.forget()
        return made

    async def change(self, caller: Caller, application_id: int, changes: ApplicationChanges) -> Application:
        """Raises ApplicationUnknown, PermissionNotHeld."""
        shown = permissions_shown(caller, changes.permissions)
        async with self._changing() as transaction:
            applications = ApplicationRepository(transaction)
            before = await applications.lock(application_id)
            if before is None:
                raise ApplicationUnknown(id=application_id)
            after = _changed(before, changes, shown)
            require_held(caller, set(after.permissions) - set(before.permissions))
            if after != before:
                await applications.update(application_id, after.permissions, after.accepts_extensions)
                await AuditRepository(transaction).record(
                    caller, "update_application", _subject(application_id), before=before, after=after
                )
            return await applications.get(application_id, shown)

    async def delete(self, caller: Caller, application_id: int) -> None:
        """An unknown one is gone already."""
        async with self._changing() as transaction:
            applications = ApplicationRepository(transaction)
            before = await applications.lock(application_id)
            if before is not None:
                await applications.delete(application_id)
                await AuditRepository(transaction).record(
                    caller, "delete_application", _subject(application_id), before=before
                )

    async def rotate(
        self, caller: Caller, application_id: int, *, grace_seconds: int = 0, expires_at: dt.datetime | None = None
    ) -> Application:
        """A new key; whoever gets it could act as the application, so he must hold what it does.

        Raises ApplicationNotFound, PermissionNotHeld, ExpiryOutOfRange.
        """
        _require_in_range("query", expires_at)
        async with self._changing() as transaction:
            before = await ApplicationRepository(transaction).lock(application_id)
            if before is None:
                raise ApplicationNotFound(id=application_id)
            if caller.principal.application_id != application_id:
                require_held(caller, before.permissions)
            return await _rotate(transaction, caller, application_id, grace_seconds, expires_at)

    async def rotate_own(self, caller: Caller, *, grace_seconds: int = 0) -> Application:
        """Of several calls with one key the first wins. Raises NotAuthenticated when the key is dead by now."""
        application_id, key_id = caller.principal.application_id, caller.principal.key_id
        if application_id is None or key_id is None:
            raise NotAuthenticated
        async with self._changing() as transaction:
            applications = ApplicationRepository(transaction)
            await applications.lock(application_id)
            newest = await applications.find_newest_key(application_id)
            # one that was superseded, and lives on for its grace, must not take its successor's place
            if newest is None or newest.id != key_id or not await applications.is_live_key(key_id):
                raise NotAuthenticated
            return await _rotate(transaction, caller, application_id, grace_seconds, None)

    async def revoke_key(self, caller: Caller, application_id: int, key_id: int) -> None:
        """An unknown one is gone already."""
        async with self._changing() as transaction:
            applications = ApplicationRepository(transaction)
            await applications.lock(application_id)
            if await ApiKeyRepository(transaction).delete(application_id, key_id):
                await AuditRepository(transaction).record(
                    caller, "revoke_api_key", _subject(application_id), before={"api_key": key_id}
                )


async def _rotate(
    transaction: Transaction, caller: Caller, application_id: int, grace_seconds: int, expires_at: dt.datetime | None
) -> Application:
    keys = ApiKeyRepository(transaction)
    old = await ApplicationRepository(transaction).find_newest_key(application_id)
    if old is not None and expires_at is None:
        expires_at = old.expiry_of_successor(dt.datetime.now(dt.UTC))
    await keys.retire(application_id, old.id if old and grace_seconds else None, grace_seconds)
    key = new_api_key()
    key_id = await keys.insert(application_id, digest_of(key), masked(key), expires_at)
    await AuditRepository(transaction).record(
        caller,
        "rotate_api_key",
        _subject(application_id),
        before={"api_key": old.id if old else None},
        after={"api_key": key_id, "expires_at": expires_at, "grace_seconds": grace_seconds},
    )
    return await _in_clear(transaction, caller, application_id, key, None)


async def _in_clear(
    transaction: Transaction, caller: Caller, application_id: int, key: str, named: Iterable[str] | None
) -> Application:
    application = await ApplicationRepository(transaction).get(application_id, permissions_shown(caller, named))
    application.api_key = key
    return application


def _changed(before: ApplicationRow, changes: ApplicationChanges, shown: tuple[str, ...]) -> ApplicationRow:
    permissions, accepts = changes.permissions, changes.accepts_extensions
    return ApplicationRow(
        id=before.id,
        name=before.name,
        permissions=before.permissions if permissions is None else replaced(before.permissions, permissions, shown),
        accepts_extensions=before.accepts_extensions if accepts is None else accepts,
    )


def _require_in_range(place: str, expires_at: dt.datetime | None) -> None:
    now = dt.datetime.now(dt.UTC)
    if expires_at is not None and not now < expires_at < now + LONGEST_LIFE:
        raise ExpiryOutOfRange(place, expires_at)


def _subject(application_id: int) -> str:
    return f"application:{application_id}"
