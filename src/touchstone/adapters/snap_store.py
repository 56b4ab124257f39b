"""Which revisions of a snap the store has released, and where.

https://api.snapcraft.io/docs/info.html
"""

import re
from urllib.parse import quote

import msgspec

from touchstone.adapters.issue_tracker import NotThere
from touchstone.adapters.remote_service import RemoteService

SERIES = "16"
MOST_BYTES = 20_000_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class SnapRelease(msgspec.Struct, frozen=True):
    """`risk` is edge, beta, candidate or stable; `track` is latest where the snap has no other."""

    track: str
    risk: str
    architecture: str
    version: str
    revision: int


class _Channel(msgspec.Struct, frozen=True):
    track: str
    risk: str
    architecture: str


class _Entry(msgspec.Struct, frozen=True):
    channel: _Channel
    version: str
    revision: int


class _Info(msgspec.Struct, frozen=True, rename="kebab"):
    channel_map: list[_Entry]


class SnapStore:
    def __init__(self, url: str = "https://api.snapcraft.io", *, timeout_seconds: float = 10.0) -> None:
        self._url = url
        self._service = RemoteService("the snap store", timeout_seconds=timeout_seconds, most_bytes=MOST_BYTES)

    async def close(self) -> None:
        await self._service.close()

    async def releases(self, name: str, store: str) -> list[SnapRelease]:
        """Of every channel that is open. `store` is the id of a store, such as ubuntu.

        Raises NotThere, RateLimited, CredentialsRefused, Unavailable.
        """
        if not (_NAME.fullmatch(name) and _NAME.fullmatch(store)):
            raise NotThere(system=self._service.system, name=f"a snap {name[:100]!r} in a store {store[:100]!r}")
        headers = {"snap-device-series": SERIES, "snap-device-store": store}
        answer = await self._service.get(f"{self._url}/v2/snaps/info/{quote(name)}", headers=headers)
        if answer.is_absent:
            raise NotThere(system=self._service.system, name=f"a snap {name!r} in a store {store!r}")
        return [_release(entry) for entry in self._service.decoded(answer, _Info).channel_map]


def _release(entry: _Entry) -> SnapRelease:
    channel = entry.channel
    return SnapRelease(channel.track, channel.risk, channel.architecture, entry.version, entry.revision)
