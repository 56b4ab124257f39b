"""`touchstone objects orphans` and `touchstone retention preview` as a script calls them."""

import asyncio
import json
import os
import sys
from uuid import uuid4

import pytest
from tests.builders import inference
from tests.people import as_admin

OLD = 1_700_000_000


@pytest.fixture
def touchstone(settings, tmp_path):
    """Runs a command; answers what it said as JSON."""

    async def run(*arguments: str):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "touchstone", *arguments, "--json"),
            cwd=tmp_path,
            env={**os.environ, **settings.to_environment()},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0, err.decode()
        return json.loads(out)

    return run


async def test_orphans_are_told_and_only_then_removed(touchstone, submit, work, dataset, store, settings):
    await submit(inference(dataset))
    await work()
    orphan = f"jobs/work/{uuid4()}/1/config.json"
    await store.put(orphan, b"{}")
    os.utime(settings.store_folder / orphan, (OLD, OLD))
    found = await touchstone("objects", "orphans")
    assert (found["orphans"], found["bytes"], found["sample"], found["removed"]) == (1, 2, [orphan], 0)
    assert await store.find(orphan)
    assert (await touchstone("objects", "orphans", "--delete"))["removed"] == 1
    assert await store.find(orphan) is None


async def test_what_would_go_is_told(touchstone, submit, work, dataset, database, client):
    job = (await submit(inference(dataset)))["id"]
    await work()
    await database.execute("update job set finished_at = finished_at - interval '40 days'")
    admin = await as_admin(client, database)
    await admin.put("/api/v1/retention-rules", json={"rules": [{"kind": "jobs", "kept_days": 30}]})
    (item,) = [item for item in (await touchstone("retention", "preview"))["items"] if not item["is_kept"]]
    assert (item["kind"], item["count"], item["sample"]) == ("jobs", 1, [job])
