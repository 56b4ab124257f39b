"""The same of artefacts: what is read about as often as the front end shows one, and what a decision looks at."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from tests.plans.measuring import Recorder, touched
from tests.plans.test_hot_statements import EXECUTIONS_UNTIL_CACHED, PLANNERS_OWN

from touchstone.database.executor import Executor
from touchstone.domains.artefacts.decision_repository import DecisionRepository
from touchstone.domains.artefacts.model import listing_of
from touchstone.domains.artefacts.repository import ArtefactRepository
from touchstone.domains.builds.repository import BuildRepository
from touchstone.domains.environment_reviews.repository import EnvironmentReviewRepository
from touchstone.domains.families.model import CONTRACT_FAMILIES
from touchstone.domains.shapes.issues import CONTRACT_SOURCES
from touchstone.domains.shapes.shown import Shown

SHOWN = Shown(CONTRACT_FAMILIES, CONTRACT_SOURCES)
ARTEFACT, TALKED_OF = 4321, 12345
# tables of the plans' database that are a page or two, or empty
TINY = {"environment", "test_plan", "artefact_matching_rule", "artefact_matching_rule_team",
        "execution_metadata", "issue", "issue_attachment", "test_result", "test_execution_relevant_link"}  # fmt: skip


class Asked(msgspec.Struct, frozen=True):
    """`most` rows may be looked at, `least` must be answered."""

    ask: Callable[[Executor], Awaitable[Any]]
    most: int
    least: int = 1


async def reviews_of(executor: Executor) -> Any:
    return await EnvironmentReviewRepository(executor).list_of_latest_builds(SHOWN, ARTEFACT)


async def rows_of_reviews(executor: Executor) -> Any:
    reviews = EnvironmentReviewRepository(executor)
    return await reviews.list_rows(CONTRACT_FAMILIES, ARTEFACT, [6 * ARTEFACT - 5, 6 * ARTEFACT - 4], ["user:1"])


ASKED = {
    # 400 snaps are not archived, of which 200 are shown with 2 builds, 6 reviews, a reviewer and a bundled build each
    "the listing of a family": Asked(
        lambda e: ArtefactRepository(e).list_newest(SHOWN, listing_of(["snap"])), 400 + 200 * 20, least=200
    ),
    "one artefact": Asked(lambda e: ArtefactRepository(e).get(SHOWN, ARTEFACT), 60),
    "its versions": Asked(lambda e: ArtefactRepository(e).list_versions(CONTRACT_FAMILIES, ARTEFACT), 60, least=40),
    "the history of a name": Asked(
        lambda e: ArtefactRepository(e).history("deb-7", "deb", "", None, limit=10, offset=0), 100, least=10
    ),
    "names with a part": Asked(
        lambda e: ArtefactRepository(e).search_names(["snap"], "snap-19", limit=50, offset=0), 450, least=11
    ),
    "what a change looks at": Asked(lambda e: ArtefactRepository(e).get_row(CONTRACT_FAMILIES, ARTEFACT), 30),
    "whether somebody tested it": Asked(lambda e: ArtefactRepository(e).is_started_by(ARTEFACT, ["user:1"]), 20),
    "its builds": Asked(lambda e: BuildRepository(e).list_latest(SHOWN, ARTEFACT), 100, least=2),
    "its reviews": Asked(reviews_of, 40, least=6),
    "reviews to be changed": Asked(rows_of_reviews, 40, least=0),
    "its decisions": Asked(
        lambda e: DecisionRepository(e).list_newest(TALKED_OF, before=None, limit=100), 110, least=100
    ),
    "who approved it and waits": Asked(lambda e: DecisionRepository(e).list_waiting_approvers(ARTEFACT), 40, least=0),
}


def size(answer: Any) -> int:
    """How many things an answer holds, be they written as JSON."""
    decoded = json.loads(answer) if isinstance(answer, bytes) else answer
    if isinstance(decoded, dict):
        decoded = decoded.get("items", decoded.get("artefacts"))
    return len(decoded) if isinstance(decoded, list) else 1


@pytest.mark.parametrize("name", ASKED)
async def test_reads_about_as_many_rows_as_it_answers(recorder: Recorder, name: str) -> None:
    asked = ASKED[name]
    assert size(await asked.ask(recorder)) >= asked.least
    plans = recorder.plans
    assert [plan.scanned - TINY for plan in plans] == [set()] * len(plans)
    assert sum(plan.rows for plan in plans) <= asked.most


@pytest.mark.parametrize("name", ASKED)
async def test_still_does_when_the_plan_is_kept(recorder: Recorder, name: str) -> None:
    asked, transaction = ASKED[name], recorder.transaction
    for _ in range(EXECUTIONS_UNTIL_CACHED):
        await asked.ask(transaction)
    before = await touched(transaction)
    await asked.ask(transaction)
    after = await touched(transaction)
    scanned = {table for table, count in after.sequential_scans.items() if count > before.sequential_scans[table]}
    assert scanned <= TINY
    assert after.rows - before.rows <= asked.most + PLANNERS_OWN
