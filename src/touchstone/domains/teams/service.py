"""What a team may do, which artefacts it reviews and who is in it."""

import contextlib
from collections.abc import AsyncGenerator, Callable

import msgspec

from touchstone.database.executor import Database, Transaction
from touchstone.domains.artefact_matching_rules.repository import ArtefactMatchingRuleRepository
from touchstone.domains.artefact_matching_rules.schemas import GivenRule
from touchstone.domains.artefact_matching_rules.service import give_rules
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.domains.families.model import families_shown
from touchstone.domains.idempotent_requests.model import IdempotentCall
from touchstone.domains.idempotent_requests.service import once
from touchstone.domains.permissions.granting import require_held, require_not_own
from touchstone.domains.permissions.model import permissions_shown, replaced
from touchstone.domains.teams.model import MemberUnknown, TeamRow
from touchstone.domains.teams.repository import TeamRepository
from touchstone.domains.teams.schemas import NewTeam, Team, TeamChanges
from touchstone.http.caller import Caller


class TeamService:
    """`forget` empties what this process remembers of principals."""

    def __init__(self, database: Database, forget: Callable[[], None] = lambda: None) -> None:
        self.database, self.forget = database, forget

    @contextlib.asynccontextmanager
    async def _changing(self) -> AsyncGenerator[Transaction]:
        """A transaction after which principals may be others."""
        async with self.database.transaction() as transaction:
            yield transaction
        self.forget()

    async def create(self, caller: Caller, new: NewTeam, call: IdempotentCall | None = None) -> Team:
        """Raises TeamExists, RuleTooLong, PermissionNotHeld, OwnTeam."""
        require_held(caller, new.permissions)

        async def work(transaction: Transaction) -> Team:
            if new.artefact_matching_rules:
                await ArtefactMatchingRuleRepository(transaction).lock()
            team_id = await TeamRepository(transaction).insert(new.name, [*new.permissions], new.joined_by_claims)
            await give_rules(transaction, caller, team_id, new.artefact_matching_rules)
            await AuditRepository(transaction).record(caller, "create_team", _subject(team_id), after=new)
            return await _shown(transaction, caller, team_id, new)

        team = await once(self.database, call, Team, work)
        self.forget()
        return team

    async def change(self, caller: Caller, team_id: int, changes: TeamChanges) -> Team:
        """Raises TeamNotFound, RuleTooLong, PermissionNotHeld, OwnTeam."""
        rules = changes.artefact_matching_rules
        async with self._changing() as transaction:
            teams = TeamRepository(transaction)
            if rules is not None:
                await ArtefactMatchingRuleRepository(transaction).lock()
            before = await teams.lock(team_id)
            if rules is not None:
                await _replace_rules(transaction, caller, team_id, rules)
            after = _changed(before, changes, permissions_shown(caller, changes.permissions))
            if after != before:
                await _require_allowed(teams, caller, before, after)
                await teams.update(after)
                await AuditRepository(transaction).record(
                    caller, "update_team", _subject(team_id), before=before, after=after
                )
            return await _shown(transaction, caller, team_id, changes)

    async def add_member(self, caller: Caller, team_id: int, user_id: int) -> Team:
        """Who joins may do what the team may. Raises TeamNotFound, MemberUnknown, PermissionNotHeld."""
        async with self._changing() as transaction:
            teams = TeamRepository(transaction)
            await teams.lock(team_id)
            if not await teams.is_user(user_id):
                raise MemberUnknown(id=user_id)
            is_member = await teams.is_member(team_id, user_id)
            if not is_member:
                await _require_rights(teams, caller, team_id)
                await _record_member(transaction, caller, "add_team_member", team_id, after=user_id)
            await teams.add_member(team_id, user_id)
            return await _shown(transaction, caller, team_id)

    async def remove_member(self, caller: Caller, team_id: int, user_id: int) -> Team:
        """Raises TeamNotFound, MemberUnknown."""
        async with self._changing() as transaction:
            teams = TeamRepository(transaction)
            await teams.lock(team_id)
            if not await teams.is_user(user_id):
                raise MemberUnknown(id=user_id)
            if await teams.remove_member(team_id, user_id):
                await _record_member(transaction, caller, "remove_team_member", team_id, before=user_id)
            return await _shown(transaction, caller, team_id)


async def _require_allowed(teams: TeamRepository, caller: Caller, before: TeamRow, after: TeamRow) -> None:
    require_held(caller, set(after.permissions) - set(before.permissions))
    if set(after.permissions) != set(before.permissions):
        require_not_own(caller, [before.id])
    if not set(after.joined_by_claims) <= set(before.joined_by_claims):
        await _require_rights(teams, caller, before.id)


async def _require_rights(teams: TeamRepository, caller: Caller, team_id: int) -> None:
    """Only who holds what the team may do can let others in; its members do."""
    if team_id not in caller.principal.team_ids:
        require_held(caller, await teams.list_rights(team_id))


async def _replace_rules(transaction: Transaction, caller: Caller, team_id: int, rules: list[GivenRule]) -> None:
    done = await give_rules(transaction, caller, team_id, rules)
    if done.changes_anything:
        await AuditRepository(transaction).record(
            caller, "replace_artefact_matching_rules", _subject(team_id), before={"left": done.left}, after=done
        )


async def _record_member(
    transaction: Transaction,
    caller: Caller,
    action: str,
    team_id: int,
    *,
    before: int | None = None,
    after: int | None = None,
) -> None:
    await AuditRepository(transaction).record(
        caller,
        action,
        _subject(team_id),
        before=None if before is None else {"user_id": before},
        after=None if after is None else {"user_id": after},
    )


def _changed(before: TeamRow, changes: TeamChanges, shown: tuple[str, ...]) -> TeamRow:
    after = before
    if changes.permissions is not None:
        after = msgspec.structs.replace(after, permissions=replaced(before.permissions, changes.permissions, shown))
    if changes.joined_by_claims is not None:
        after = msgspec.structs.replace(after, joined_by_claims=changes.joined_by_claims)
    return after


async def _shown(
    transaction: Transaction, caller: Caller, team_id: int, named: NewTeam | TeamChanges | None = None
) -> Team:
    """The team in the words that the caller knows, or has named."""
    rules = (named.artefact_matching_rules if named else None) or []
    words = [
        *((named.permissions if named else None) or []),
        *(word for rule in rules for word in rule.grant_permissions),
    ]
    families = families_shown(caller, [rule.family for rule in rules])
    return await TeamRepository(transaction).get(team_id, permissions_shown(caller, words), families)


def _subject(team_id: int) -> str:
    return f"team:{team_id}"
