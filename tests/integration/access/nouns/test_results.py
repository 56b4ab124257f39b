"""`/test-executions/{id}/test-results`."""

from typing import Any

from tests.integration.access.world import Values, World


async def results(_world: World, _values: Values) -> dict[str, Any]:
    return {"json": [{"name": "boots", "status": "PASSED"}]}


REQUESTS = {"POST /test-executions/{id}/test-results": results}
