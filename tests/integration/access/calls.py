"""What the operations of the API need to be called for real. What each noun needs stands in `nouns/<noun>.py`.

A module there may hold four tables. Keys are paths as openapi.json has them, without `/api/v1`:

PATHS      `/teams/{team_id}`: makes a team and answers what stands for `{team_id}`
REQUESTS   `POST /teams`: the rest of a valid request, as httpx takes it: `{"json": …}`, `{"params": …}`
NEEDED     `POST /webhooks`: permissions that this request needs beyond those that the operation names
PREPARED   `PATCH /jobs/{job_id}/visibility`: done before the call, with the client that is to be let in
"""

import importlib
import pkgutil
import re
from typing import Any, NamedTuple

import httpx
from tests.integration.access import nouns
from tests.integration.access.world import MakePath, MakeRequest, Prepare, Values, World

PREFIX = "/api/v1"
PARAMETER = re.compile(r"{(\w+)}")


class Operation(NamedTuple):
    name: str
    method: str
    path: str
    permissions: list[str]
    needs_more: bool

    @property
    def key(self) -> str:
        return f"{self.method} {self.path.removeprefix(PREFIX)}"

    @property
    def parents(self) -> dict[str, str]:
        """The path up to each of its parameters, by the parameter's name."""
        short = self.path.removeprefix(PREFIX)
        return {found[1]: short[: found.end()] for found in PARAMETER.finditer(short)}


def operations_of(document: dict[str, Any]) -> list[Operation]:
    """Those that ask for permissions."""
    return [
        Operation(described["operationId"], method.upper(), path, described["x-permissions"], _needs_more(described))
        for path, methods in document["paths"].items()
        for method, described in methods.items()
        if described.get("x-permissions")
    ]


def _needs_more(described: dict[str, Any]) -> bool:
    asked = (parameter for parameter in described.get("parameters", ()) if parameter["in"] != "path")
    return "requestBody" in described or any(parameter.get("required") for parameter in asked)


def _collected(table: str) -> dict[str, Any]:
    modules = [
        importlib.import_module(f"{nouns.__name__}.{found.name}") for found in pkgutil.iter_modules(nouns.__path__)
    ]
    entries = [entry for module in modules for entry in getattr(module, table, {}).items()]
    assert len(entries) == len(dict(entries)), f"a key of {table} stands in two modules"
    return dict(entries)


PATHS: dict[str, MakePath] = _collected("PATHS")
REQUESTS: dict[str, MakeRequest] = _collected("REQUESTS")
NEEDED: dict[str, list[str]] = _collected("NEEDED")
PREPARED: dict[str, Prepare] = _collected("PREPARED")


def lacking(operation: Operation) -> list[str]:
    """What somebody has to write before the operation can be called, in sentences."""
    place = "in a module of tests/integration/access/nouns"
    found = [f'PATHS["{parent}"] {place}' for parent in operation.parents.values() if parent not in PATHS]
    if operation.needs_more and operation.key not in REQUESTS:
        found.append(f'REQUESTS["{operation.key}"] {place}')
    return found


async def path_values(world: World, operation: Operation) -> Values:
    values: Values = {}
    for name, parent in operation.parents.items():
        values[name] = await PATHS[parent](world, values)
    return values


async def call(world: World, operation: Operation, client: httpx.AsyncClient) -> httpx.Response:
    """A valid call of the operation by the client, of things made for it."""
    values = await path_values(world, operation)
    if operation.key in PREPARED:
        await PREPARED[operation.key](world, values, client)
    rest = await REQUESTS[operation.key](world, values) if operation.key in REQUESTS else {}
    return await client.request(operation.method, operation.path.format(**values), **rest)
