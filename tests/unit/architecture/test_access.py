"""Every route says who may call it."""

import pytest
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from tests.described import described_api

from touchstone.domains.permissions.model import PERMISSIONS
from touchstone.http.openapi import access_of

ROUTES = described_api().routes


def handlers() -> list[HTTPRouteHandler]:
    found = [
        handler
        for route in ROUTES
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        if method != "OPTIONS"
    ]
    return sorted(set(found), key=str)


@pytest.mark.parametrize("handler", handlers(), ids=str)
def test_a_route_declares_exactly_one_access(handler: HTTPRouteHandler) -> None:
    assert len(access_of(handler)) == 1, f"{handler} names no guard of touchstone.http.guards, or more than one"


@pytest.mark.parametrize("handler", handlers(), ids=str)
def test_the_permissions_of_a_route_are_known(handler: HTTPRouteHandler) -> None:
    for access in access_of(handler):
        assert set(access.permissions) <= set(PERMISSIONS)
