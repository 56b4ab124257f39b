"""The table `rerun_request`, where a test that starts answers what was asked for."""

from touchstone.database.executor import Executor


class RerunRecordingRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def delete_of_group(self, test_plan_id: int, build_id: int, environment_id: int) -> bool:
        """Whether the plan was to be run again on the build in the environment."""
        return bool(
            await self.executor.execute(
                """
                delete from rerun_request
                where test_plan_id = $1 and artefact_build_id = $2 and environment_id = $3
                """,
                test_plan_id,
                build_id,
                environment_id,
            )
        )
