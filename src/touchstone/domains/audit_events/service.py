"""The chain over the audit events: one sealer at a time forges it, anybody may verify it."""

from collections.abc import Sequence
from typing import Any

import structlog

from touchstone.adapters.vault import Vault
from touchstone.database.executor import Database
from touchstone.domains.audit_events.model import (
    FIRST_DIGEST,
    Head,
    Link,
    State,
    Unsealed,
    Verification,
    cut_text,
    head_text,
    next_digest,
)
from touchstone.domains.audit_events.repository import AuditRepository

log: Any = structlog.get_logger("touchstone.audit")

SEALED_AT_ONCE = 1000
VERIFIED_AT_ONCE = 1000


class AuditChain:
    """The writers of events never wait for it: an event gets its place when its transaction has ended.

    Whoever can write to the database could forge a chain anew; so its head is signed with a key of the vault, and
    also logged at every step, to be held against the chain by whoever keeps the log (`verify(remembered=…)`).
    """

    def __init__(self, database: Database, vault: Vault) -> None:
        self.database = database
        self.vault = vault

    async def turn(self) -> int:
        """Seals events that wait, SEALED_AT_ONCE at most; answers how many. None while somebody else is at it."""
        async with self.database.transaction() as transaction:
            audit = AuditRepository(transaction)
            if not await audit.try_lock():
                return 0
            waiting = await audit.list_unsealed(SEALED_AT_ONCE)
            head = await self._seal(audit, waiting) if waiting else None
        if head is not None:
            log.info("audit events sealed", count=len(waiting), head=head_text(head.number, head.digest))
        return len(waiting)

    async def verify(self, remembered: str | None = None) -> Verification:
        """Walks the whole chain. `remembered` is a head as an earlier verification or the log told it."""
        audit = AuditRepository(self.database)
        state = await audit.state()
        number, digest, fault = await self._walk(audit, state, remembered)
        fault = fault or self._fault_of_head(state, number, digest)
        if fault is None and state.behind is not None:
            fault = f"event {state.behind} was put in behind the chain"
        head = head_text(number, digest) if number else None
        pruned = min(state.cut.number, number) if state.cut else 0
        return Verification(sealed=number - pruned, waiting=state.waiting, head=head, fault=fault, pruned=pruned)

    async def _seal(self, audit: AuditRepository, waiting: Sequence[Unsealed]) -> Head:
        before = await audit.find_head()
        number, digest = (before.number, before.digest) if before else (0, FIRST_DIGEST)
        digests: list[bytes] = []
        for event in waiting:
            digest = next_digest(digest, event.columns)
            digests.append(digest)
        last = number + len(waiting)
        head = Head(number=last, digest=digest, signature=self.vault.signature(head_text(last, digest)))
        await audit.insert_seals(number, [event.id for event in waiting], digests)
        await audit.put_head(head, sealed_before(waiting))
        return head

    async def _walk(
        self, audit: AuditRepository, state: State, remembered: str | None
    ) -> tuple[int, bytes, str | None]:
        """The last link that holds, and what is wrong with the next."""
        number, digest = (state.cut.number, state.cut.digest) if state.cut else (0, FIRST_DIGEST)
        if state.cut and not self.vault.is_signature(cut_text(number, digest), state.cut.signature):
            return 0, FIRST_DIGEST, f"the cut at link {number} is not signed by a key of ours"
        wanted = remembered.partition(":")[0] if remembered else None
        if wanted and wanted.isdigit() and int(wanted) <= number and head_text(number, digest) != remembered:
            return number, digest, f"link {wanted}, which is remembered, was pruned: the chain begins behind {number}"
        while links := await audit.list_links(number, state.last_number, VERIFIED_AT_ONCE):
            for link in links:
                if fault := fault_of(link, number, digest):
                    return number, digest, fault
                number, digest = link.number, link.digest
                if str(number) == wanted and head_text(number, digest) != remembered:
                    return number - 1, digest, f"link {number} is not the one that is remembered"
        if wanted and (not wanted.isdigit() or int(wanted) > number):
            return number, digest, f"the chain ends at link {number}, before the one that is remembered ({wanted})"
        return number, digest, None

    def _fault_of_head(self, state: State, number: int, digest: bytes) -> str | None:
        head = state.head
        if head is None:
            return f"the head of the chain is gone, {number} links are there" if number else None
        if not self.vault.is_signature(head_text(head.number, head.digest), head.signature):
            return f"the head of the chain, link {head.number}, is not signed by a key of ours"
        if head.number != number:
            return f"link {number + 1} is gone: the chain ends at link {number}, its head says {head.number}"
        return None if head.digest == digest else f"link {number} is not what the head of the chain says"


def sealed_before(sealed: Sequence[Unsealed]) -> int:
    """The transaction before which nothing can be left to seal, once these are."""
    last = sealed[-1]
    if len(sealed) < SEALED_AT_ONCE:
        return last.oldest
    # of another server: the note stays in the future, and everything is looked at again
    return last.transaction_id if last.transaction_id > last.next else min(last.transaction_id, last.oldest)


def fault_of(link: Link, number: int, digest: bytes) -> str | None:
    """What is wrong with the link after the one of this number and digest."""
    if link.number != number + 1:
        return f"link {number + 1} is gone; the next is {link.number}, of event {link.event_id}"
    if link.columns is None:
        return f"event {link.event_id}, link {link.number}, is gone"
    if next_digest(digest, link.columns) != link.digest:
        return f"event {link.event_id}, link {link.number}, is not what was sealed"
    return None
