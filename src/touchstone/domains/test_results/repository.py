"""The tables `test_result` and `test_result_log`."""

from collections.abc import Sequence

from touchstone.database.executor import Executor
from touchstone.domains.test_results.model import NewResult, TestExecutionNotFound


class TestResultRepository:
    __test__ = False

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def lock_execution(self, execution_id: int) -> bool:
        """Until the end of the transaction nobody else records results of it; answers whether it has any.

        Raises TestExecutionNotFound.
        """
        has_results = await self.executor.fetch_value(
            """
            select passed_count + failed_count + skipped_count > 0 from test_execution where id = $1 for no key update
            """,
            execution_id,
        )
        if has_results is None:
            raise TestExecutionNotFound
        return has_results

    async def insert(self, execution_id: int, results: Sequence[NewResult]) -> list[int]:
        """The ids, in the order of the results; fewer when a test case is not there."""
        return await self.executor.fetch_value(
            """
            with inserted as (
                insert into test_result (test_execution_id, test_case_id, status, comment)
                select $1, test_case.id, given.status, given.comment
                from unnest($2::text[], $3::text[], $4::text[]) with ordinality as given (name, status, comment, place)
                join test_case on test_case.name = given.name
                order by given.place
                returning id
            ), placed as (
                select id, row_number() over (order by id) as place from inserted
            ), logged as (
                insert into test_result_log (test_result_id, io_log)
                select placed.id, printed.io_log
                from unnest($5::text[]) with ordinality as printed (io_log, place) join placed using (place)
                where printed.io_log <> ''
            )
            select coalesce(array_agg(id order by place), '{}') from placed
            """,
            execution_id,
            [result.name for result in results],
            [result.status.value for result in results],
            [result.comment for result in results],
            [result.io_log for result in results],
        )

    async def delete_others(self, execution_id: int, result_ids: Sequence[int], *, of_all_cases: bool) -> list[str]:
        """Those of the execution that are not in `result_ids`, of the same test cases or of all.

        Answers the names of the cases.
        """
        return await self.executor.fetch_value(
            """
            with deleted as (
                delete from test_result where test_execution_id = $1 and id <> all ($2::bigint[])
                    and ($3 or test_case_id in (select test_case_id from test_result where id = any ($2::bigint[])))
                returning test_case_id
            )
            select coalesce(array_agg(name), '{}') from test_case
            where id in (select test_case_id from deleted)
            """,
            execution_id,
            result_ids,
            of_all_cases,
        )
