"""`/permissions`."""

from litestar import Controller, get
from litestar.di import NamedDependency

from touchstone.domains.permissions.model import Permission, permissions_shown
from touchstone.http.caller import Caller
from touchstone.http.guards import requires


class PermissionController(Controller):
    path = "/api/v1/permissions"
    tags = ["permissions"]

    @get(guards=[requires("view_permission")], operation_id="get_permissions_v1_permissions_get")
    async def get_permissions(self, caller: NamedDependency[Caller]) -> list[Permission]:
        """Every permission that there is."""
        return [Permission(word) for word in permissions_shown(caller)]
