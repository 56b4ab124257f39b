import asyncio
import contextlib
import subprocess
import sys

import psutil
import pytest

from touchstone.embedded.processes import find_family, is_alive, run_to_end, to_completion

CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(1, flush=True); input()'])"


def test_a_family_is_found_with_its_descendants_and_without_its_relatives() -> None:
    with subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        family = find_family(lambda process: process.pid == parent.pid)
        children = psutil.Process(parent.pid).children()
        assert {process.pid for process in family} == {parent.pid, *(child.pid for child in children)}
        assert len(family) == 2
        parent.communicate(b"\n", timeout=30)
    assert not any(is_alive(process) for process in family)


async def test_a_process_that_takes_too_long_is_killed() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert await run_to_end(process, within=0) == -9
    process.communicate()


async def test_a_process_whose_caller_is_cancelled_is_killed() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await run_to_end(process, within=60)
    assert process.returncode == -9
    process.communicate()


async def test_an_ending_goes_on_when_its_caller_is_cancelled() -> None:
    begun, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def ending() -> None:
        begun.set()
        await may_end.wait()
        ended.set()

    caller = asyncio.create_task(to_completion(ending()))
    await begun.wait()
    caller.cancel()
    may_end.set()
    with contextlib.suppress(asyncio.CancelledError):
        await caller
    assert caller.cancelled()
    assert ended.is_set()


async def test_the_failure_of_an_ending_reaches_its_caller() -> None:
    async def ending() -> None:
        raise ValueError("why")

    with pytest.raises(ValueError, match="why"):
        await to_completion(ending())
