"""The tables `environment_reported_issue` and `test_case_reported_issue`. Rows come as the JSON that is answered."""

from typing import LiteralString, Protocol, TypeVar

from touchstone.database.executor import Executor
from touchstone.domains.reported_issues.schemas import EnvironmentReportedIssueRequest, TestReportedIssueRequest

Given = TypeVar("Given", contravariant=True)

ENVIRONMENT_JSON: LiteralString = """
    json_build_object('id', id, 'environment_name', environment_name, 'description', description, 'url', url,
        'is_confirmed', is_confirmed, 'created_at', wire_time(created_at), 'updated_at', wire_time(updated_at))
"""
TEST_CASE_JSON: LiteralString = """
    json_build_object('id', id, 'template_id', template_id, 'case_name', case_name, 'description', description,
        'url', url, 'created_at', wire_time(created_at), 'updated_at', wire_time(updated_at))
"""


class ReportedIssues(Protocol[Given]):
    """What both repositories do."""

    async def lock(self, issue_id: int) -> bytes | None: ...

    async def insert(self, new: Given) -> bytes | None: ...

    async def update(self, issue_id: int, changed: Given) -> bytes | None:
        """None when there is no such row."""
        ...

    async def delete(self, issue_id: int) -> None: ...


class EnvironmentReportedIssueRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def list_all(self, is_confirmed: bool | None) -> bytes:
        found = await self.executor.fetch_json(
            "select coalesce(json_agg("
            + ENVIRONMENT_JSON
            + "order by id), '[]') from environment_reported_issue where coalesce(is_confirmed = $1, true)",
            is_confirmed,
        )
        return found or b"[]"

    async def lock(self, issue_id: int) -> bytes | None:
        return await self.executor.fetch_json(
            "select " + ENVIRONMENT_JSON + "from environment_reported_issue where id = $1 for no key update", issue_id
        )

    async def insert(self, new: EnvironmentReportedIssueRequest) -> bytes | None:
        return await self.executor.fetch_json(
            """
            insert into environment_reported_issue (environment_name, description, url, is_confirmed)
            values ($1, $2, $3, $4) returning
            """
            + ENVIRONMENT_JSON,
            new.environment_name,
            new.description,
            new.url,
            new.is_confirmed,
        )

    async def update(self, issue_id: int, changed: EnvironmentReportedIssueRequest) -> bytes | None:
        return await self.executor.fetch_json(
            """
            update environment_reported_issue
            set environment_name = $2, description = $3, url = $4, is_confirmed = $5, updated_at = now()
            where id = $1 returning
            """
            + ENVIRONMENT_JSON,
            issue_id,
            changed.environment_name,
            changed.description,
            changed.url,
            changed.is_confirmed,
        )

    async def delete(self, issue_id: int) -> None:
        await self.executor.execute("delete from environment_reported_issue where id = $1", issue_id)


class TestCaseReportedIssueRepository:
    __test__ = False

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def list_all(self, template_id: str | None, case_name: str | None) -> bytes:
        """Neither null nor an empty text asks for anything."""
        found = await self.executor.fetch_json(
            "select coalesce(json_agg("
            + TEST_CASE_JSON
            + """order by id), '[]') from test_case_reported_issue
            where coalesce(template_id = nullif($1, ''), true) and coalesce(case_name = nullif($2, ''), true)
            """,
            template_id,
            case_name,
        )
        return found or b"[]"

    async def lock(self, issue_id: int) -> bytes | None:
        return await self.executor.fetch_json(
            "select " + TEST_CASE_JSON + "from test_case_reported_issue where id = $1 for no key update", issue_id
        )

    async def insert(self, new: TestReportedIssueRequest) -> bytes | None:
        return await self.executor.fetch_json(
            """
            insert into test_case_reported_issue (template_id, case_name, description, url) values ($1, $2, $3, $4)
            returning
            """
            + TEST_CASE_JSON,
            new.template_id,
            new.case_name,
            new.description,
            new.url,
        )

    async def update(self, issue_id: int, changed: TestReportedIssueRequest) -> bytes | None:
        return await self.executor.fetch_json(
            """
            update test_case_reported_issue
            set template_id = $2, case_name = $3, description = $4, url = $5, updated_at = now()
            where id = $1 returning
            """
            + TEST_CASE_JSON,
            issue_id,
            changed.template_id,
            changed.case_name,
            changed.description,
            changed.url,
        )

    async def delete(self, issue_id: int) -> None:
        await self.executor.execute("delete from test_case_reported_issue where id = $1", issue_id)
