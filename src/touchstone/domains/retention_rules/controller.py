"""`/retention-rules`."""

from litestar import Controller, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from touchstone.domains.retention_rules.model import RuleRefused
from touchstone.domains.retention_rules.repository import RetentionRuleRepository
from touchstone.domains.retention_rules.schemas import RetentionPreviews, RetentionRules
from touchstone.domains.retention_rules.service import RetentionRuleService
from touchstone.http.caller import Caller
from touchstone.http.guards import requires
from touchstone.http.openapi import failures


class RetentionRuleController(Controller):
    path = "/api/v1/retention-rules"
    tags = ["retention-rules"]

    @get(guards=[requires("view_retention_rule")])
    async def get_retention_rules(self, retention_rules: NamedDependency[RetentionRuleRepository]) -> RetentionRules:
        """How long what is kept; what no rule is about, for ever."""
        return RetentionRules(rules=await retention_rules.list_all())

    @put(guards=[requires("change_retention_rule")], responses=failures(RuleRefused))
    async def put_retention_rules(
        self,
        data: JSONBody[RetentionRules],
        caller: NamedDependency[Caller],
        retention_rule_service: NamedDependency[RetentionRuleService],
    ) -> RetentionRules:
        """Replaces all rules. Within an hour workers remove what these do not keep: look at a preview first."""
        return await retention_rule_service.replace(caller, data)

    @get("/preview", guards=[requires("view_retention_rule")])
    async def get_retention_preview(
        self, retention_rule_service: NamedDependency[RetentionRuleService]
    ) -> RetentionPreviews:
        """What would go now, by the rules that hold."""
        return RetentionPreviews(items=await retention_rule_service.preview())

    @post("/preview", status_code=200, guards=[requires("view_retention_rule")], responses=failures(RuleRefused))
    async def preview_retention_rules(
        self, data: JSONBody[RetentionRules], retention_rule_service: NamedDependency[RetentionRuleService]
    ) -> RetentionPreviews:
        """What would go now if these were the rules; changes nothing."""
        return RetentionPreviews(items=await retention_rule_service.preview(data))
