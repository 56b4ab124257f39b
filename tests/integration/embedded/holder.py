"""Runs the parts named on the command line until it is killed: DIRECTORY [postgres] [ray]."""

import asyncio
import sys
from pathlib import Path

from touchstone.embedded.parts import embedded_parts


async def main() -> None:
    directory, *wanted = sys.argv[1:]
    async with embedded_parts(Path(directory), postgres="postgres" in wanted, ray="ray" in wanted, ray_cpus=1) as parts:
        print(parts.database_owner_url, flush=True)
        await asyncio.Event().wait()


asyncio.run(main())
