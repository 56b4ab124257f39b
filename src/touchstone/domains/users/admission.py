"""Who signs in for the first time becomes a user."""

from touchstone.database.executor import Executor
from touchstone.domains.auth.model import AdmittedUser
from touchstone.domains.users.model import EmailNotFound, UserRow
from touchstone.domains.users.repository import UserRepository


async def admit(executor: Executor, email: str, name: str) -> AdmittedUser:
    """The user with this address, made with this name if there is none; of two at once the second waits for the first.

    To be called inside a transaction.
    """
    users = UserRepository(executor)
    try:
        return _admitted(await users.lock_by_email(email))
    except EmailNotFound:
        if (made := await users.insert_if_new(email, name, None)) is not None:
            return _admitted(made, is_new=True)
        return _admitted(await users.lock_by_email(email))


def _admitted(row: UserRow, *, is_new: bool = False) -> AdmittedUser:
    return AdmittedUser(row.id, row.name, is_new)
