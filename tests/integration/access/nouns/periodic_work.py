"""`/periodic-work`."""

from uuid import uuid4

from tests.integration.access.world import Values, World

from touchstone.domains.periodic_work.model import PeriodicTask
from touchstone.domains.periodic_work.repository import PeriodicWorkRepository


async def registered(world: World, _values: Values) -> str:
    async def nothing() -> None:
        return None

    name = f"work_{uuid4().hex[:8]}"
    await PeriodicWorkRepository(world.database).register([PeriodicTask(name, 60, nothing)])
    return name


PATHS = {"/periodic-work/{name}": registered}
