"""The observation half, put together: its routes, and what their handlers ask for."""

from typing import Any

from touchstone.assembly import Assembly
from touchstone.domains.artefacts.controller import ArtefactController
from touchstone.domains.artefacts.model import ReviewPolicy
from touchstone.domains.artefacts.repository import ArtefactRepository
from touchstone.domains.artefacts.service import ArtefactService
from touchstone.domains.attachment_rules.controller import AttachmentRuleController, AttachmentRuleListController
from touchstone.domains.attachment_rules.repository import AttachmentRuleRepository
from touchstone.domains.attachment_rules.service import AttachmentRuleService
from touchstone.domains.builds.controller import BuildController
from touchstone.domains.builds.repository import BuildRepository
from touchstone.domains.environment_reviews.controller import EnvironmentReviewController
from touchstone.domains.environment_reviews.repository import EnvironmentReviewRepository
from touchstone.domains.environment_reviews.service import EnvironmentReviewService
from touchstone.domains.environments.controller import EnvironmentController
from touchstone.domains.environments.repository import EnvironmentRepository
from touchstone.domains.execution_metadata.controller import ExecutionMetadataController
from touchstone.domains.execution_metadata.repository import ExecutionMetadataRepository
from touchstone.domains.issue_orders.controller import IssueOrderController
from touchstone.domains.issue_orders.model import OrderTemplates
from touchstone.domains.issue_orders.repository import IssueOrderRepository
from touchstone.domains.issue_orders.service import IssueOrderService
from touchstone.domains.issues.controller import IssueController
from touchstone.domains.issues.repository import IssueRepository
from touchstone.domains.issues.service import IssueService
from touchstone.domains.issues.sync_controller import IssueSyncController
from touchstone.domains.issues.sync_service import IssueSyncService
from touchstone.domains.reported_issues.controller import (
    EnvironmentReportedIssueController,
    TestCaseReportedIssueController,
)
from touchstone.domains.reported_issues.model import tracker_names
from touchstone.domains.reported_issues.repository import (
    EnvironmentReportedIssueRepository,
    TestCaseReportedIssueRepository,
)
from touchstone.domains.reported_issues.service import EnvironmentReportedIssueService, TestCaseReportedIssueService
from touchstone.domains.reports.controller import ReportController
from touchstone.domains.reports.gauges import GaugeRules, ResultGauges
from touchstone.domains.reports.repository import ReportRepository
from touchstone.domains.reruns.controller import RerunController
from touchstone.domains.reruns.model import AutomaticReruns
from touchstone.domains.reruns.repository import RerunRepository
from touchstone.domains.reruns.service import RerunService
from touchstone.domains.review_cards.controller import ReviewCardController
from touchstone.domains.review_cards.repository import ReviewCardRepository
from touchstone.domains.test_cases.controller import TestCaseController
from touchstone.domains.test_cases.repository import TestCaseRepository
from touchstone.domains.test_executions.controller import TestExecutionController
from touchstone.domains.test_executions.repository import TestExecutionRepository
from touchstone.domains.test_executions.search_controller import TestExecutionSearchController
from touchstone.domains.test_executions.search_repository import TestExecutionSearchRepository
from touchstone.domains.test_executions.service import TestExecutionService
from touchstone.domains.test_executions.starting import ReviewRules
from touchstone.domains.test_plans.controller import TestPlanController
from touchstone.domains.test_plans.repository import TestPlanRepository
from touchstone.domains.test_results.controller import ExecutionResultController
from touchstone.domains.test_results.listing_repository import ResultListingRepository
from touchstone.domains.test_results.model import Recording
from touchstone.domains.test_results.search_controller import TestResultSearchController
from touchstone.domains.test_results.search_repository import TestResultSearchRepository
from touchstone.domains.test_results.service import TestResultService
from touchstone.settings import Settings
from touchstone.trackers import tracker_hosts

OBSERVATION_CONTROLLERS: list[Any] = [
    ArtefactController,
    BuildController,
    EnvironmentReviewController,
    ExecutionResultController,
    TestCaseController,
    TestExecutionController,
    EnvironmentController,
    TestPlanController,
    ExecutionMetadataController,
    ReportController,
    IssueController,
    IssueSyncController,
    IssueOrderController,
    ReviewCardController,
    AttachmentRuleController,
    AttachmentRuleListController,
    EnvironmentReportedIssueController,
    TestCaseReportedIssueController,
    TestResultSearchController,
    TestExecutionSearchController,
    RerunController,
]

OBSERVATION_TAGS = {
    "artefacts": "Versions of what is shipped, their builds and reviews.",
    "test-executions": "Test plans run on builds in environments.",
    "test-results": "Outcomes of test cases.",
    "issues": "Known problems, and which results they explain.",
    "reports": "What was tested, as CSV.",
}


def observation_dependencies(parts: Assembly) -> dict[str, Any]:
    """By the names that handlers use."""
    database, settings = parts.database, parts.settings
    policy = ReviewPolicy(is_four_eyes=settings.four_eyes, quorums=settings.quorums)
    return {
        "artefacts": ArtefactRepository(database),
        "artefact_service": ArtefactService(database, settings.frontend, policy),
        "builds": BuildRepository(database),
        "environment_reviews": EnvironmentReviewRepository(database),
        "environment_review_service": EnvironmentReviewService(database, policy),
        "result_listing": ResultListingRepository(database),
        "test_cases": TestCaseRepository(database),
        "test_executions": TestExecutionRepository(database),
        "test_execution_service": TestExecutionService(database, review_rules_of(settings), recording_of(settings)),
        "environments": EnvironmentRepository(database),
        "test_plans": TestPlanRepository(database),
        "execution_metadata": ExecutionMetadataRepository(database),
        "reports": ReportRepository(database),
        "reruns": RerunRepository(database),
        "rerun_service": RerunService(database),
        "test_result_search": TestResultSearchRepository(database),
        "test_execution_search": TestExecutionSearchRepository(database),
        "test_result_service": TestResultService(database, parts.store, recording_of(settings)),
        **_dependencies_of_issues(parts),
    }


def _dependencies_of_issues(parts: Assembly) -> dict[str, Any]:
    database, hosts = parts.database, tracker_hosts(parts.settings)
    names = tracker_names(hosts)
    return {
        "issues": IssueRepository(database),
        "issue_service": IssueService(database, hosts, is_strict=parts.settings.strict_automatic_reruns),
        "attachment_rules": AttachmentRuleRepository(database),
        "attachment_rule_service": AttachmentRuleService(database),
        **_dependencies_of_trackers(parts),
        "environment_reported_issues": EnvironmentReportedIssueRepository(database),
        "environment_reported_issue_service": EnvironmentReportedIssueService(database, names),
        "test_case_reported_issues": TestCaseReportedIssueRepository(database),
        "test_case_reported_issue_service": TestCaseReportedIssueService(database, names),
    }


def result_gauges(parts: Assembly) -> ResultGauges:
    settings = parts.settings
    rules = GaugeRules(settings.metrics_days, settings.metrics_most_series, settings.metrics_by_test_case)
    return ResultGauges(parts.database, rules)


def _dependencies_of_trackers(parts: Assembly) -> dict[str, Any]:
    database, settings, configured = parts.database, parts.settings, parts.outside.trackers.configured
    templates = OrderTemplates(settings.new_issue_title, settings.new_issue_text)
    hosts = tracker_hosts(settings)
    return {
        "issue_sync_service": IssueSyncService(database, configured, is_enabled=settings.enable_issue_sync),
        "issue_orders": IssueOrderRepository(database),
        "issue_order_service": IssueOrderService(database, configured, hosts, templates, settings.frontend),
        "review_cards": ReviewCardRepository(database),
    }


def recording_of(settings: Settings) -> Recording:
    reruns = AutomaticReruns(settings.automatic_reruns, settings.automatic_rerun_pause_seconds)
    return Recording(longest_log=settings.longest_io_log, reruns=reruns)


def review_rules_of(settings: Settings) -> ReviewRules:
    return ReviewRules(
        executions_per_reviewer=settings.executions_per_reviewer,
        days=settings.review_days,
        frontend_url=settings.frontend,
    )
