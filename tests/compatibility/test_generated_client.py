"""A client generated from the observation contract: its enums are closed, so a word that it lacks breaks an answer.

Rows with words of ours are there in every test.
"""

import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.compatibility.shared import CONTRACTS, needs_shared
from tests.people import add_application, add_team, add_user, as_admin, join, session_of, signed_in, with_key

from touchstone.database.executor import Database
from touchstone.domains.permissions.model import CONTRACT_PERMISSIONS

pytestmark = needs_shared

PACKAGE = "observer_client"
BASE_URL = "http://127.0.0.1:8000"
EXTENSIONS = {"Accept-Extensions": "touchstone"}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The generated package, importable while the tests of this module run."""
    folder = tmp_path_factory.mktemp("generated")
    config = folder / "config.yaml"
    config.write_text("post_hooks: []\n", "utf-8")
    arguments = [
        "--path",
        CONTRACTS / "test_observer.openapi.json",
        "--output-path",
        folder / PACKAGE,
        "--meta",
        "none",
    ]
    subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", *arguments, "--config", config],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=120,
    )
    sys.path.insert(0, str(folder))
    yield folder / PACKAGE
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.fixture
def model(package: Path) -> Callable[[str], Any]:
    return lambda name: getattr(importlib.import_module(f"{PACKAGE}.models"), name)


@pytest.fixture
def call(package: Path) -> Callable[..., Any]:
    """Calls an operation, named by its tag and the function that its id begins with, through an httpx client."""

    async def one(http: httpx.AsyncClient, tag: str, function: str, *path: int, **arguments: Any) -> Any:
        (found,) = (package / "api" / tag).glob(f"{function}_v1_*.py")
        operation = importlib.import_module(f"{PACKAGE}.api.{tag}.{found.stem}")
        client = importlib.import_module(f"{PACKAGE}.client").Client(base_url=BASE_URL, raise_on_unexpected_status=True)
        client.set_async_httpx_client(http)
        return (await operation.asyncio_detailed(*path, client=client, **arguments)).parsed

    return one


@pytest.fixture
async def ours(client: httpx.AsyncClient, database: Database) -> dict[str, int]:
    """Rows in which words of ours stand beside the contract's."""
    words = ["view_test", "change_dataset", "view_gate"]
    team = await add_team(database, permissions=words)
    person = await add_user(database, name="Ada")
    await join(database, person, team)
    application, _ = await add_application(database, permissions=words)
    found: dict[str, int] = {"team": team, "person": person, "application": application}
    for family in ("snap", "model"):
        body = {"family": family, "team_ids": [team], "grant_permissions": ["change_artefact", "change_gate"]}
        answer = await (await as_admin(client, database)).post("/v1/artefact-matching-rules", json=body)
        found[family] = answer.json()["id"]
    return found


def words(listed: list[Any]) -> list[str]:
    return [word.value for word in listed]


async def test_reads_leave_out_what_the_client_could_not_take(client, database, call, ours):
    admin = await as_admin(client, database)
    (application,) = await call(admin, "applications", "get_applications")
    assert words(application.permissions) == ["view_test"]
    (team,) = await call(admin, "teams", "get_teams")
    assert words(team.permissions) == ["view_test"]
    assert [rule.id for rule in team.artefact_matching_rules] == [ours["snap"]]
    (rule,) = await call(admin, "artefact_matching_rules", "get_artefact_matching_rules")
    assert (rule.id, rule.family.value, words(rule.grant_permissions)) == (ours["snap"], "snap", ["change_artefact"])
    page = await call(admin, "users", "get_users", q="ada")
    assert (page.count, [user.teams[0].permissions for user in page.users]) == (1, [["view_test"]])
    answer = await admin.get("/v1/permissions")
    assert answer.json() == list(CONTRACT_PERMISSIONS)


async def test_reads_of_one_leave_out_the_same(client, database, call, ours):
    admin = await as_admin(client, database)
    assert words((await call(admin, "applications", "get_application", ours["application"])).permissions) == [
        "view_test"
    ]
    assert words((await call(admin, "teams", "get_team", ours["team"])).permissions) == ["view_test"]
    assert (await call(admin, "users", "get_user", ours["person"])).teams[0].permissions == ["view_test"]
    assert (await call(admin, "artefact_matching_rules", "get_artefact_matching_rule", ours["snap"])).id == ours["snap"]
    assert (await admin.get(f"/v1/artefact-matching-rules/{ours['model']}")).status_code == 404


async def test_the_client_breaks_on_them_indeed(client, database, call, ours):
    admin = await as_admin(client, database)
    admin.headers.update(EXTENSIONS)
    for tag, function in (
        ("applications", "get_applications"),
        ("teams", "get_teams"),
        ("artefact_matching_rules", "get_artefact_matching_rules"),
    ):
        with pytest.raises(ValueError, match=r"is not a valid (Permission|FamilyName)"):
            await call(admin, tag, function)


async def test_the_caller_himself_is_read(client, database, call, ours):
    signed = signed_in(client, await session_of(database, ours["person"]))
    assert (await call(signed, "users", "get_authenticated_user")).id == ours["person"]
    assert await call(client, "users", "get_authenticated_user") is None
    _, key = await add_application(database, permissions=["view_job", "view_team"])
    machine = with_key(client, key)
    assert words((await call(machine, "applications", "get_authenticated_application")).permissions) == ["view_team"]
    assert await call(client, "applications", "get_authenticated_application") is None
    rotated = await call(machine, "applications", "rotate_own_api_key")
    assert words(rotated.permissions) == ["view_team"] and rotated.api_key != key


async def test_applications_are_written(client, database, call, model, ours):
    admin, permission = await as_admin(client, database), model("Permission")
    body = model("ApplicationPost")(name="ci", permissions=[permission.VIEW_TEST])
    created = await call(admin, "applications", "create_application", body=body)
    assert created.api_key.startswith("to_")
    body = model("ApplicationPatch")(permissions=[permission.CHANGE_TEST])
    changed = await call(admin, "applications", "update_application", ours["application"], body=body)
    assert words(changed.permissions) == ["change_test"]
    assert (await call(admin, "applications", "rotate_api_key", created.id)).api_key != created.api_key
    assert await call(admin, "applications", "delete_application", created.id) is None


async def test_teams_are_written(client, database, call, model, ours):
    admin, family = await as_admin(client, database), model("FamilyName")
    rule = model("ArtefactMatchingRuleBase")(family=family.SNAP)
    body = model("TeamCreate")(name="qa", artefact_matching_rules=[rule])
    created = await call(admin, "teams", "create_team", body=body)
    assert [one.id for one in created.artefact_matching_rules] == [ours["snap"]]
    body = model("TeamPatch")(artefact_matching_rules=[model("ArtefactMatchingRuleBase")(family=family.DEB)])
    changed = await call(admin, "teams", "update_team", ours["team"], body=body)
    assert [one.family.value for one in changed.artefact_matching_rules] == ["deb"]
    added = await call(admin, "teams", "add_team_member", created.id, ours["person"])
    assert [member.name for member in added.members] == ["Ada"]
    assert (await call(admin, "teams", "remove_team_member", created.id, ours["person"])).members == []


async def test_rules_are_written(client, database, call, model, ours):
    admin, family = await as_admin(client, database), model("FamilyName")
    body = model("ArtefactMatchingRuleRequest")(family=family.CHARM, team_ids=[ours["team"]], track="latest")
    created = await call(admin, "artefact_matching_rules", "create_artefact_matching_rule", body=body)
    assert (created.track, created.store, created.teams[0].id) == ("latest", None, ours["team"])
    body = model("ArtefactMatchingRulePatch")(track="", stage="edge")
    changed = await call(admin, "artefact_matching_rules", "update_artefact_matching_rule", created.id, body=body)
    assert (changed.track, changed.stage) == (None, "edge")
    assert await call(admin, "artefact_matching_rules", "delete_artefact_matching_rule", created.id) is None


async def test_users_are_written(client, database, call, model, ours):
    admin = await as_admin(client, database)
    changed = await call(admin, "users", "update_user", ours["person"], body=model("UserPatch")(is_admin=True))
    assert changed.is_admin is True
    assert await call(admin, "users", "delete_user", ours["person"]) is None


async def test_a_refusal_is_the_contracts(client, database, call, model):
    admin = await as_admin(client, database)
    refused = await admin.get("/v1/users", params={"limit": 0})
    described = model("HTTPValidationError").from_dict(refused.json())
    assert [(fault.loc, fault.type_) for fault in described.detail] == [(["query", "limit"], "greater_than_equal")]
