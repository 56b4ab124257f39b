"""`/artefact-matching-rules`."""

from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from touchstone.domains.artefact_matching_rules.model import (
    AnotherRuleExists,
    RuleExists,
    RuleLeftWithoutTeam,
    RuleNotFound,
    RuleTooLong,
    RuleWithoutTeam,
    TeamOfRuleNotFound,
)
from touchstone.domains.artefact_matching_rules.repository import ArtefactMatchingRuleRepository
from touchstone.domains.artefact_matching_rules.schemas import ArtefactMatchingRule, NewRule, RuleChanges
from touchstone.domains.artefact_matching_rules.service import ArtefactMatchingRuleService
from touchstone.domains.families.model import FamilyName, families_shown
from touchstone.domains.idempotent_requests.model import CallInFlight, IdempotentCall
from touchstone.domains.permissions.model import OwnTeam, PermissionNotHeld, permissions_shown
from touchstone.http.caller import Caller
from touchstone.http.guards import requires
from touchstone.http.openapi import failures
from touchstone.http.row_ids import RowId


class ArtefactMatchingRuleController(Controller):
    path = "/api/v1/artefact-matching-rules"
    tags = ["artefact-matching-rules"]

    @post(
        guards=[requires("change_team")],
        operation_id="create_artefact_matching_rule_v1_artefact_matching_rules_post",
        responses=failures(
            RuleWithoutTeam, TeamOfRuleNotFound, RuleExists, RuleTooLong, PermissionNotHeld, OwnTeam, CallInFlight
        ),
    )
    async def create_artefact_matching_rule(
        self,
        data: JSONBody[NewRule],
        caller: NamedDependency[Caller],
        artefact_matching_rule_service: NamedDependency[ArtefactMatchingRuleService],
        idempotent_call: NamedDependency[IdempotentCall | None],
    ) -> ArtefactMatchingRule:
        """Makes teams reviewers of artefacts like this."""
        return await artefact_matching_rule_service.create(caller, data, idempotent_call)

    @get(
        guards=[requires("view_team")],
        operation_id="get_artefact_matching_rules_v1_artefact_matching_rules_get",
    )
    async def get_artefact_matching_rules(
        self,
        caller: NamedDependency[Caller],
        artefact_matching_rules: NamedDependency[ArtefactMatchingRuleRepository],
        family: FromQuery[FamilyName | None] = None,
    ) -> list[ArtefactMatchingRule]:
        """All rules, or those of a family."""
        return await artefact_matching_rules.list_all(
            family, permissions_shown(caller), families_shown(caller, [family])
        )

    @get(
        "/{rule_id:str}",
        guards=[requires("view_team")],
        operation_id="get_artefact_matching_rule_v1_artefact_matching_rules__rule_id__get",
        responses=failures(RuleNotFound),
    )
    async def get_artefact_matching_rule(
        self,
        rule_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        artefact_matching_rules: NamedDependency[ArtefactMatchingRuleRepository],
    ) -> ArtefactMatchingRule:
        """One rule with its teams."""
        return await artefact_matching_rules.get(rule_id, permissions_shown(caller), families_shown(caller))

    @patch(
        "/{rule_id:str}",
        guards=[requires("change_team")],
        operation_id="update_artefact_matching_rule_v1_artefact_matching_rules__rule_id__patch",
        responses=failures(
            RuleNotFound,
            RuleLeftWithoutTeam,
            TeamOfRuleNotFound,
            AnotherRuleExists,
            RuleTooLong,
            PermissionNotHeld,
            OwnTeam,
        ),
    )
    async def update_artefact_matching_rule(
        self,
        rule_id: FromPath[RowId],
        data: JSONBody[RuleChanges],
        caller: NamedDependency[Caller],
        artefact_matching_rule_service: NamedDependency[ArtefactMatchingRuleService],
    ) -> ArtefactMatchingRule:
        """Changes what a rule matches, for whom it is and what it grants."""
        return await artefact_matching_rule_service.change(caller, rule_id, data)

    @delete(
        "/{rule_id:str}",
        guards=[requires("change_team")],
        operation_id="delete_artefact_matching_rule_v1_artefact_matching_rules__rule_id__delete",
        responses=failures(RuleNotFound, OwnTeam),
    )
    async def delete_artefact_matching_rule(
        self,
        rule_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        artefact_matching_rule_service: NamedDependency[ArtefactMatchingRuleService],
    ) -> None:
        """Deletes a rule for all its teams."""
        await artefact_matching_rule_service.delete(caller, rule_id)
