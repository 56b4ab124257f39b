"""`/issues/{issue_id}/attachment-rules` and `/attachment-rules`."""

from typing import Annotated, Any

from litestar import Controller, Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from touchstone.domains.attachment_rules.model import PatternUnusable, RuleOfOtherIssue, RuleState, TooMuchPast
from touchstone.domains.attachment_rules.repository import AttachmentRuleRepository
from touchstone.domains.attachment_rules.schemas import (
    AppliedRule,
    AttachmentRules,
    AttachmentRuleTrial,
    Days,
    IssueTestResultAttachmentRulePatchRequest,
    IssueTestResultAttachmentRulePostRequest,
    PageSize,
)
from touchstone.domains.attachment_rules.service import AttachmentRuleService
from touchstone.domains.idempotent_requests.model import CallInFlight, IdempotentCall
from touchstone.domains.issues.model import AttachmentRuleNotFound, IssueNotFound
from touchstone.domains.shapes.attachment_rules import AttachmentRuleResponse
from touchstone.domains.shapes.shown import shown_to
from touchstone.http.caller import Caller
from touchstone.http.guards import InsufficientPermissions, requires
from touchstone.http.json_answers import json_answer
from touchstone.http.openapi import failures
from touchstone.http.paging import decode_cursor, encode_cursor, next_link
from touchstone.http.row_ids import RowId

# the framework has its own idea of what an argument `state` is
AskedState = Annotated[RuleState | None, QueryParameter(name="state")]


class AttachmentRuleController(Controller):
    path = "/api/v1/issues/{issue_id:str}/attachment-rules"
    tags = ["issues"]

    @post(
        status_code=200,
        guards=[requires("change_attachment_rule")],
        operation_id="post_attachment_rule_v1_issues__issue_id__attachment_rules_post",
        responses=failures(IssueNotFound, PatternUnusable, TooMuchPast, InsufficientPermissions, CallInFlight),
        description="With `dry_run` nothing is saved: what is answered is what the rule would have attached of the "
        "results of the last days, which who may not see tests does not get to know.",
    )
    async def post_attachment_rule(
        self,
        issue_id: FromPath[RowId],
        data: JSONBody[IssueTestResultAttachmentRulePostRequest],
        caller: NamedDependency[Caller],
        attachment_rule_service: NamedDependency[AttachmentRuleService],
        idempotent_call: NamedDependency[IdempotentCall | None],
        dry_run: FromQuery[bool] = False,
        days: FromQuery[Days] = 30,
    ) -> Response[AttachmentRuleResponse | AttachmentRuleTrial]:
        """New results like this belong to the issue from now on."""
        if not dry_run:
            return Response(await attachment_rule_service.create(caller, issue_id, data, idempotent_call))
        if not caller.may("view_test"):
            raise InsufficientPermissions
        return json_answer(await attachment_rule_service.try_out(caller, issue_id, data, days))

    @post(
        "/{attachment_rule_id:str}/apply",
        status_code=200,
        guards=[requires("change_attachment_rule", "change_issue_attachment", "change_issue_attachment_bulk")],
        responses=failures(AttachmentRuleNotFound, RuleOfOtherIssue, TooMuchPast),
    )
    async def apply_attachment_rule(
        self,
        issue_id: FromPath[RowId],
        attachment_rule_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        attachment_rule_service: NamedDependency[AttachmentRuleService],
        days: FromQuery[Days] = 30,
    ) -> AppliedRule:
        """Attaches the results of the last days that the rule matches, be it enabled or not."""
        return await attachment_rule_service.apply(caller, issue_id, attachment_rule_id, days)

    @patch(
        "/{attachment_rule_id:str}",
        guards=[requires("change_attachment_rule")],
        operation_id="patch_attachment_rule_v1_issues__issue_id__attachment_rules__attachment_rule_id__patch",
        responses=failures(AttachmentRuleNotFound, RuleOfOtherIssue),
    )
    async def patch_attachment_rule(
        self,
        issue_id: FromPath[RowId],
        attachment_rule_id: FromPath[RowId],
        data: JSONBody[IssueTestResultAttachmentRulePatchRequest],
        caller: NamedDependency[Caller],
        attachment_rule_service: NamedDependency[AttachmentRuleService],
    ) -> AttachmentRuleResponse:
        """Turns a rule on or off, for good or until some time."""
        return await attachment_rule_service.change(caller, issue_id, attachment_rule_id, data)

    @delete(
        "/{attachment_rule_id:str}",
        guards=[requires("change_attachment_rule")],
        operation_id="delete_attachment_rule_v1_issues__issue_id__attachment_rules__attachment_rule_id__delete",
        responses=failures(RuleOfOtherIssue),
    )
    async def delete_attachment_rule(
        self,
        issue_id: FromPath[RowId],
        attachment_rule_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        attachment_rule_service: NamedDependency[AttachmentRuleService],
    ) -> None:
        """Deletes a rule; what it attached stays attached."""
        await attachment_rule_service.delete(caller, issue_id, attachment_rule_id)


class AttachmentRuleListController(Controller):
    """Those of all issues."""

    path = "/api/v1/attachment-rules"
    tags = ["issues"]

    @get(guards=[requires("view_issue")])
    async def list_attachment_rules(
        self,
        request: Request[Any, Any, Any],
        caller: NamedDependency[Caller],
        attachment_rules: NamedDependency[AttachmentRuleRepository],
        rule_state: AskedState = None,
        issue_id: FromQuery[RowId | None] = None,
        limit: FromQuery[PageSize] = 100,
        cursor: FromQuery[str | None] = None,
    ) -> Response[AttachmentRules]:
        """Rules newest first; `stale` ones still hit though their issue is closed."""
        (before,) = decode_cursor(cursor, int) if cursor else (None,)
        found = await attachment_rules.list_newest(
            shown_to(caller), rule_state, issue_id, before=before, limit=limit + 1
        )
        following = encode_cursor(found[limit - 1].id) if len(found) > limit else None
        headers = {"Link": next_link(str(request.url), following)} if following else {}
        return Response(AttachmentRules(found[:limit], following), headers=headers)
