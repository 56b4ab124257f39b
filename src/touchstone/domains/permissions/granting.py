"""Nobody climbs: what is given must be held, and rights of one's own team are changed by administrators."""

from collections.abc import Iterable

from touchstone.domains.permissions.model import OwnTeam, PermissionNotHeld
from touchstone.http.caller import Caller


def require_held(caller: Caller, permissions: Iterable[str]) -> None:
    """Raises PermissionNotHeld with the words that are lacking."""
    lacking = sorted({str(word) for word in permissions if not caller.may(word)})
    if lacking:
        raise PermissionNotHeld(words=", ".join(lacking))


def require_not_own(caller: Caller, team_ids: Iterable[int]) -> None:
    """Raises OwnTeam."""
    if not caller.principal.is_admin and not caller.principal.team_ids.isdisjoint(team_ids):
        raise OwnTeam
