"""Storing and deleting secrets: encrypted, and with a note of who did it."""

from touchstone.adapters.vault import Vault
from touchstone.database.executor import Database, Transaction
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.belonging.model import Belonging, belonging_of, may_give
from touchstone.domains.belonging.repository import BelongingRepository
from touchstone.domains.secrets.model import SealedSecret, SecretNameTaken
from touchstone.domains.secrets.repository import SecretRepository
from touchstone.domains.secrets.schemas import SecretUpload
from touchstone.http.caller import Caller


class SecretService:
    def __init__(self, database: Database, vault: Vault) -> None:
        self.database = database
        self.vault = vault

    async def upload(self, name: str, data: SecretUpload, caller: Caller) -> bool:
        """Answers whether the name is new. A secret that is replaced stays for whom it is, unless its owner says else.

        Raises SecretNameTaken, NotTheOwner, and what `belonging_of` raises.
        """
        sealed = SealedSecret(name=name, value=self.vault.encrypt(data.value), allowed_hosts=data.allowed_hosts)
        wanted = belonging_of(caller, data, Belonging())
        async with self.database.transaction() as transaction:
            is_new = await SecretRepository(transaction).insert(sealed, data.description, wanted)
            if not is_new:
                await _replace(transaction, sealed, data, wanted, caller)
            after = {"description": data.description, "allowed_hosts": data.allowed_hosts, "is_new": is_new}
            await AuditRepository(transaction).record(caller, "upload_secret", f"secret:{name.lower()}", after=after)
            return is_new

    async def delete(self, name: str, caller: Caller) -> None:
        async with self.database.transaction() as transaction:
            if await SecretRepository(transaction).delete(name, caller.viewer):
                await AuditRepository(transaction).record(caller, "delete_secret", f"secret:{name.lower()}")


async def _replace(
    transaction: Transaction, sealed: SealedSecret, data: SecretUpload, wanted: Belonging, caller: Caller
) -> None:
    secrets = SecretRepository(transaction)
    found = await BelongingRepository(transaction).lock("secret", sealed.name, caller.viewer)
    if found is None:
        raise SecretNameTaken(name=sealed.name)
    await secrets.replace(sealed, data.description)
    if data.visibility is not None or data.team is not None:
        may_give(caller, found)
        await secrets.give(sealed.name, wanted)
