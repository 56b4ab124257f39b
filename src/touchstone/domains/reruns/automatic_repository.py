"""The tables `automatic_rerun` and `rerun_request`, where issues ask for reruns by themselves."""

from touchstone.database.executor import Executor
from touchstone.domains.reruns.model import AutomaticReruns


class AutomaticRerunRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def request_if_issues_ask(self, execution_id: int, reruns: AutomaticReruns) -> None:
        """When any result of the execution has an issue with automatic reruns, its group is to be run again: unless
        somebody has asked for that, or it was often enough or too shortly ago for `reruns`."""
        await self.executor.execute(
            """
            with attached as materialized (
                select distinct attachment.issue_id from test_result as result
                join issue_attachment as attachment on attachment.test_result_id = result.id
                where result.test_execution_id = $1
            ), wanted as (
                select test_plan_id, artefact_build_id, environment_id from test_execution as execution
                where id = $1
                    and exists (select from attached join issue on issue.id = issue_id where auto_rerun_enabled)
                    and not exists (
                        select from rerun_request as waiting
                        where waiting.test_plan_id = execution.test_plan_id
                            and waiting.artefact_build_id = execution.artefact_build_id
                            and waiting.environment_id = execution.environment_id
                    )
            ), counted as (
                insert into automatic_rerun as earlier (test_plan_id, artefact_build_id, environment_id, times)
                select test_plan_id, artefact_build_id, environment_id, 1 from wanted
                where coalesce($2::integer > 0, true)
                on conflict (test_plan_id, artefact_build_id, environment_id)
                do update set times = earlier.times + 1, last_at = now()
                where coalesce(earlier.times < $2::integer, true) and earlier.last_at <= now()
                    - least($3::integer * 2.0 ^ least(earlier.times - 1, 20), 86400) * interval '1 second'
                returning test_plan_id, artefact_build_id, environment_id
            )
            insert into rerun_request (test_plan_id, artefact_build_id, environment_id)
            select test_plan_id, artefact_build_id, environment_id from counted
            on conflict (test_plan_id, artefact_build_id, environment_id) do nothing
            """,
            execution_id,
            reruns.most,
            reruns.pause_seconds,
        )
