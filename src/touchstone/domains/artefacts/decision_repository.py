"""The table `artefact_decision`: rows are only added, and only the name beside who decided may go."""

from collections.abc import Sequence
from typing import LiteralString

from touchstone.database.executor import Executor, Transaction
from touchstone.domains.artefacts.model import NewDecision
from touchstone.domains.artefacts.schemas import ArtefactDecision
from touchstone.domains.shapes.artefacts import LATEST_BUILDS
from touchstone.http.caller import Caller

SELECT_DECISION: LiteralString = """
    select id, environment_review_id, decided_by, decided_by_name, decided_at, decision, comment, is_effective
    from artefact_decision
"""


class DecisionRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def insert(self, caller: Caller, artefact_id: int, decisions: Sequence[NewDecision]) -> None:
        """In the order in which they are given."""
        await self.executor.execute(
            """
            insert into artefact_decision (artefact_id, environment_review_id, decided_by, decided_by_name, request_id,
                decision, comment, is_effective)
            select $1, environment_review_id, $2, $3, $4, decision, comment, is_effective
            from jsonb_to_recordset($5::jsonb) as given (
                environment_review_id integer, decision text[], comment text, is_effective boolean
            )
            """,
            artefact_id,
            caller.name,
            caller.principal.user_name or caller.principal.application_name,
            caller.request_id,
            decisions,
        )

    async def forget_name(self, user_id: int) -> int:
        """Of a user who is erased: his decisions stay, under `user:{id}`; answers how many held the name."""
        return await self.executor.execute(
            """
            update artefact_decision set decided_by_name = null
            where decided_by = 'user:' || $1::integer and decided_by_name is not null
            """,
            user_id,
        )

    async def list_newest(self, artefact_id: int, *, before: int | None, limit: int) -> list[ArtefactDecision]:
        """`before` is the id of the last one seen."""
        return await self.executor.fetch_all(
            ArtefactDecision,
            SELECT_DECISION
            + "where artefact_id = $1 and id < coalesce($2::bigint, 9223372036854775807) order by id desc limit $3",
            artefact_id,
            before,
            limit,
        )

    async def list_waiting_approvers(self, artefact_id: int) -> list[str]:
        """The people whose approval waits for others.

        Whatever was decided since, and a review that has come since, takes it back: they approved something else.
        """
        return await self.executor.fetch_value(
            """
            select array(
                select distinct decided_by from artefact_decision as approval
                where approval.artefact_id = artefact.id and environment_review_id is null and not is_effective
                    and decided_by like 'user:%'
                    and approval.id > coalesce((
                        select max(id) from artefact_decision where artefact_id = artefact.id and is_effective
                    ), 0)
                    and decided_at >= coalesce((
                        select max(created_at) from environment_review where artefact_build_id in """
            + LATEST_BUILDS
            + "), '-infinity') order by decided_by) from artefact where artefact.id = $1",
            artefact_id,
        )


async def forget_decider(transaction: Transaction, user_id: int) -> int:
    """For whoever erases a user, below the artefacts."""
    return await DecisionRepository(transaction).forget_name(user_id)
