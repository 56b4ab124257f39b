"""Rules of retention: changed by people, tried by a look ahead."""

from collections.abc import Iterable, Sequence

from touchstone.database.executor import Database
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.audit_events.retention_repository import AuditRetentionRepository
from touchstone.domains.jobs.retention_repository import JobRetentionRepository
from touchstone.domains.keeping.model import Going, KeepingRule
from touchstone.domains.notifications.retention_repository import NotificationRetentionRepository
from touchstone.domains.retention_rules.model import OF_TESTS, RetentionKind, RuleRefused
from touchstone.domains.retention_rules.repository import RetentionRuleRepository
from touchstone.domains.retention_rules.schemas import RetentionPreview, RetentionRule, RetentionRules
from touchstone.domains.test_executions.retention_repository import ExecutionRetentionRepository
from touchstone.domains.test_results.retention_repository import ResultRetentionRepository
from touchstone.http.caller import Caller


class RetentionRuleService:
    def __init__(self, database: Database) -> None:
        self.database = database

    async def replace(self, caller: Caller, given: RetentionRules) -> RetentionRules:
        """From now on these hold, and no others. Raises RuleRefused."""
        require_consistent(given.rules)
        async with self.database.transaction() as transaction:
            rules = RetentionRuleRepository(transaction)
            await rules.lock()
            before = await rules.list_all()
            await rules.replace_all(given.rules)
            after = await rules.list_all()
            if after != before:
                await AuditRepository(transaction).record(
                    caller, "put_retention_rules", "retention_rule:all", before=before, after=after
                )
            return RetentionRules(rules=after)

    async def preview(self, given: RetentionRules | None = None) -> list[RetentionPreview]:
        """What would go now, by these rules or else by those that hold. Raises RuleRefused."""
        rules = await RetentionRuleRepository(self.database).list_all() if given is None else given.rules
        require_consistent(rules)
        return [await self._preview(kind, keeping_rules(rules, kind)) for kind in RetentionKind]

    async def _preview(self, kind: RetentionKind, rules: list[KeepingRule]) -> RetentionPreview:
        days = shortest(rules)
        if days is None:
            return RetentionPreview(kind=kind, is_kept=True)
        going = await self._going(kind, rules, days)
        return RetentionPreview(
            kind=kind,
            count=going.count,
            is_more=going.is_more,
            bytes=going.bytes,
            oldest=going.oldest,
            sample=going.sample,
        )

    async def _going(self, kind: RetentionKind, rules: list[KeepingRule], days: int) -> Going:
        match kind:
            case RetentionKind.JOBS:
                return await JobRetentionRepository(self.database).preview(days)
            case RetentionKind.JOB_LOGS:
                return await JobRetentionRepository(self.database).preview_logs(days)
            case RetentionKind.TEST_EXECUTIONS:
                return await ExecutionRetentionRepository(self.database).preview(rules)
            case RetentionKind.TEST_RESULT_LOGS:
                return await ResultRetentionRepository(self.database).preview_logs(rules)
            case RetentionKind.RAW_RESULT_FILES:
                return await ResultRetentionRepository(self.database).preview_files(rules)
            case RetentionKind.NOTIFICATIONS:
                return await NotificationRetentionRepository(self.database).preview(days)
            case RetentionKind.AUDIT_EVENTS:
                return await AuditRetentionRepository(self.database).preview(days)


def require_consistent(rules: Sequence[RetentionRule]) -> None:
    """Raises RuleRefused for a rule that cannot be meant, and for one that stands there twice."""
    seen: set[tuple[str, str | None, str | None]] = set()
    for place, rule in enumerate(rules):
        location = ("body", "rules", place)
        if (rule.family or rule.stage) and rule.kind not in OF_TESTS:
            raise RuleRefused(location=location, reason=f"{rule.kind} have neither family nor stage")
        if not rule.keeps_newest and rule.kind is not RetentionKind.TEST_EXECUTIONS:
            raise RuleRefused(location=location, reason=f"keeps_newest is about test_executions, not {rule.kind}")
        same = (rule.kind, rule.family, rule.stage)
        if same in seen:
            raise RuleRefused(location=location, reason="There is one rule for each kind, family and stage")
        seen.add(same)


def keeping_rules(rules: Iterable[RetentionRule], kind: RetentionKind) -> list[KeepingRule]:
    return [
        KeepingRule(
            family=rule.family or "", stage=rule.stage or "", kept_days=rule.kept_days, keeps_newest=rule.keeps_newest
        )
        for rule in rules
        if rule.kind is kind
    ]


def shortest(rules: Iterable[KeepingRule]) -> int | None:
    """Days for which every rule keeps; None when none of them ends."""
    return min((rule.kept_days for rule in rules if rule.kept_days is not None), default=None)
