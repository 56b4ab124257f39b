"""The columns of the reports, in their order, by the names that scripts read them by."""

import datetime as dt

EARLIEST = dt.datetime(1, 1, 1, tzinfo=dt.UTC)

_ARTEFACT = (
    "Artefact.family",
    "Artefact.id",
    "Artefact.name",
    "Artefact.version",
    "Artefact.status",
    "Artefact.track",
    "Artefact.stage",
    "Artefact.series",
    "Artefact.repo",
    "Artefact.os",
)

RESULT_COLUMNS = (
    *_ARTEFACT,
    "Artefact.series",  # once more: scripts that count columns rely on it
    "Artefact.created_at",
    "TestExecution.id",
    "TestExecution.status",
    "TestExecution.c3_link",
    "TestExecution.checkbox_version",
    "TestPlan.name",
    "Environment.name",
    "Environment.architecture",
    "TestCase.template_id",
    "TestCase.name",
    "TestCase.category",
    "TestResult.status",
    "TestResult.created_at",
)

EXECUTION_COLUMNS = (
    *_ARTEFACT,
    "TestExecution.id",
    "TestExecution.status",
    "TestExecution.ci_link",
    "TestExecution.c3_link",
    "TestExecution.checkbox_version",
    "TestExecution.test_plan",
    "TestExecution.created_at",
    "Environment.name",
    "Environment.architecture",
    "ArtefactBuildEnvironmentReview.review_decision",
    "ArtefactBuildEnvironmentReview.review_comment",
    "TestEvents",
)
