"""Rules of issues: made, tried on what was recorded, applied to it, changed."""

import datetime as dt

import msgspec
from msgspec import UnsetType

from touchstone.database.executor import Database, StatementGivenUp, Transaction
from touchstone.domains.attachment_rules.model import PatternUnusable, RuleOfOtherIssue, RuleRow, TooMuchPast
from touchstone.domains.attachment_rules.patterns import nasty_texts
from touchstone.domains.attachment_rules.repository import AttachmentRuleRepository
from touchstone.domains.attachment_rules.schemas import (
    AppliedRule,
    IssueTestResultAttachmentRulePatchRequest,
    IssueTestResultAttachmentRulePostRequest,
)
from touchstone.domains.attachment_rules.trial_repository import RuleTrialRepository
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.idempotent_requests.model import IdempotentCall
from touchstone.domains.idempotent_requests.service import once
from touchstone.domains.issues.model import AttachmentRuleNotFound
from touchstone.domains.issues.repository import IssueRepository
from touchstone.domains.issues.selected_repository import SelectedAttachmentRepository
from touchstone.domains.shapes.attachment_rules import AttachmentRuleResponse
from touchstone.domains.shapes.shown import shown_to
from touchstone.http.caller import Caller

NEW_PATTERN_SECONDS = 0.5
PAST_SECONDS = 20.0


class AttachmentRuleService:
    def __init__(self, database: Database) -> None:
        self.database = database

    async def create(
        self,
        caller: Caller,
        issue_id: int,
        new: IssueTestResultAttachmentRulePostRequest,
        call: IdempotentCall | None = None,
    ) -> AttachmentRuleResponse:
        """Raises IssueNotFound, PatternUnusable."""
        shown = shown_to(caller, families=new.families)

        async def work(transaction: Transaction) -> AttachmentRuleResponse:
            await IssueRepository(transaction).require(shown, issue_id)
            await _require_usable(transaction, new)
            rules = AttachmentRuleRepository(transaction)
            created = await rules.get(shown, await rules.insert(issue_id, caller.name, new))
            await AuditRepository(transaction).record(
                caller, "create_attachment_rule", f"attachment_rule:{created.id}", after=_told(issue_id, new)
            )
            return created

        return await once(self.database, call, AttachmentRuleResponse, work)

    async def try_out(
        self, caller: Caller, issue_id: int, rule: IssueTestResultAttachmentRulePostRequest, days: int
    ) -> bytes:
        """An AttachmentRuleTrial. Raises IssueNotFound, PatternUnusable, TooMuchPast."""
        shown = shown_to(caller, families=rule.families)
        async with self.database.transaction() as transaction:
            await IssueRepository(transaction).require(shown, issue_id)
            await _require_usable(transaction, rule)
            past, trial = rule.past(days, dt.datetime.now(dt.UTC)), RuleTrialRepository(transaction)
            try:
                async with transaction.within(PAST_SECONDS):
                    return await trial.try_out(shown, issue_id, days, past, rule.comment_pattern, rule.io_log_pattern)
            except StatementGivenUp as error:
                raise TooMuchPast(days=days) from error

    async def apply(self, caller: Caller, issue_id: int, rule_id: int, days: int) -> AppliedRule:
        """Raises AttachmentRuleNotFound, RuleOfOtherIssue, TooMuchPast."""
        async with self.database.transaction() as transaction:
            await _locked(transaction, issue_id, rule_id)
            rule = await AttachmentRuleRepository(transaction).asked_by(rule_id)
            past, attachments = rule.past(days, dt.datetime.now(dt.UTC)), SelectedAttachmentRepository(transaction)
            try:
                async with transaction.within(PAST_SECONDS):
                    count = await attachments.attach_past(
                        issue_id, rule_id, past, rule.comment_pattern, rule.io_log_pattern
                    )
            except StatementGivenUp as error:
                raise TooMuchPast(days=days) from error
            applied = AppliedRule(attached=count, days=days)
            await AuditRepository(transaction).record(
                caller, "apply_attachment_rule", f"attachment_rule:{rule_id}", after=applied
            )
        return applied

    async def change(
        self, caller: Caller, issue_id: int, rule_id: int, changes: IssueTestResultAttachmentRulePatchRequest
    ) -> AttachmentRuleResponse:
        """Raises AttachmentRuleNotFound, RuleOfOtherIssue."""
        async with self.database.transaction() as transaction:
            rules = AttachmentRuleRepository(transaction)
            before = await _locked(transaction, issue_id, rule_id)
            after = _changed(before, changes)
            if after != before:
                await rules.update(after)
                await AuditRepository(transaction).record(
                    caller, "update_attachment_rule", f"attachment_rule:{rule_id}", before=before, after=after
                )
            return await rules.get(shown_to(caller), rule_id)

    async def delete(self, caller: Caller, issue_id: int, rule_id: int) -> None:
        """One that is not there is gone already. Raises RuleOfOtherIssue."""
        async with self.database.transaction() as transaction:
            rules = AttachmentRuleRepository(transaction)
            row = await rules.lock(rule_id)
            if row is None:
                return
            _require_of(row, issue_id)
            asked = await rules.asked_by(rule_id)
            await rules.delete(rule_id)
            await AuditRepository(transaction).record(
                caller, "delete_attachment_rule", f"attachment_rule:{rule_id}", before=_told(issue_id, asked)
            )


async def _locked(transaction: Transaction, issue_id: int, rule_id: int) -> RuleRow:
    """Raises AttachmentRuleNotFound, RuleOfOtherIssue."""
    row = await AttachmentRuleRepository(transaction).lock(rule_id)
    if row is None:
        raise AttachmentRuleNotFound
    _require_of(row, issue_id)
    return row


def _require_of(row: RuleRow, issue_id: int) -> None:
    """Raises RuleOfOtherIssue."""
    if row.issue_id != issue_id:
        raise RuleOfOtherIssue


async def _require_usable(transaction: Transaction, rule: IssueTestResultAttachmentRulePostRequest) -> None:
    """Raises PatternUnusable for a pattern that Postgres cannot read, or not quickly."""
    for field, pattern in ("comment_pattern", rule.comment_pattern), ("io_log_pattern", rule.io_log_pattern):
        if pattern is None:
            continue
        try:
            async with transaction.within(NEW_PATTERN_SECONDS):
                await AttachmentRuleRepository(transaction).meet(pattern, nasty_texts(pattern))
        except StatementGivenUp as error:
            is_slow = error.facts["reason"] == "QueryCanceledError"
            reason = "It takes too long to look for" if is_slow else "This is no regular expression of Postgres"
            raise PatternUnusable(field, pattern, reason) from error


def _changed(row: RuleRow, changes: IssueTestResultAttachmentRulePatchRequest) -> RuleRow:
    enabled = row.enabled if changes.enabled is None else changes.enabled
    expires_at = row.expires_at if isinstance(changes.expires_at, UnsetType) else changes.expires_at
    return msgspec.structs.replace(row, enabled=enabled, expires_at=expires_at)


def _told(issue_id: int, rule: IssueTestResultAttachmentRulePostRequest) -> dict[str, object]:
    given: dict[str, object] = msgspec.to_builtins(rule)
    return {"issue_id": issue_id, **{name: value for name, value in given.items() if value not in (None, [], {})}}
