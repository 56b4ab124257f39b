"""A test starts: the steps of it, in a transaction that somebody else opens.

Nothing is looked up twice and nothing locked that need not be: one statement finds all that is there, what is missing
is inserted in the same order by everybody, and who comes second waits for the first and takes what he made. Only when
another one with the same CI link wins is the transaction to be thrown away and begun anew (StartOvertaken), so that
nothing is left of a test that never was.
"""

import random

import msgspec

from touchstone.database.executor import Transaction
from touchstone.domains.artefacts.model import bundle_digest
from touchstone.domains.artefacts.recording_repository import ArtefactRecordingRepository
from touchstone.domains.artefacts.service import tell_reviewers
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.environment_reviews.recording_repository import EnvironmentReviewRecordingRepository
from touchstone.domains.environments.repository import EnvironmentRepository
from touchstone.domains.outbox.service import emit
from touchstone.domains.reruns.recording_repository import RerunRecordingRepository
from touchstone.domains.test_executions.assignment import chosen_reviewers, shared_out
from touchstone.domains.test_executions.model import (
    Group,
    ImageArchitectureDiffers,
    ImageArchitectureUnclear,
    ImageUnknown,
    StartOvertaken,
)
from touchstone.domains.test_executions.recording_repository import (
    Found,
    GivenStart,
    TestExecutionRecordingRepository,
)
from touchstone.domains.test_executions.schemas import StartedTestExecution
from touchstone.domains.test_executions.start_requests import StartTest
from touchstone.domains.test_plans.repository import TestPlanRepository
from touchstone.http.caller import Caller

_chance = random.SystemRandom()


class ReviewRules(msgspec.Struct, frozen=True, kw_only=True):
    """How many executions a reviewer is given, how many days they have, and where people find the artefact."""

    executions_per_reviewer: int
    days: int
    frontend_url: str


async def start(
    transaction: Transaction, caller: Caller, request: StartTest, rules: ReviewRules
) -> StartedTestExecution:
    """Raises ImageUnknown, ImageArchitectureDiffers, ImageArchitectureUnclear, ArtefactTooLong, CiLinkTooLong, and
    StartOvertaken when it is to be tried again."""
    given = given_start(request)
    executions = TestExecutionRecordingRepository(transaction)
    found = await executions.find_all(given)
    if found.hit_id is not None and not found.is_same:
        return StartedTestExecution(id=found.hit_id, conflict=True)
    group = await _group(transaction, given, found, request)
    if found.hit_id is not None:
        await executions.touch(found.hit_id)
        execution_id = found.hit_id
    else:
        execution_id = await _insert(transaction, caller, given, group, request)
    await _add_links(executions, execution_id, request)
    if found.is_rerun_requested:
        await RerunRecordingRepository(transaction).delete_of_group(
            group.test_plan_id, group.build_id, group.environment_id
        )
    if request.needs_assignment:
        await assign_reviewers(transaction, caller, group.artefact_id, rules)
    return StartedTestExecution(id=execution_id)


def given_start(request: StartTest) -> GivenStart:
    """The columns that a request names; those that the family does not track stay empty."""
    family = request.family
    fields = {one.name: getattr(request, one.name) for one in family.fields}
    texts = {name: value or "" for name, value in fields.items() if name != "revision"}
    return GivenStart(
        family=family.name,
        name=request.name or "",
        version=request.version or "",
        stage=request.execution_stage or "",
        bundle_digest=bundle_digest([]) if "bundle_digest" in family.identity else None,
        architecture=request.arch,
        revision=fields.get("revision"),
        environment=request.environment,
        test_plan=request.test_plan,
        ci_link=request.ci_link or None,
        **texts,
    )


def _architecture(found: Found, request: StartTest) -> str:
    """Of what is found by its identity alone, the build's."""
    if not request.family.is_found_by_identity_alone:
        return request.arch or ""
    if found.artefact_id is None:
        details = [getattr(request, field.name) for field in request.family.fields]
        if None in (request.name, request.version, request.execution_stage, request.arch, *details):
            raise ImageUnknown
        return request.arch or ""
    if request.arch is not None and found.architectures and request.arch not in found.architectures:
        raise ImageArchitectureDiffers
    if found.architecture is None:
        raise ImageArchitectureUnclear
    return found.architecture


async def _group(transaction: Transaction, given: GivenStart, found: Found, request: StartTest) -> Group:
    """What is there of artefact, environment, build, review and plan, and what is not is made: always in this order,
    so that two that wait for each other's rows never do so in a circle."""
    architecture = _architecture(found, request)
    artefacts = ArtefactRecordingRepository(transaction)
    artefact_id = found.artefact_id or await artefacts.insert(given) or await artefacts.find(given)
    environments = EnvironmentRepository(transaction)
    place = given.environment, architecture
    environment_id = found.environment_id or await environments.insert(*place) or await environments.find(*place)
    if artefact_id is None or environment_id is None:
        raise StartOvertaken
    build = artefact_id, architecture, given.revision
    build_id = found.build_id or await artefacts.insert_build(*build) or await artefacts.find_build(*build)
    if build_id is None:
        raise StartOvertaken
    if not found.has_review:
        await EnvironmentReviewRecordingRepository(transaction).insert(build_id, environment_id)
    plans = TestPlanRepository(transaction)
    plan_id = found.test_plan_id or await plans.insert(given.test_plan) or await plans.find(given.test_plan)
    if plan_id is None:
        raise StartOvertaken
    return Group(artefact_id, build_id, environment_id, plan_id)


async def _insert(transaction: Transaction, caller: Caller, given: GivenStart, group: Group, request: StartTest) -> int:
    started_by = None if caller.principal.is_anonymous else caller.name
    executions = TestExecutionRecordingRepository(transaction)
    execution_id = await executions.insert(group, request.initial_status, given.ci_link, started_by)
    if execution_id is None:
        raise StartOvertaken
    subject = f"test_execution:{execution_id}"
    told = {
        "id": execution_id,
        "artefact_id": group.artefact_id,
        "family": given.family,
        "artefact_build_id": group.build_id,
        "environment": given.environment,
        "test_plan": given.test_plan,
        "status": request.initial_status,
        "ci_link": given.ci_link,
    }
    await AuditRepository(transaction).record(caller, "start_test", subject, after=told)
    await emit(transaction, "execution.started", subject, told)
    return execution_id


async def _add_links(executions: TestExecutionRecordingRepository, execution_id: int, request: StartTest) -> None:
    links = request.relevant_links
    if links:
        await executions.add_links(execution_id, [link.label for link in links], [link.url for link in links])


async def assign_reviewers(transaction: Transaction, caller: Caller, artefact_id: int, rules: ReviewRules) -> None:
    """As many as the artefact needs by now, and each of its reviews to one of them.

    Under the artefact's lock: of two that come at once the second sees whom the first has chosen.
    """
    artefacts = ArtefactRecordingRepository(transaction)
    await artefacts.lock(artefact_id)
    state = await artefacts.review_state(artefact_id)
    if state is None:
        raise StartOvertaken
    chosen = chosen_reviewers(
        state.candidates, len(state.reviewers), state.executions, rules.executions_per_reviewer, _chance
    )
    if chosen:
        await _add_reviewers(transaction, caller, artefact_id, chosen, rules)
    has_already = [reviewer for _, reviewer in state.open_reviews]
    loads = [*state.reviewers, *((user_id, has_already.count(user_id)) for user_id in chosen)]
    left = [review_id for review_id, reviewer in state.open_reviews if reviewer not in chosen]
    pairs = shared_out(left, loads, state.reviews)
    if pairs:
        await EnvironmentReviewRecordingRepository(transaction).replace_reviewers(
            [review_id for review_id, _ in pairs], [user_id for _, user_id in pairs]
        )


async def _add_reviewers(
    transaction: Transaction, caller: Caller, artefact_id: int, chosen: list[int], rules: ReviewRules
) -> None:
    artefacts = ArtefactRecordingRepository(transaction)
    await artefacts.add_reviewers(artefact_id, chosen)
    artefact = await artefacts.set_due(artefact_id, rules.days)
    told = {"id": artefact_id, **artefact, "reviewer_ids": chosen}
    await AuditRepository(transaction).record(caller, "assign_reviewers", f"artefact:{artefact_id}", after=told)
    await tell_reviewers(transaction, rules.frontend_url, artefact["family"], artefact_id, chosen)
