"""`/issue-orders`."""

from typing import Any

from tests.integration.access.world import Values, World
from tests.recording import add_execution


async def order(world: World, values: Values) -> str:
    answer = await world.admin.post("/api/v1/issue-orders", **await new_order(world, values))
    return str(answer.json()["id"])


async def new_order(world: World, _: Values) -> dict[str, Any]:
    result = await world.database.fetch_value(
        """
        with test_case as (
            insert into test_case (name) values ('boots')
            on conflict (name) do update set name = excluded.name returning id
        )
        insert into test_result (test_execution_id, test_case_id, status) select $1, id, 'FAILED' from test_case
        returning id
        """,
        await add_execution(world.database),
    )
    return {"json": {"test_result_id": result, "source": "github", "project": "a/b"}}


PATHS = {"/issue-orders/{order_id}": order}
REQUESTS = {"POST /issue-orders": new_order}
