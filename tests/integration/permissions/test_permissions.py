"""The list of permissions."""

import json

import pytest
from tests.compatibility.shared import CONTRACTS, needs_shared
from tests.people import add_application, as_admin, as_user, with_key

from touchstone.domains.permissions.model import CONTRACT_PERMISSIONS, PERMISSIONS

EXTENSIONS = {"Accept-Extensions": "touchstone"}


@pytest.mark.parametrize("path", ["/api/v1/permissions", "/v1/permissions"])
async def test_a_caller_without_permission_is_refused(client, database, path):
    anonymous = await client.get(path)
    user = await (await as_user(client, database, "view_user")).get(path)
    assert (anonymous.status_code, user.status_code) == (403, 403)
    assert anonymous.json()["detail"] == user.json()["detail"] == "Insufficient permissions"


async def test_clients_of_the_contract_see_its_words_in_its_order(client, database):
    answer = await (await as_user(client, database, "view_permission")).get("/v1/permissions")
    assert answer.json() == list(CONTRACT_PERMISSIONS)


async def test_who_asks_for_extensions_sees_all_words(client, database):
    by_header = await (await as_admin(client, database)).get("/v1/permissions", headers=EXTENSIONS)
    _, key = await add_application(database, permissions=["view_permission"], accepts_extensions=True)
    by_flag = await with_key(client, key).get("/v1/permissions")
    assert by_header.json() == by_flag.json() == list(PERMISSIONS)


@needs_shared
def test_the_contracts_words_are_the_contracts():
    document = json.loads((CONTRACTS / "test_observer.openapi.json").read_text("utf-8"))
    assert list(CONTRACT_PERMISSIONS) == document["components"]["schemas"]["Permission"]["enum"]
