"""Rules of teams, and what may be granted by them."""

import msgspec

from touchstone.database.executor import Database, Transaction
from touchstone.domains.artefact_matching_rules.model import (
    Fields,
    Rule,
    RuleExists,
    RuleLeftWithoutTeam,
    RuleWithoutTeam,
    TeamOfRuleNotFound,
    key_of,
)
from touchstone.domains.artefact_matching_rules.repository import ArtefactMatchingRuleRepository
from touchstone.domains.artefact_matching_rules.schemas import ArtefactMatchingRule, GivenRule, NewRule, RuleChanges
from touchstone.domains.artefact_matching_rules.sharing import Sharing, sharing
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.families.model import FAMILIES, families_shown
from touchstone.domains.idempotent_requests.model import IdempotentCall
from touchstone.domains.idempotent_requests.service import once
from touchstone.domains.permissions.granting import require_held, require_not_own
from touchstone.domains.permissions.model import permissions_shown, replaced
from touchstone.http.caller import Caller


class ArtefactMatchingRuleService:
    def __init__(self, database: Database) -> None:
        self.database = database

    async def create(self, caller: Caller, new: NewRule, call: IdempotentCall | None = None) -> ArtefactMatchingRule:
        """Raises RuleWithoutTeam, TeamOfRuleNotFound, RuleExists, RuleTooLong, PermissionNotHeld, OwnTeam."""
        if not new.team_ids:
            raise RuleWithoutTeam

        async def work(transaction: Transaction) -> ArtefactMatchingRule:
            rules = ArtefactMatchingRuleRepository(transaction)
            await _require_teams(rules, new.team_ids)
            require_held(caller, new.grant_permissions)
            if new.grant_permissions:
                require_not_own(caller, new.team_ids)
            if len(set(new.team_ids)) < len(new.team_ids):
                raise RuleExists
            (rule_id,) = await rules.insert([new])
            await rules.link([rule_id], new.team_ids)
            await _record(transaction, caller, "create", rule_id, after=new)
            shown = permissions_shown(caller, new.grant_permissions), families_shown(caller, [new.family])
            return await rules.get(rule_id, *shown)

        return await once(self.database, call, ArtefactMatchingRule, work)

    async def change(self, caller: Caller, rule_id: int, changes: RuleChanges) -> ArtefactMatchingRule:
        """Raises RuleNotFound, RuleLeftWithoutTeam, and what `create` raises, AnotherRuleExists for RuleExists."""
        permissions = permissions_shown(caller, changes.grant_permissions)
        families = families_shown(caller, [changes.family])
        async with self.database.transaction() as transaction:
            rules = ArtefactMatchingRuleRepository(transaction)
            await rules.lock()
            before = await rules.get_row(rule_id, families)
            if changes.team_ids == []:
                raise RuleLeftWithoutTeam
            await _require_teams(rules, changes.team_ids or [])
            after = _changed(before, changes, permissions)
            if after != before:
                require_held(caller, _gained(before, after))
                require_not_own(caller, _touched(before, after))
                await rules.update(after)
                await rules.keep_teams(rule_id, after.team_ids)
                await rules.link([rule_id], after.team_ids)
                await _record(transaction, caller, "update", rule_id, before=before, after=after)
            return await rules.get(rule_id, permissions, families)

    async def delete(self, caller: Caller, rule_id: int) -> None:
        """Raises RuleNotFound, OwnTeam."""
        async with self.database.transaction() as transaction:
            rules = ArtefactMatchingRuleRepository(transaction)
            await rules.lock()
            before = await rules.get_row(rule_id, families_shown(caller))
            if before.grant_permissions:
                require_not_own(caller, before.team_ids)
            await rules.delete(rule_id)
            await _record(transaction, caller, "delete", rule_id, before=before)


async def give_rules(transaction: Transaction, caller: Caller, team_id: int, given: list[GivenRule]) -> Sharing:
    """Replaces the rules of a team, and answers what that took.

    To be called under the rules' lock. Raises PermissionNotHeld, OwnTeam, RuleTooLong.
    """
    rules = ArtefactMatchingRuleRepository(transaction)
    # who cannot see some of the rules keeps them, unless he takes all away
    families = families_shown(caller, [rule.family for rule in given]) if given else FAMILIES
    plan = sharing(team_id, given, await rules.list_of_team_and_alike(team_id, given), families)
    require_held(caller, plan.rights)
    require_not_own(caller, plan.touched)
    if plan.grown:
        await rules.set_grants(plan.grown)
    joined = [*plan.joined, *(await rules.insert(plan.new) if plan.new else [])]
    if joined:
        await rules.link(joined, [team_id])
    if plan.left:
        await rules.unlink([rule.id for rule in plan.left], team_id)
    return plan


async def _require_teams(rules: ArtefactMatchingRuleRepository, team_ids: list[int]) -> None:
    if missing := await rules.list_missing_teams(team_ids):
        raise TeamOfRuleNotFound(id=missing[0])


def _changed(before: Rule, changes: RuleChanges, permissions: tuple[str, ...]) -> Rule:
    given = {name: value for name in Fields.__struct_fields__ if (value := getattr(changes, name)) is not None}
    if changes.team_ids is not None:
        given["team_ids"] = sorted(set(changes.team_ids))
    if changes.grant_permissions is not None:
        given["grant_permissions"] = replaced(before.grant_permissions, changes.grant_permissions, permissions)
    return msgspec.structs.replace(before, **given)


def _gained(before: Rule, after: Rule) -> set[str]:
    """A rule that matches other artefacts, or is for more teams, gives all that it grants anew."""
    is_wider = key_of(before) != key_of(after) or not set(after.team_ids) <= set(before.team_ids)
    return set(after.grant_permissions) - (set() if is_wider else set(before.grant_permissions))


def _touched(before: Rule, after: Rule) -> set[int]:
    """The teams whose rights change."""
    if not before.grant_permissions and not after.grant_permissions:
        return set()
    old, new = set(before.team_ids), set(after.team_ids)
    is_other = key_of(before) != key_of(after) or before.grant_permissions != after.grant_permissions
    return old | new if is_other else old ^ new


async def _record(
    transaction: Transaction,
    caller: Caller,
    verb: str,
    rule_id: int,
    *,
    before: Rule | None = None,
    after: Rule | NewRule | None = None,
) -> None:
    subject = f"artefact_matching_rule:{rule_id}"
    await AuditRepository(transaction).record(
        caller, f"{verb}_artefact_matching_rule", subject, before=before, after=after
    )
