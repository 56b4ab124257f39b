"""Whose a thing is, and for whom."""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from touchstone.errors import Forbidden, InvalidValue
from touchstone.http.caller import Caller


class Visibility(StrEnum):
    PRIVATE = "private"
    TEAM = "team"
    EVERYONE = "everyone"


class Belonging(msgspec.Struct, frozen=True):
    """`owner` is a caller's name (`user:3`, `application:5`), `team` the id of the team that sees it, too."""

    owner: str | None = None
    team: int | None = None
    visibility: Visibility = Visibility.EVERYONE


class BelongingChange(msgspec.Struct, kw_only=True):
    visibility: Visibility
    team: Annotated[int | None, Meta(description="The id of the team, with the visibility `team`.")] = None


class BelongingFields(msgspec.Struct, kw_only=True):
    """What creating bodies take besides the contract's fields; without them a thing is for whom its origin is."""

    visibility: Annotated[Visibility | None, Meta(description="Who sees it; unset: as what it is made of.")] = None
    team: Annotated[int | None, Meta(description="The id of the team, with the visibility `team`.")] = None


class TeamNotYours(InvalidValue):
    """{reason}"""

    def __init__(self, team: int | None) -> None:
        super().__init__(location=("body", "team"), reason="Name a team that you are a member of", value=team)


class TeamWithoutVisibility(InvalidValue):
    """{reason}"""

    def __init__(self, team: int) -> None:
        super().__init__(location=("body", "team"), reason="A team goes with the visibility `team`", value=team)


class NobodysOwn(InvalidValue):
    """{reason}"""

    def __init__(self, visibility: Visibility) -> None:
        reason = "What nobody owns is for everyone; sign in to keep it to yourself"
        super().__init__(location=("body", "visibility"), reason=reason, value=visibility.value)


class NotTheOwner(Forbidden):
    """Only its owner and administrators may say who sees it"""


def owner_of(caller: Caller) -> str | None:
    return None if caller.principal.is_anonymous else caller.name


def belonging_of(caller: Caller, wanted: BelongingFields, origin: Belonging) -> Belonging:
    """Of a thing that the caller makes: as he asks, else as what it is made of.

    Raises TeamNotYours, TeamWithoutVisibility, NobodysOwn.
    """
    owner = owner_of(caller)
    if wanted.visibility is None and wanted.team is None:
        return Belonging(owner, origin.team, origin.visibility)
    visibility = wanted.visibility or Visibility.TEAM
    require_own_team(caller, visibility, wanted.team)
    if visibility is Visibility.PRIVATE and owner is None:
        raise NobodysOwn(visibility)
    return Belonging(owner, wanted.team, visibility)


def may_give(caller: Caller, found: Belonging) -> None:
    """Raises NotTheOwner. What nobody owns is the administrators'."""
    if caller.viewer is not None and found.owner not in caller.viewer:
        raise NotTheOwner


def require_own_team(caller: Caller, visibility: Visibility, team: int | None) -> None:
    """Raises TeamNotYours, TeamWithoutVisibility."""
    if visibility is not Visibility.TEAM:
        if team is not None:
            raise TeamWithoutVisibility(team)
    elif team is None or not (caller.principal.is_admin or team in caller.principal.team_ids):
        raise TeamNotYours(team)
