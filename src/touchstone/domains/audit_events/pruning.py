"""The old end of the chain is cut off, so that what remains still shows every later change."""

import datetime as dt

from touchstone.adapters.vault import Vault
from touchstone.database.executor import Database
from touchstone.domains.audit_events.model import cut_text, head_text
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.audit_events.retention_repository import AuditRetentionRepository
from touchstone.http.caller import SYSTEM

PRUNED_AT_ONCE = 1000


async def prune_batch(database: Database, vault: Vault, before: dt.datetime) -> int:
    """Cuts off sealed events from before then, PRUNED_AT_ONCE at most; answers how many. As the owner of the tables.

    Where the chain goes on from is signed, and the audit says who cut what.
    """
    async with database.transaction() as transaction:
        audit, old = AuditRepository(transaction), AuditRetentionRepository(transaction)
        if not await audit.try_lock():
            return 0
        links = await old.find_old(before, PRUNED_AT_ONCE)
        if links is None:
            return 0
        await old.put_cut(links.number, links.digest, vault.signature(cut_text(links.number, links.digest)))
        count = await old.delete_up_to(links.number)
        after = {"events": count, "up_to": head_text(links.number, links.digest), "before": before}
        await audit.record(SYSTEM, "prune_audit_events", "audit_event:oldest", after=after)
        return count


async def sign_cut(database: Database, vault: Vault) -> None:
    """Signs with the present key where the chain was cut, whoever did that: for when the key of the cut is lost."""
    async with database.transaction() as transaction:
        audit = AuditRepository(transaction)
        cut = (await audit.state()).cut
        if cut is not None:
            text = cut_text(cut.number, cut.digest)
            await AuditRetentionRepository(transaction).put_cut(cut.number, cut.digest, vault.signature(text))
            after = {"up_to": head_text(cut.number, cut.digest)}
            await audit.record(SYSTEM, "sign_audit_cut", "audit_event:oldest", after=after)
