"""The proxy that fault tests stand on does to a connection what it says."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.fakes.fault_proxy import FaultProxy

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def proxy() -> AsyncIterator[FaultProxy]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with FaultProxy("127.0.0.1", server.sockets[0].getsockname()[1]) as proxy:
        yield proxy
    server.close()


async def connected(proxy: FaultProxy) -> Stream:
    return await asyncio.open_connection("127.0.0.1", proxy.port)


async def echoed(stream: Stream, data: bytes = b"hello") -> bytes:
    reader, writer = stream
    writer.write(data)
    async with asyncio.timeout(10):
        return await reader.readexactly(len(data))


async def is_broken(stream: Stream) -> bool:
    try:
        await echoed(stream)
    except (asyncio.IncompleteReadError, ConnectionError):
        return True
    return False


async def test_without_a_fault_everything_comes_through(proxy: FaultProxy) -> None:
    assert await echoed(await connected(proxy), b"x" * 200_000) == b"x" * 200_000
    assert proxy.accepted == 1


async def test_delay_slows_both_directions(proxy: FaultProxy) -> None:
    stream = await connected(proxy)
    proxy.delay(0.05)
    begun = asyncio.get_running_loop().time()
    assert await echoed(stream) == b"hello"
    assert asyncio.get_running_loop().time() - begun >= 0.1


async def test_cut_breaks_what_is_connected_and_nothing_else(proxy: FaultProxy) -> None:
    stream = await connected(proxy)
    assert await echoed(stream) == b"hello"
    proxy.cut()
    assert await is_broken(stream)
    assert await echoed(await connected(proxy)) == b"hello"


async def test_a_blackhole_keeps_all_until_it_is_healed(proxy: FaultProxy) -> None:
    stream = await connected(proxy)
    assert await echoed(stream) == b"hello"
    proxy.blackhole()
    waiting = [asyncio.create_task(echoed(one)) for one in (stream, await connected(proxy))]
    done, _ = await asyncio.wait(waiting, timeout=0.1)
    assert not done
    await proxy.heal()
    assert await asyncio.gather(*waiting) == [b"hello", b"hello"]


async def test_refused_connections_come_back_on_the_same_port(proxy: FaultProxy) -> None:
    stream = await connected(proxy)
    assert await echoed(stream) == b"hello"
    proxy.refuse()
    assert await is_broken(stream)
    with pytest.raises(ConnectionRefusedError):
        await connected(proxy)
    await proxy.heal()
    assert await echoed(await connected(proxy)) == b"hello"


async def test_a_lost_answer_breaks_its_connection_only(proxy: FaultProxy) -> None:
    proxy.lose_answers(1)
    assert await is_broken(await connected(proxy))
    assert await echoed(await connected(proxy)) == b"hello"


async def test_answers_break_off_after_so_many_bytes(proxy: FaultProxy) -> None:
    proxy.cut_answers_after(7)
    stream = await connected(proxy)
    assert await echoed(stream) == b"hello"
    assert await is_broken(stream)
