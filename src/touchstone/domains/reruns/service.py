"""Requests to run again: who may ask for them, and whose turn they are."""

from collections.abc import Sequence

import msgspec

from touchstone.database.executor import Database, Transaction
from touchstone.domains.artefacts.repository import ArtefactRepository
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.filters.model import ExecutionFiltersEmpty, ResultFiltersEmpty
from touchstone.domains.reruns.model import NoExecutionsFound, SilenceRequired
from touchstone.domains.reruns.repository import RerunRepository
from touchstone.domains.reruns.schemas import DeleteReruns, RerunClaim, RerunRelease, RerunRenewal, RerunRequest
from touchstone.domains.shapes.shown import Shown, shown_to
from touchstone.http.caller import Caller
from touchstone.http.guards import InsufficientPermissions

CHANGE, CHANGE_MANY = "change_rerun", "change_rerun_bulk"


class RequestedReruns(msgspec.Struct, frozen=True):
    """`written` is the JSON of the requests, for each execution that was found one."""

    written: bytes
    are_all_found: bool


class RerunService:
    def __init__(self, database: Database) -> None:
        self.database = database

    async def request(self, caller: Caller, asked: RerunRequest) -> RequestedReruns:
        """Raises SilenceRequired, InsufficientPermissions, NoExecutionsFound."""
        if asked.test_results_filters is not None or asked.test_executions_filters is not None:
            raise SilenceRequired
        async with self.database.transaction() as transaction:
            shown = _shown(caller, asked)
            found = await RerunRepository(transaction).select_executions(asked, shown)
            await _require_permission(transaction, caller, asked, found)
            if not found:
                raise NoExecutionsFound
            await self._insert(transaction, caller, asked, shown)
            written = await RerunRepository(transaction).list_of_executions(found, shown)
            return RequestedReruns(written, len(found) == len(asked.test_execution_ids))

    async def request_silently(self, caller: Caller, asked: RerunRequest) -> None:
        """Raises ResultFiltersEmpty, ExecutionFiltersEmpty, InsufficientPermissions."""
        require_filters(asked)
        async with self.database.transaction() as transaction:
            shown = _shown(caller, asked)
            selection = await _permitted(transaction, caller, asked, shown)
            await self._insert(transaction, caller, selection, shown, priority=asked.priority)

    async def _insert(
        self,
        transaction: Transaction,
        caller: Caller,
        selection: DeleteReruns,
        shown: Shown,
        *,
        priority: int | None = None,
    ) -> None:
        wanted = selection.priority if isinstance(selection, RerunRequest) else priority
        changed = await RerunRepository(transaction).insert(selection, shown, priority=wanted, requested_by=caller.name)
        await _record(transaction, caller, "create_rerun_requests", selection, changed)

    async def delete(self, caller: Caller, asked: DeleteReruns) -> None:
        """Claimed ones, too. Raises ResultFiltersEmpty, ExecutionFiltersEmpty, InsufficientPermissions."""
        require_filters(asked)
        async with self.database.transaction() as transaction:
            shown = _shown(caller, asked)
            selection = await _permitted(transaction, caller, asked, shown)
            deleted = await RerunRepository(transaction).delete(selection, shown)
            await _record(transaction, caller, "delete_rerun_requests", asked, deleted)

    async def claim(self, caller: Caller, claim: RerunClaim) -> bytes:
        """The JSON of the requests, which are the claimer's for the time being."""
        shown = shown_to(caller, families=[claim.family])
        claimed_by = claim.claimed_by or caller.name
        async with self.database.transaction() as transaction:
            reruns = RerunRepository(transaction)
            ids = await reruns.claim(
                claim, shown, limit=claim.limit, claimed_by=claimed_by, lease_seconds=claim.lease_seconds
            )
            if ids:
                after = {"ids": sorted(ids), "claimed_by": claimed_by, "lease_seconds": claim.lease_seconds}
                await AuditRepository(transaction).record(caller, "claim_rerun_requests", _subject(ids), after=after)
            return await reruns.list_by_ids(ids, shown)

    async def renew(self, caller: Caller, rerun_id: int, renewal: RerunRenewal) -> bytes:
        """The JSON of a list of one. Raises RerunNotFound, RerunClaimedByOther."""
        async with self.database.transaction() as transaction:
            reruns = RerunRepository(transaction)
            await reruns.renew(rerun_id, renewal.claimed_by or caller.name, renewal.lease_seconds)
            return await reruns.list_by_ids([rerun_id], shown_to(caller))

    async def release(self, caller: Caller, rerun_id: int, release: RerunRelease) -> None:
        """Raises RerunNotFound, RerunClaimedByOther."""
        claimed_by = release.claimed_by or caller.name
        async with self.database.transaction() as transaction:
            await RerunRepository(transaction).release(rerun_id, claimed_by)
            before = {"claimed_by": claimed_by}
            await AuditRepository(transaction).record(
                caller, "release_rerun_request", _subject([rerun_id]), before=before
            )


def require_filters(asked: DeleteReruns) -> None:
    """Raises ResultFiltersEmpty, ExecutionFiltersEmpty for filters that ask for nothing."""
    if asked.test_results_filters is not None and asked.test_results_filters.is_empty:
        raise ResultFiltersEmpty
    if asked.test_executions_filters is not None and asked.test_executions_filters.is_empty:
        raise ExecutionFiltersEmpty


def _shown(caller: Caller, asked: DeleteReruns) -> Shown:
    filters = [one for one in (asked.test_results_filters, asked.test_executions_filters) if one is not None]
    return shown_to(caller, families=[family for one in filters for family in one.families])


async def _permitted(transaction: Transaction, caller: Caller, asked: DeleteReruns, shown: Shown) -> DeleteReruns:
    """What is asked for; where rules of teams grant it, exactly the executions for which they do.

    Raises InsufficientPermissions.
    """
    if caller.may(CHANGE):
        await _require_permission(transaction, caller, asked, ())
        return asked
    found = await RerunRepository(transaction).select_executions(asked, shown)
    await _require_permission(transaction, caller, asked, found)
    return DeleteReruns(test_execution_ids=set(found))


async def _require_permission(
    transaction: Transaction, caller: Caller, asked: DeleteReruns, execution_ids: Sequence[int]
) -> None:
    """To change many is a permission of its own, which rules of teams do not grant. Raises InsufficientPermissions."""
    are_many = len(asked.test_execution_ids) > 1 or asked.test_results_filters or asked.test_executions_filters
    if are_many and not caller.may(CHANGE_MANY):
        raise InsufficientPermissions
    if caller.may(CHANGE):
        return
    if caller.principal.user_id is None:
        raise InsufficientPermissions
    artefact_ids = await RerunRepository(transaction).list_artefacts_of(execution_ids)
    teams = sorted(caller.principal.team_ids)
    if not await ArtefactRepository(transaction).is_granted(artefact_ids, CHANGE, teams):
        raise InsufficientPermissions


def _subject(ids: Sequence[int]) -> str:
    return f"rerun:{ids[0]}" if len(ids) == 1 else "rerun:many"


async def _record(transaction: Transaction, caller: Caller, action: str, selection: DeleteReruns, count: int) -> None:
    """Nothing where nothing has changed."""
    if count:
        after = {"requests": count, "selection": selection}
        await AuditRepository(transaction).record(caller, action, "rerun:many", after=after)
