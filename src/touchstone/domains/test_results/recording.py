"""Results come in: replace earlier ones, meet the rules of issues, and may have their execution run again."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import structlog

from touchstone.database.executor import StatementGivenUp, Transaction
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.issues.attachment_repository import AttachmentRepository
from touchstone.domains.outbox.service import emit
from touchstone.domains.reruns.automatic_repository import AutomaticRerunRepository
from touchstone.domains.test_cases.repository import TestCaseRepository
from touchstone.domains.test_results.model import (
    NewResult,
    Outcome,
    RecordedResult,
    Recording,
    TestCasesChanged,
    last_of_each_name,
    require_fit,
)
from touchstone.domains.test_results.repository import TestResultRepository
from touchstone.http.caller import Caller

PATTERN_SECONDS = 2.0

_log: Any = structlog.get_logger("touchstone.test_results")


async def record(
    transaction: Transaction,
    caller: Caller,
    execution_id: int,
    results: Sequence[NewResult],
    *,
    replace_all: bool = False,
    action: str = "post_results",
    recording: Recording = Recording(),  # noqa: B008 -- frozen
) -> list[RecordedResult]:
    """Locks the execution, and answers what became of each result, in their order.

    Each replaces earlier results of its name in the execution. With `replace_all` those of all names go first,
    results of one name stay beside each other, and templates of test cases follow what is given. What people attached
    to a replaced result stays attached. One audit row under `action`, one event `execution.results`; nothing at all
    happens for no results, unless they replace all.

    Raises TestExecutionNotFound, ResultInvalid, TestCasesChanged.
    """
    require_fit(results, recording)
    repository = TestResultRepository(transaction)
    has_results = await repository.lock_execution(execution_id)
    if not results and not replace_all:
        return []
    kept = list(results) if replace_all else last_of_each_name(results)
    await _put_cases(transaction, results, replace_all)
    ids = await repository.insert(execution_id, kept)
    if len(ids) != len(kept):
        raise TestCasesChanged
    replaced: list[str] = []
    if has_results:
        await AttachmentRepository(transaction).take_over_manual(execution_id, ids)
        replaced = await repository.delete_others(execution_id, ids, of_all_cases=replace_all)
    await _attach(transaction, execution_id, ids)
    await AutomaticRerunRepository(transaction).request_if_issues_ask(execution_id, recording.reruns)
    await _tell(transaction, caller, execution_id, kept, action, len(replaced))
    return _outcomes(results, kept, ids, frozenset(replaced))


async def _put_cases(transaction: Transaction, results: Sequence[NewResult], replace_templates: bool) -> None:
    cases = TestCaseRepository(transaction)
    put = cases.put if replace_templates else cases.add_missing
    await put(
        [result.name for result in results],
        [result.category for result in results],
        [result.template_id for result in results],
    )


async def _attach(transaction: Transaction, execution_id: int, ids: Sequence[int]) -> None:
    attachments = AttachmentRepository(transaction)
    if not await attachments.attach_by_rules(execution_id, ids):
        return
    try:
        async with transaction.within(PATTERN_SECONDS):
            await attachments.attach_by_patterns(execution_id, ids)
    except StatementGivenUp as error:  # a rule that somebody made must not keep others from recording
        _log.warning("rules with patterns were not applied", execution=execution_id, reason=str(error))


async def _tell(
    transaction: Transaction, caller: Caller, execution_id: int, kept: Sequence[NewResult], action: str, replaced: int
) -> None:
    subject = f"test_execution:{execution_id}"
    counts = {status.lower(): count for status, count in sorted(Counter(str(one.status) for one in kept).items())}
    told = {"id": execution_id, "results": len(kept), "replaced": replaced, **counts}
    await AuditRepository(transaction).record(caller, action, subject, after=told)
    await emit(transaction, "execution.results", subject, told)


def _outcomes(
    results: Sequence[NewResult], kept: Sequence[NewResult], ids: Sequence[int], replaced: frozenset[str]
) -> list[RecordedResult]:
    id_of = {id(result): result_id for result, result_id in zip(kept, ids, strict=True)}
    return [
        RecordedResult(
            name=result.name, status=result.status, id=id_of.get(id(result)), outcome=_outcome(result, id_of, replaced)
        )
        for result in results
    ]


def _outcome(result: NewResult, id_of: dict[int, int], replaced: frozenset[str]) -> Outcome:
    if id(result) not in id_of:
        return Outcome.SUPERSEDED
    return Outcome.REPLACED if result.name in replaced else Outcome.CREATED
