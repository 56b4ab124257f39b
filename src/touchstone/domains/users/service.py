"""Who is a user, and who is an administrator."""

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import msgspec

from touchstone.database.executor import Database, Transaction
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.permissions.model import permissions_shown
from touchstone.domains.users.model import LastAdministrator, OnlyAdministrators, UserNotFound, UserRow
from touchstone.domains.users.repository import UserRepository
from touchstone.domains.users.schemas import ErasedUser, User, UserChanges
from touchstone.http.caller import Caller

ForgetName = Callable[[Transaction, int], Awaitable[int]]
"""Takes the name of a user out of the rows of a noun above; answers out of how many."""


async def _nowhere(_: Transaction, __: int) -> int:
    return 0


class UserService:
    """`forget` empties what this process remembers of principals, `forget_decider` takes a name from decisions."""

    def __init__(
        self, database: Database, forget: Callable[[], None] = lambda: None, *, forget_decider: ForgetName = _nowhere
    ) -> None:
        self.database, self.forget, self.forget_decider = database, forget, forget_decider

    @contextlib.asynccontextmanager
    async def _changing(self) -> AsyncGenerator[Transaction]:
        """A transaction after which principals may be others."""
        async with self.database.transaction() as transaction:
            yield transaction
        self.forget()

    async def change(self, caller: Caller, user_id: int, changes: UserChanges) -> User:
        """Raises UserNotFound, OnlyAdministrators, LastAdministrator."""
        async with self._changing() as transaction:
            users = UserRepository(transaction)
            if changes.is_admin is False:
                await users.lock_administrators()
            row = await users.lock(user_id)
            if row is None:
                raise UserNotFound(id=user_id)
            if changes.is_admin is not None:
                await _set_admin(transaction, caller, row, changes.is_admin)
            return await users.get(user_id, permissions_shown(caller))

    async def delete(self, caller: Caller, user_id: int) -> None:
        """An unknown one is gone already. Raises OnlyAdministrators, LastAdministrator."""
        async with self._changing() as transaction:
            if (row := await _removed(transaction, caller, user_id)) is not None:
                await AuditRepository(transaction).record(
                    caller, "delete_user", f"user:{user_id}", before=_impersonal(row)
                )

    async def erase(self, caller: Caller, user_id: int) -> ErasedUser:
        """Deletes a user if he is there, and his name wherever it stands beside his pseudonym; again does no harm.

        Raises OnlyAdministrators, LastAdministrator.
        """
        async with self._changing() as transaction:
            audit = AuditRepository(transaction)
            row = await _removed(transaction, caller, user_id)
            erased = ErasedUser(
                pseudonym=f"user:{user_id}",
                was_there=row is not None,
                audit_events=await audit.forget_name(user_id),
                decisions=await self.forget_decider(transaction, user_id),
            )
            if erased.was_there or erased.audit_events or erased.decisions:
                # who erases himself leaves no name here either
                nameless = caller if caller.principal.user_id != user_id else _nameless(caller)
                await audit.record(nameless, "erase_user", erased.pseudonym, after=erased)
            return erased

    async def add(
        self, caller: Caller, email: str, name: str, *, launchpad_handle: str | None = None, is_admin: bool = False
    ) -> tuple[UserRow, bool]:
        """The user with this address, and whether he is new; who was there keeps what he has, and may gain admin."""
        async with self._changing() as transaction:
            users = UserRepository(transaction)
            row = await users.insert_if_new(email, name, launchpad_handle)
            is_new = row is not None
            if row is None:
                row = await users.lock_by_email(email)
            else:
                await AuditRepository(transaction).record(caller, "add_user", f"user:{row.id}", after=_impersonal(row))
            if is_admin:
                await _set_admin(transaction, caller, row, True)
            return await users.lock_by_email(email), is_new

    async def promote(self, caller: Caller, email: str) -> UserRow:
        """Makes an administrator, again and again if need be. Raises EmailNotFound, OnlyAdministrators."""
        async with self._changing() as transaction:
            users = UserRepository(transaction)
            await _set_admin(transaction, caller, await users.lock_by_email(email), True)
            return await users.lock_by_email(email)


async def _removed(transaction: Transaction, caller: Caller, user_id: int) -> UserRow | None:
    """Who was there. Raises OnlyAdministrators, LastAdministrator."""
    users = UserRepository(transaction)
    administrators = await users.lock_administrators()
    row = await users.lock(user_id)
    if row is not None:
        if row.is_admin:
            _require_administrator(caller)
            _require_another(administrators, row)
        await users.delete(user_id)
    return row


def _impersonal(row: UserRow) -> dict[str, Any]:
    """What the audit keeps of a user for ever, sealed: nothing that had to go when he is erased."""
    return {"id": row.id, "is_admin": row.is_admin}


def _nameless(caller: Caller) -> Caller:
    return msgspec.structs.replace(caller, principal=msgspec.structs.replace(caller.principal, user_name=None))


async def _set_admin(transaction: Transaction, caller: Caller, row: UserRow, is_admin: bool) -> None:
    if row.is_admin == is_admin:
        return
    _require_administrator(caller)
    users = UserRepository(transaction)
    if not is_admin:
        _require_another(await users.lock_administrators(), row)
    await users.set_admin(row.id, is_admin)
    before, after = {"is_admin": row.is_admin}, {"is_admin": is_admin}
    await AuditRepository(transaction).record(caller, "update_user", f"user:{row.id}", before=before, after=after)


def _require_administrator(caller: Caller) -> None:
    if not caller.principal.is_admin:
        raise OnlyAdministrators


def _require_another(administrators: list[UserRow], removed: UserRow) -> None:
    if all(one.id == removed.id for one in administrators):
        raise LastAdministrator
