"""Test executions: they start, are told of, changed and ended."""

from touchstone.database.executor import Database, Transaction
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.execution_metadata.repository import ExecutionMetadataRepository
from touchstone.domains.outbox.service import emit, emit_each
from touchstone.domains.shapes.executions import TestExecutionRelevantLinkResponse
from touchstone.domains.shapes.issues import TestResultStatus
from touchstone.domains.test_executions.event_repository import TestEventRepository
from touchstone.domains.test_executions.model import (
    ENDED,
    ExecutionState,
    LinkNotFound,
    RelatedTestExecutionNotFound,
    StartOvertaken,
)
from touchstone.domains.test_executions.repository import ShownExecution, TestExecutionRepository
from touchstone.domains.test_executions.schemas import (
    C3TestResult,
    C3TestResultStatus,
    EndTestExecutionRequest,
    StartedTestExecution,
    TestEventResponse,
    TestExecutionRelevantLinkCreate,
    TestExecutionsPatchRequest,
)
from touchstone.domains.test_executions.start_requests import StartTest
from touchstone.domains.test_executions.starting import ReviewRules, start
from touchstone.domains.test_results.model import NewResult, Recording
from touchstone.domains.test_results.recording import record
from touchstone.errors import Outdated
from touchstone.http.caller import SYSTEM, Caller
from touchstone.http.decoding import Fault
from touchstone.http.decoding.urls import normalised_url

MOST_STARTS = 5
ENDED_AT_ONCE = 500
BATCHES_A_RUN = 20

_STATUSES = {
    C3TestResultStatus.PASS: TestResultStatus.PASSED,
    C3TestResultStatus.FAIL: TestResultStatus.FAILED,
    C3TestResultStatus.SKIP: TestResultStatus.SKIPPED,
}


class TestExecutionService:
    __test__ = False

    def __init__(self, database: Database, rules: ReviewRules, recording: Recording = Recording()) -> None:  # noqa: B008 -- frozen
        self.database = database
        self.rules = rules
        self.recording = recording

    async def start(self, caller: Caller, request: StartTest) -> StartedTestExecution:
        """The execution of the request's CI link, or else a new one.

        Raises ImageUnknown, ImageArchitectureDiffers, ImageArchitectureUnclear, ArtefactTooLong, CiLinkTooLong,
        StartOvertaken.
        """
        for _ in range(MOST_STARTS - 1):
            try:
                return await self._start_once(caller, request)
            except StartOvertaken:
                continue
        return await self._start_once(caller, request)

    async def _start_once(self, caller: Caller, request: StartTest) -> StartedTestExecution:
        async with self.database.transaction() as transaction:
            return await start(transaction, caller, request, self.rules)

    async def end(self, caller: Caller, request: EndTestExecutionRequest) -> None:
        """Raises RelatedTestExecutionNotFound, ResultInvalid, TestCasesChanged."""
        async with self.database.transaction() as transaction:
            executions = TestExecutionRepository(transaction)
            execution_id = await executions.find_by_ci_link(_spellings(request.ci_link))
            if execution_id is None:
                raise RelatedTestExecutionNotFound
            before = await executions.lock(execution_id)
            await record(
                transaction,
                caller,
                execution_id,
                [_new_result(result) for result in request.test_results],
                replace_all=True,
                action="end_test",
                recording=self.recording,
            )
            after = await executions.end(
                execution_id, c3_link=request.c3_link, checkbox_version=request.checkbox_version
            )
            await _tell_of_end(transaction, execution_id, before, after)

    async def change(
        self, caller: Caller, execution_id: int, patch: TestExecutionsPatchRequest, editions: list[int] | None
    ) -> ShownExecution:
        """`editions` are those that the caller may have read; None is any.

        Raises TestExecutionNotFound, Outdated, CiLinkTaken, CiLinkTooLong.
        """
        async with self.database.transaction() as transaction:
            executions = TestExecutionRepository(transaction)
            before = await executions.lock(execution_id)
            if editions is not None and before.edition not in editions:
                raise Outdated
            if patch == TestExecutionsPatchRequest():
                await executions.touch(execution_id)
                return await executions.get_shown(execution_id)
            after = await executions.change(
                execution_id, status=patch.status, ci_link=patch.ci_link, c3_link=patch.c3_link
            )
            if patch.execution_metadata:
                await ExecutionMetadataRepository(transaction).add(execution_id, patch.execution_metadata)
            await AuditRepository(transaction).record(
                caller, "patch_test_execution", f"test_execution:{execution_id}", before=before, after=patch
            )
            await _tell_of_end(transaction, execution_id, before, after)
            return await executions.get_shown(execution_id)

    async def add_link(
        self, caller: Caller, execution_id: int, new: TestExecutionRelevantLinkCreate
    ) -> TestExecutionRelevantLinkResponse:
        """The link that is there, where the execution has it. Raises TestExecutionNotFound."""
        async with self.database.transaction() as transaction:
            executions = TestExecutionRepository(transaction)
            await executions.lock(execution_id)
            link = await executions.add_link(execution_id, new.label, new.url)
            await executions.touch(execution_id)
            await AuditRepository(transaction).record(caller, "post_link", f"test_execution:{execution_id}", after=link)
            return link

    async def delete_link(self, caller: Caller, execution_id: int, link_id: int) -> None:
        """Raises TestExecutionNotFound, LinkNotFound."""
        async with self.database.transaction() as transaction:
            executions = TestExecutionRepository(transaction)
            await executions.lock(execution_id)
            if not await executions.delete_link(execution_id, link_id):
                raise LinkNotFound
            await executions.touch(execution_id)
            await AuditRepository(transaction).record(
                caller, "delete_link", f"test_execution:{execution_id}", before={"link_id": link_id}
            )

    async def replace_events(self, caller: Caller, execution_id: int, events: list[TestEventResponse]) -> None:
        """What they tell counts as well: the first where it ran, the last that it is over.

        Raises TestExecutionNotFound.
        """
        async with self.database.transaction() as transaction:
            executions, told = TestExecutionRepository(transaction), TestEventRepository(transaction)
            before = await executions.lock(execution_id)
            await told.delete_of(execution_id)
            if events:
                await told.insert(execution_id, events)
            starts = bool(events) and events[0].event_name == "job_start"
            after = await executions.note_course(
                execution_id,
                resource_url=events[0].detail if starts else None,
                is_over=bool(events) and events[-1].event_name == "job_end",
            )
            await AuditRepository(transaction).record(
                caller, "put_status_update", f"test_execution:{execution_id}", after={"events": len(events)}
            )
            await _tell_of_end(transaction, execution_id, before, after)

    async def add_events(self, caller: Caller, execution_id: int, events: list[TestEventResponse]) -> None:
        """Raises TestExecutionNotFound."""
        async with self.database.transaction() as transaction:
            executions = TestExecutionRepository(transaction)
            await executions.lock(execution_id)
            await executions.touch(execution_id)
            if events:
                await TestEventRepository(transaction).insert(execution_id, events)
                await AuditRepository(transaction).record(
                    caller, "post_status_update", f"test_execution:{execution_id}", after={"events": len(events)}
                )

    async def list_events(self, execution_id: int) -> list[TestEventResponse]:
        """Raises TestExecutionNotFound."""
        found = await TestEventRepository(self.database).list_of(execution_id)
        if not found:
            await TestExecutionRepository(self.database).require(execution_id)
        return found


async def end_lost(database: Database, silent_seconds: int) -> int:
    """Ends executions whose runners gave no sign of life for so long, each with an event that says so.

    Answers how many; what one run leaves, the next takes.
    """
    ended = 0
    for _ in range(BATCHES_A_RUN):
        batch = await _end_lost(database, silent_seconds)
        ended += batch
        if batch < ENDED_AT_ONCE:
            break
    return ended


async def _end_lost(database: Database, silent_seconds: int) -> int:
    async with database.transaction() as transaction:
        lost = await TestExecutionRepository(transaction).end_silent(silent_seconds, ENDED_AT_ONCE)
        if not lost:
            return 0
        ids = sorted(one.id for one in lost)
        words = f"No sign of life for {silent_seconds} s: ended by the service"
        await TestEventRepository(transaction).insert_for_each(ids, "runner_lost", words)
        await AuditRepository(transaction).record(
            SYSTEM, "end_lost_test_executions", f"test_execution:{ids[0]}", after={"ids": ids}
        )
        payloads = {f"test_execution:{one.id}": {"id": one.id, "status": one.status} for one in lost}
        await emit_each(transaction, "execution.ended", payloads)
        return len(ids)


async def _tell_of_end(
    transaction: Transaction, execution_id: int, before: ExecutionState, after: ExecutionState
) -> None:
    if after.status != before.status and after.status in ENDED:
        told = {"id": execution_id, "status": after.status, "was": before.status, "ci_link": after.ci_link}
        await emit(transaction, "execution.ended", f"test_execution:{execution_id}", told)


def _spellings(ci_link: str) -> list[str]:
    """As it is given, and as a change of the execution would have stored it."""
    try:
        return [ci_link, normalised_url(ci_link)]
    except Fault:
        return [ci_link]


def _new_result(result: C3TestResult) -> NewResult:
    return NewResult(
        name=result.name,
        status=_STATUSES[result.status],
        template_id=result.template_id or "",
        category=result.category,
        comment=result.comment,
        io_log=result.io_log,
    )
