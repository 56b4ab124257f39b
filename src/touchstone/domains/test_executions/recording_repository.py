"""The tables `test_execution` and `test_execution_relevant_link`, where a test starts."""

from collections.abc import Sequence
from typing import LiteralString

import msgspec

from touchstone.database.executor import Executor, constraint
from touchstone.domains.artefacts.recording_repository import FOUND_ARTEFACT, GIVEN_FIELDS, GivenArtefact
from touchstone.domains.families.model import FAMILY, FamilyName
from touchstone.domains.shapes.executions import TestExecutionStatus
from touchstone.domains.test_executions.model import CiLinkTooLong, Group, StartOvertaken


class GivenStart(GivenArtefact, kw_only=True):
    """An artefact, and what is to be tested of it by which plan and where."""

    architecture: str | None
    revision: int | None
    environment: str
    test_plan: str
    ci_link: str | None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What is there already of what a test that starts is about.

    `hit_id` is the execution of the CI link; `is_same` says whether it is of the same build, environment and plan.
    `architectures` are those of the builds of an artefact that its identity alone finds; `architecture` is the given
    one, or else the only one of these.
    """

    artefact_id: int | None
    architectures: list[str]
    architecture: str | None
    build_id: int | None
    environment_id: int | None
    test_plan_id: int | None
    has_review: bool
    is_rerun_requested: bool
    hit_id: int | None
    is_same: bool


def _found(artefact: LiteralString, looks_at_builds: LiteralString) -> LiteralString:
    return (
        """
        select artefact.id as artefact_id, built.architectures, place.architecture, build.id as build_id,
            environment.id as environment_id, test_plan.id as test_plan_id, review.id is not null as has_review,
            exists (
                select from rerun_request as rerun where rerun.test_plan_id = test_plan.id
                    and rerun.artefact_build_id = build.id and rerun.environment_id = environment.id
            ) as is_rerun_requested, hit.id as hit_id,
            coalesce(hit.artefact_build_id = build.id and hit.environment_id = environment.id
                and hit.test_plan_id = test_plan.id, false) as is_same
        from jsonb_to_record($1::jsonb) as given ("""
        + GIVEN_FIELDS
        + """, architecture text, revision integer, environment text, test_plan text, ci_link text)
        left join lateral (select """
        + artefact
        + """ as id) as artefact on true
        cross join lateral (
            select array(
                select distinct architecture from artefact_build
                where artefact_id = artefact.id and """
        + looks_at_builds
        + """ order by architecture
            ) as architectures
        ) as built
        cross join lateral (
            select coalesce(given.architecture, case when cardinality(built.architectures) = 1
                then built.architectures[1] end) as architecture
        ) as place
        left join environment on environment.name = given.environment
            and environment.architecture = place.architecture
        left join artefact_build as build on build.artefact_id = artefact.id
            and build.architecture = place.architecture and build.revision is not distinct from given.revision
        left join environment_review as review on review.artefact_build_id = build.id
            and review.environment_id = environment.id
        left join test_plan on test_plan.name = given.test_plan
        left join test_execution as hit on ci_link_key(hit.ci_link) = ci_link_key(given.ci_link)
        """
    )


FOUND: dict[FamilyName, LiteralString] = {
    name: _found(FOUND_ARTEFACT[name], "true" if family.is_found_by_identity_alone else "false")
    for name, family in FAMILY.items()
}


class TestExecutionRecordingRepository:
    __test__ = False

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def find_all(self, given: GivenStart) -> Found:
        """In one look at everything that a test that starts may find."""
        found = await self.executor.fetch_one(Found, FOUND[FamilyName(given.family)], given)
        if found is None:  # it selects from one row and joins others to it
            raise StartOvertaken
        return found

    async def insert(
        self, group: Group, status: TestExecutionStatus, ci_link: str | None, started_by: str | None
    ) -> int | None:
        """The id; None when there is one of the CI link. Raises CiLinkTooLong, StartOvertaken."""
        gone = {
            "test_execution_artefact_build_id_fkey": StartOvertaken(),
            "test_execution_environment_id_fkey": StartOvertaken(),
            "test_execution_test_plan_id_fkey": StartOvertaken(),
        }
        with constraint({"test_execution_ci_link_fits_its_index": CiLinkTooLong(), **gone}):
            return await self.executor.fetch_value(
                """
                insert into test_execution
                    (artefact_build_id, environment_id, test_plan_id, status, ci_link, started_by)
                values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning id
                """,
                group.build_id,
                group.environment_id,
                group.test_plan_id,
                status,
                ci_link,
                started_by,
            )

    async def touch(self, execution_id: int) -> None:
        """It is alive."""
        await self.executor.execute("update test_execution set seen_at = now() where id = $1", execution_id)

    async def add_links(self, execution_id: int, labels: Sequence[str], urls: Sequence[str]) -> int:
        """Those that it does not have yet; answers how many."""
        return await self.executor.execute(
            """
            insert into test_execution_relevant_link (test_execution_id, label, url)
            select $1, label, url from unnest($2::text[], $3::text[]) with ordinality as link (label, url, place)
            order by place
            on conflict do nothing
            """,
            execution_id,
            labels,
            urls,
        )
