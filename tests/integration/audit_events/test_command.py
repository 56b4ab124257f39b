"""`touchstone audit verify` as a script calls it."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.integration.audit_events.recording import record

from touchstone.database.executor import Database
from touchstone.domains.audit_events.service import AuditChain
from touchstone.settings import Settings


@pytest.fixture
def verify(settings: Settings, tmp_path: Path) -> Any:
    """Runs the command; answers its status, and what it said on standard output and on standard error."""

    async def run(*options: str) -> tuple[int, str, str]:
        given = settings.to_environment()
        keep = ("TOUCHSTONE_DATABASE_URL", "TOUCHSTONE_SECRET_KEYS", "TOUCHSTONE_URL_SIGNING_KEYS")
        environment = {**os.environ, **{name: given[name] for name in keep}}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "touchstone", "audit", "verify", *options),
            cwd=tmp_path,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), 60)
        return process.returncode or 0, out.decode(), err.decode()

    return run


async def test_a_whole_chain_is_told_with_what_waits(verify: Any, chain: AuditChain, database: Database) -> None:
    await record(database, 3)
    await chain.turn()
    await record(database, 2)
    status, out, err = await verify()
    assert status == 0, err
    assert out.startswith("3 events are as they were sealed, 2 wait for their seal\nhead 3:")


async def test_a_cut_ends_with_status_1_and_the_first_bad_row(
    verify: Any, chain: AuditChain, database: Database, owner: asyncpg.Connection
) -> None:
    await record(database, 3)
    await chain.turn()
    head = str((await chain.verify()).head)
    event = await database.fetch_value("select event_id from audit_seal where number = 2")
    await owner.execute("update audit_event set actor = 'user:9' where id = $1", event)
    status, out, _ = await verify("--json", "--head", head)
    assert status == 1
    found = json.loads(out)
    assert (found["sealed"], found["fault"]) == (1, f"event {event}, link 2, is not what was sealed")
    status, _, err = await verify()
    assert (status, err.strip()) == (1, f"Failed: event {event}, link 2, is not what was sealed")
