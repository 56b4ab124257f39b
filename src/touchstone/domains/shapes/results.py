"""Test results with the issues that explain them."""

import datetime as dt
from typing import LiteralString

import msgspec

from touchstone.domains.shapes.issues import (
    ISSUE_JSON,
    RULE_JSON,
    MinimalIssueTestResultAttachmentResponse,
    TestResultStatus,
)


class PreviousTestResult(msgspec.Struct, kw_only=True):
    """What came of the same test case for this or an earlier artefact, in the same environment."""

    status: TestResultStatus
    version: str
    artefact_id: int
    test_execution_id: int
    test_result_id: int


class TestResultResponse(msgspec.Struct, kw_only=True):
    __test__ = False

    id: int
    name: str
    category: str
    template_id: str
    status: TestResultStatus
    comment: str
    io_log: str
    created_at: dt.datetime
    issues: list[MinimalIssueTestResultAttachmentResponse]
    previous_results: list[PreviousTestResult] = []


RESULT_SOURCES: LiteralString = """
    test_result as result
    join test_case on test_case.id = result.test_case_id
    left join test_result_log as log on log.test_result_id = result.id
"""
"""What `RESULT_JSON` is selected from; narrow it down by the columns of `result`."""

ATTACHMENTS_JSON: LiteralString = (
    """
    coalesce((
        select json_agg(json_build_object('issue', """
    + ISSUE_JSON
    + """, 'attachment_rule', case when rule.id is not null then """
    + RULE_JSON
    + """ end) order by issue.id)
        from issue_attachment as attachment join issue on issue.id = attachment.issue_id
            left join attachment_rule as rule on rule.id = attachment.attachment_rule_id
        where attachment.test_result_id = result.id and issue.source = any ((select sources from shown)::text[])
    ), '[]')
"""
)


def result_json(previous_results: LiteralString = "'[]'::json") -> LiteralString:
    """The JSON of `result`; `previous_results` is an expression that gives a list."""
    return (
        """
        json_build_object('id', result.id, 'name', test_case.name, 'category', test_case.category,
            'template_id', test_case.template_id, 'status', result.status, 'comment', result.comment,
            'io_log', coalesce(log.io_log, ''), 'created_at', wire_time(result.created_at), 'issues', """
        + ATTACHMENTS_JSON
        + ", 'previous_results', "
        + previous_results
        + ")"
    )
