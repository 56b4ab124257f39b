"""Old events of the audit go, as the owner of its tables."""

import datetime as dt

from touchstone.adapters.vault import Vault
from touchstone.database.executor import Database
from touchstone.domains.audit_events.pruning import prune_batch
from touchstone.domains.audit_events.service import AuditChain
from touchstone.domains.retention_rules.model import AuditBroken, RetentionKind
from touchstone.domains.retention_rules.repository import RetentionRuleRepository
from touchstone.domains.retention_rules.service import shortest


async def prune_audit(database: Database, vault: Vault, days: int | None) -> int:
    """Of sealed events those older than `days`, or else than the rule says; answers how many went.

    Raises AuditBroken: what shows that somebody changed the audit is not thrown away.
    """
    if days is None:
        days = shortest(await RetentionRuleRepository(database).list_of(RetentionKind.AUDIT_EVENTS))
    if days is None:
        return 0
    found = await AuditChain(database, vault).verify()
    if found.fault:
        raise AuditBroken(fault=found.fault)
    before = dt.datetime.now(dt.UTC) - dt.timedelta(days=days)
    pruned = 0
    while batch := await prune_batch(database, vault, before):
        pruned += batch
    return pruned
