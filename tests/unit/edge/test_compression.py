import gzip
import importlib

import httpx
import pytest

from touchstone.http import compression
from touchstone.http.compression import Gzip, chosen_encoding
from touchstone.http.edge import EdgeSettings

from .conftest import LONG_TEXT


@pytest.fixture(autouse=True)
def only_gzip(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(compression, "PACKERS", {"gzip": Gzip})
    chosen_encoding.cache_clear()
    yield
    chosen_encoding.cache_clear()


async def raw(client: httpx.AsyncClient, path: str, accepted: str = "gzip") -> tuple[httpx.Headers, list[bytes]]:
    """Headers and the pieces of the body as they were sent."""
    async with client.stream("GET", path, headers={"accept-encoding": accepted}) as response:
        return response.headers, [piece async for piece in response.aiter_raw()]


async def test_a_long_text_is_packed(client: httpx.AsyncClient):
    headers, pieces = await raw(client, "/v1/text")
    assert headers["content-encoding"] == "gzip"
    assert headers["vary"] == "Accept-Encoding, Origin"
    assert int(headers["content-length"]) == len(b"".join(pieces)) < len(LONG_TEXT) / 10
    assert gzip.decompress(b"".join(pieces)).decode() == LONG_TEXT


async def test_a_packed_answer_has_a_weak_etag(client: httpx.AsyncClient):
    assert (await raw(client, "/v1/text"))[0]["etag"] == 'W/"abc"'
    assert (await raw(client, "/v1/text", "identity"))[0]["etag"] == '"abc"'


@pytest.mark.parametrize("path", ["/v1/things", "/v1/picture", "/v1/unchanged", "/v1/nothing"])
async def test_what_is_short_packed_already_or_empty_is_left_alone(client: httpx.AsyncClient, path: str):
    assert "content-encoding" not in (await raw(client, path))[0]


async def test_what_has_an_encoding_keeps_it(client: httpx.AsyncClient):
    headers, pieces = await raw(client, "/v1/packed")
    assert headers["content-encoding"] == "br"
    assert b"".join(pieces).decode() == LONG_TEXT


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "*;q=0", "gzip;q=x"])
async def test_who_does_not_take_it_does_not_get_it(client: httpx.AsyncClient, accepted: str):
    headers, pieces = await raw(client, "/v1/text", accepted)
    assert "content-encoding" not in headers
    assert b"".join(pieces).decode() == LONG_TEXT


async def test_a_stream_arrives_piece_by_piece(client: httpx.AsyncClient):
    headers, pieces = await raw(client, "/v1/rows")
    assert headers["content-encoding"] == "gzip"
    assert "content-length" not in headers
    assert gzip.decompress(b"".join(pieces)).decode() == "".join(f"row {number}\n" for number in range(300))


def test_every_piece_of_a_stream_can_be_read_at_once():
    import zlib

    packer, reader = Gzip(), zlib.decompressobj(zlib.MAX_WBITS | 16)
    assert reader.decompress(packer.pack(b"one")) == b"one"
    assert reader.decompress(packer.pack(b"two")) == b"two"
    assert reader.decompress(packer.finish(b"end")) == b"end"


async def test_event_streams_are_never_packed(client: httpx.AsyncClient):
    headers, pieces = await raw(client, "/v1/events")
    assert "content-encoding" not in headers
    assert LONG_TEXT in b"".join(pieces).decode()


async def test_a_very_long_body_is_packed_beside_the_event_loop(client: httpx.AsyncClient, monkeypatch):
    monkeypatch.setattr(compression, "THREAD_BYTES", 10)
    _, pieces = await raw(client, "/v1/text")
    assert gzip.decompress(b"".join(pieces)).decode() == LONG_TEXT


async def test_the_threshold_comes_from_the_settings(client_of):
    async with client_of(EdgeSettings(compress_from_bytes=100_000)) as client:
        assert "content-encoding" not in (await raw(client, "/v1/text"))[0]


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        (b"gzip, deflate, br", "gzip"),
        (b"GZIP", "gzip"),
        (b"gzip;q=0.5, identity", "gzip"),
        (b"*", "gzip"),
        (b"deflate", None),
        (b"gzip; q=0.0", None),
        (b"," * 5000, None),
    ],
)
def test_the_header_is_read_as_the_standard_says(accepted: bytes, chosen: str | None):
    assert chosen_encoding(accepted) == chosen


def test_zstd_is_preferred_where_its_package_is_installed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(compression, "PACKERS", {"zstd": Gzip, "gzip": Gzip})
    assert chosen_encoding(b"gzip, zstd") == "zstd"
    assert chosen_encoding(b"gzip, zstd;q=0.1") == "gzip"


def test_without_the_package_of_zstd_everybody_gets_gzip(monkeypatch: pytest.MonkeyPatch):
    def missing(_: str) -> None:
        raise ImportError

    monkeypatch.setattr(importlib, "import_module", missing)
    assert list(compression.available_packers()) == ["gzip"]


def test_zstd_streams_can_be_read_piece_by_piece():
    zstd = pytest.importorskip("backports.zstd", reason="the optional package backports.zstd is not installed")
    packer, reader = compression.Zstandard(zstd), zstd.ZstdDecompressor()
    assert reader.decompress(packer.pack(b"one")) == b"one"
    assert reader.decompress(packer.finish(b"end")) == b"end"
