"""`/environments/reported-issues` and `/test-cases/reported-issues`."""

from litestar import Controller, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from touchstone.domains.reported_issues.model import NoTrackerUrl, ReportedIssueNotFound
from touchstone.domains.reported_issues.repository import (
    EnvironmentReportedIssueRepository,
    TestCaseReportedIssueRepository,
)
from touchstone.domains.reported_issues.schemas import (
    EnvironmentReportedIssueRequest,
    EnvironmentReportedIssueResponse,
    TestReportedIssueRequest,
    TestReportedIssueResponse,
)
from touchstone.domains.reported_issues.service import EnvironmentReportedIssueService, TestCaseReportedIssueService
from touchstone.http.caller import Caller
from touchstone.http.guards import requires
from touchstone.http.json_answers import json_answer
from touchstone.http.openapi import failures
from touchstone.http.row_ids import RowId


class EnvironmentReportedIssueController(Controller):
    path = "/api/v1/environments/reported-issues"
    tags = ["environments"]

    @get(
        guards=[requires("view_environment_reported_issue")],
        operation_id="get_reported_issues_v1_environments_reported_issues_get",
    )
    async def get_reported_issues(
        self,
        environment_reported_issues: NamedDependency[EnvironmentReportedIssueRepository],
        is_confirmed: FromQuery[bool | None] = None,
    ) -> Response[list[EnvironmentReportedIssueResponse]]:
        """What is known of environments, tied by their names."""
        return json_answer(await environment_reported_issues.list_all(is_confirmed))

    @post(
        status_code=200,
        guards=[requires("change_environment_reported_issue")],
        operation_id="create_reported_issue_v1_environments_reported_issues_post",
        responses=failures(NoTrackerUrl),
    )
    async def create_reported_issue(
        self,
        data: JSONBody[EnvironmentReportedIssueRequest],
        caller: NamedDependency[Caller],
        environment_reported_issue_service: NamedDependency[EnvironmentReportedIssueService],
    ) -> Response[EnvironmentReportedIssueResponse]:
        """Notes a problem of an environment."""
        return json_answer(await environment_reported_issue_service.create(caller, data))

    @put(
        "/{issue_id:str}",
        guards=[requires("change_environment_reported_issue")],
        operation_id="update_reported_issue_v1_environments_reported_issues__issue_id__put",
        responses=failures(ReportedIssueNotFound, NoTrackerUrl),
    )
    async def update_reported_issue(
        self,
        issue_id: FromPath[RowId],
        data: JSONBody[EnvironmentReportedIssueRequest],
        caller: NamedDependency[Caller],
        environment_reported_issue_service: NamedDependency[EnvironmentReportedIssueService],
    ) -> Response[EnvironmentReportedIssueResponse]:
        """Replaces all that is known of a problem."""
        return json_answer(await environment_reported_issue_service.replace(caller, issue_id, data))

    @delete(
        "/{issue_id:str}",
        status_code=200,
        guards=[requires("change_environment_reported_issue")],
        operation_id="delete_reported_issue_v1_environments_reported_issues__issue_id__delete",
        responses=failures(ReportedIssueNotFound),
    )
    async def delete_reported_issue(
        self,
        issue_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        environment_reported_issue_service: NamedDependency[EnvironmentReportedIssueService],
    ) -> None:
        """Forgets a problem."""
        await environment_reported_issue_service.delete(caller, issue_id)


class TestCaseReportedIssueController(Controller):
    __test__ = False

    path = "/api/v1/test-cases/reported-issues"
    tags = ["test-cases"]

    @get(
        guards=[requires("view_test_case_reported_issue")],
        operation_id="get_reported_issues_v1_test_cases_reported_issues_get",
    )
    async def get_reported_issues(
        self,
        test_case_reported_issues: NamedDependency[TestCaseReportedIssueRepository],
        template_id: FromQuery[str | None] = None,
        case_name: FromQuery[str | None] = None,
    ) -> Response[list[TestReportedIssueResponse]]:
        """What is known of test cases, tied by their names or templates."""
        return json_answer(await test_case_reported_issues.list_all(template_id, case_name))

    @post(
        status_code=200,
        guards=[requires("change_test_case_reported_issue")],
        operation_id="create_reported_issue_v1_test_cases_reported_issues_post",
        responses=failures(NoTrackerUrl),
    )
    async def create_reported_issue(
        self,
        data: JSONBody[TestReportedIssueRequest],
        caller: NamedDependency[Caller],
        test_case_reported_issue_service: NamedDependency[TestCaseReportedIssueService],
    ) -> Response[TestReportedIssueResponse]:
        """Notes a problem of a test case, or of all with a template."""
        return json_answer(await test_case_reported_issue_service.create(caller, data))

    @put(
        "/{issue_id:str}",
        guards=[requires("change_test_case_reported_issue")],
        operation_id="update_reported_issue_v1_test_cases_reported_issues__issue_id__put",
        responses=failures(ReportedIssueNotFound, NoTrackerUrl),
    )
    async def update_reported_issue(
        self,
        issue_id: FromPath[RowId],
        data: JSONBody[TestReportedIssueRequest],
        caller: NamedDependency[Caller],
        test_case_reported_issue_service: NamedDependency[TestCaseReportedIssueService],
    ) -> Response[TestReportedIssueResponse]:
        """Replaces all that is known of a problem."""
        return json_answer(await test_case_reported_issue_service.replace(caller, issue_id, data))

    @delete(
        "/{issue_id:str}",
        status_code=200,
        guards=[requires("change_test_case_reported_issue")],
        operation_id="delete_reported_issue_v1_test_cases_reported_issues__issue_id__delete",
        responses=failures(ReportedIssueNotFound),
    )
    async def delete_reported_issue(
        self,
        issue_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        test_case_reported_issue_service: NamedDependency[TestCaseReportedIssueService],
    ) -> None:
        """Forgets a problem."""
        await test_case_reported_issue_service.delete(caller, issue_id)
