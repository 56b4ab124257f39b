"""`/teams`, and the members of each."""

from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from touchstone.domains.artefact_matching_rules.model import RuleTooLong
from touchstone.domains.families.model import families_shown
from touchstone.domains.idempotent_requests.model import CallInFlight, IdempotentCall
from touchstone.domains.permissions.model import OwnTeam, PermissionNotHeld, permissions_shown
from touchstone.domains.teams.model import MemberUnknown, TeamExists, TeamNotFound
from touchstone.domains.teams.repository import TeamRepository
from touchstone.domains.teams.schemas import NewTeam, Team, TeamChanges
from touchstone.domains.teams.service import TeamService
from touchstone.http.caller import Caller
from touchstone.http.guards import requires
from touchstone.http.openapi import failures
from touchstone.http.row_ids import RowId


class TeamController(Controller):
    path = "/api/v1/teams"
    tags = ["teams"]

    @post(
        guards=[requires("change_team")],
        operation_id="create_team_v1_teams_post",
        responses=failures(TeamExists, RuleTooLong, PermissionNotHeld, OwnTeam, CallInFlight),
    )
    async def create_team(
        self,
        data: JSONBody[NewTeam],
        caller: NamedDependency[Caller],
        team_service: NamedDependency[TeamService],
        idempotent_call: NamedDependency[IdempotentCall | None],
    ) -> Team:
        """Adds a team, with what it may do and which artefacts it reviews."""
        return await team_service.create(caller, data, idempotent_call)

    @get(guards=[requires("view_team")], operation_id="get_teams_v1_teams_get")
    async def get_teams(self, caller: NamedDependency[Caller], teams: NamedDependency[TeamRepository]) -> list[Team]:
        """All teams with their members and rules."""
        return await teams.list_all(permissions_shown(caller), families_shown(caller))

    @get(
        "/{team_id:str}",
        guards=[requires("view_team")],
        operation_id="get_team_v1_teams__team_id__get",
        responses=failures(TeamNotFound),
    )
    async def get_team(
        self, team_id: FromPath[RowId], caller: NamedDependency[Caller], teams: NamedDependency[TeamRepository]
    ) -> Team:
        """One team with its members and rules."""
        return await teams.get(team_id, permissions_shown(caller), families_shown(caller))

    @patch(
        "/{team_id:str}",
        guards=[requires("change_team")],
        operation_id="update_team_v1_teams__team_id__patch",
        responses=failures(TeamNotFound, RuleTooLong, PermissionNotHeld, OwnTeam),
    )
    async def update_team(
        self,
        team_id: FromPath[RowId],
        data: JSONBody[TeamChanges],
        caller: NamedDependency[Caller],
        team_service: NamedDependency[TeamService],
    ) -> Team:
        """Replaces what a team may do, or its rules; equal rules of several teams are one."""
        return await team_service.change(caller, team_id, data)

    @post(
        "/{team_id:str}/members/{user_id:str}",
        guards=[requires("change_team")],
        operation_id="add_team_member_v1_teams__team_id__members__user_id__post",
        status_code=200,
        responses=failures(TeamNotFound, MemberUnknown, PermissionNotHeld),
    )
    async def add_team_member(
        self,
        team_id: FromPath[RowId],
        user_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        team_service: NamedDependency[TeamService],
    ) -> Team:
        """Adds a user to a team; again is no error."""
        return await team_service.add_member(caller, team_id, user_id)

    @delete(
        "/{team_id:str}/members/{user_id:str}",
        guards=[requires("change_team")],
        operation_id="remove_team_member_v1_teams__team_id__members__user_id__delete",
        status_code=200,
        responses=failures(TeamNotFound, MemberUnknown),
    )
    async def remove_team_member(
        self,
        team_id: FromPath[RowId],
        user_id: FromPath[RowId],
        caller: NamedDependency[Caller],
        team_service: NamedDependency[TeamService],
    ) -> Team:
        """Takes a user out of a team; who is not in it is no error."""
        return await team_service.remove_member(caller, team_id, user_id)
