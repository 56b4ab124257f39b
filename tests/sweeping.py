"""What a worker does again and again, done at once."""

from touchstone.assembly import Assembly
from touchstone.periodic_tasks import periodic_tasks


async def sweep(parts: Assembly) -> None:
    """Each task once, whether it is due or not; raises what the first one that fails does."""
    for task in periodic_tasks(parts):
        if task.enabled:
            await task.work()
