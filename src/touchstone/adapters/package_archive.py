"""Which versions of packages an archive for Ubuntu has, by the indexes that apt reads too."""

import asyncio
import re
from collections.abc import Collection, Mapping

import httpx
import msgspec

from touchstone.adapters.issue_tracker import NotModified, NotThere
from touchstone.adapters.package_index import Gunzip, PackageReader, UnreadableIndexError, Wanted
from touchstone.adapters.remote_service import RemoteService

MOST_BYTES = 2**30
DOWNLOAD_SECONDS = 300.0
MOST_REMEMBERED = 256
PORTS = ("arm", "riscv", "ppc", "s390")
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+~_-]*")


class PackageIndex(msgspec.Struct, frozen=True):
    """Such as noble, proposed, main, amd64."""

    series: str
    pocket: str
    repository: str
    architecture: str

    @property
    def path(self) -> str:
        return f"dists/{self.series}-{self.pocket}/{self.repository}/binary-{self.architecture}/Packages.gz"


class Validators(msgspec.Struct, frozen=True):
    """What the archive called this state of the index."""

    etag: str | None = None
    last_modified: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        given = {"if-none-match": self.etag, "if-modified-since": self.last_modified}
        return {name: value for name, value in given.items() if value}


class FoundPackages(msgspec.Struct, frozen=True):
    """Versions by the names that were asked for, in the order of the index; a name that it lacks is not there."""

    versions: Mapping[str, tuple[str, ...]]
    validators: Validators


class _Remembered(msgspec.Struct, frozen=True):
    names: frozenset[str]
    found: FoundPackages


class PackageArchive:
    """`ports_url` is where the architectures are that the main archive does not have."""

    def __init__(
        self,
        archive_url: str = "https://archive.ubuntu.com/ubuntu",
        ports_url: str = "https://ports.ubuntu.com/ubuntu-ports",
        *,
        timeout_seconds: float = 30.0,
        download_seconds: float = DOWNLOAD_SECONDS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """`timeout_seconds` is the wait for the next byte, `most_bytes` bounds an index that is unpacked."""
        self._archive_url, self._ports_url = archive_url, ports_url
        self._download_seconds, self._most_bytes = download_seconds, most_bytes
        self._services = {
            url: RemoteService(httpx.URL(url).host, timeout_seconds=timeout_seconds, leads_elsewhere=True)
            for url in (archive_url, ports_url)
        }
        self._remembered: dict[PackageIndex, _Remembered] = {}

    async def close(self) -> None:
        for service in self._services.values():
            await service.close()

    async def find(self, index: PackageIndex, names: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        """As `read`; an index that has not changed since the same names were asked for is not read again."""
        last = self._remembered.pop(index, None)
        is_covered = last is not None and last.names.issuperset(names)
        read = await self.read(index, names, last.found.validators if last and is_covered else None)
        if not isinstance(read, NotModified):
            last = _Remembered(frozenset(names), read)
        if last is None:
            return {}
        self._remember(index, last)
        return {name: versions for name, versions in last.found.versions.items() if name in names}

    async def read(
        self, index: PackageIndex, names: Collection[str], known: Validators | None = None
    ) -> FoundPackages | NotModified:
        """In memory that does not depend on the size of the index.

        Raises NotThere, RateLimited, and Unavailable for all other trouble, a broken index too.
        """
        self._require_sound(index)
        url = self._url(index.architecture)
        service = self._services[url]
        # not packed once more for the way: the bytes are taken as they come
        headers = {"accept-encoding": "identity", **(known.headers if known else {})}
        async with service.streamed(
            f"{url}/{index.path}", headers=headers, timeout_seconds=self._download_seconds
        ) as response:
            if response.status_code == 304:
                return NotModified()
            if response.status_code in (404, 410):
                raise NotThere(system=service.system, name=index.path)
            if response.status_code != 200:
                raise service.unavailable(f"status {response.status_code}")
            try:
                versions = await self._versions(response, names)
            except UnreadableIndexError as error:
                raise service.unavailable(f"its index is unreadable: {error}") from None
        return FoundPackages(versions, _validators(response))

    async def _versions(self, response: httpx.Response, names: Collection[str]) -> dict[str, tuple[str, ...]]:
        unpacked, reader, wanted = Gunzip(self._most_bytes), PackageReader(), Wanted(names)
        async for raw in response.aiter_raw():
            for piece in unpacked.pieces(raw):
                for package, version in reader.feed(piece):
                    wanted.see(package, version)
                await asyncio.sleep(0)  # others get their turn, and the time limit its chance
        if not unpacked.is_complete:
            raise UnreadableIndexError("it ends too early")
        for package, version in reader.finish():
            wanted.see(package, version)
        return wanted.versions

    def _url(self, architecture: str) -> str:
        return self._ports_url if architecture.startswith(PORTS) else self._archive_url

    def _require_sound(self, index: PackageIndex) -> None:
        """Repositories are components such as main, or debian-installer below one."""
        parts = (index.series, index.pocket, index.architecture, *index.repository.split("/"))
        if not all(_PART.fullmatch(part) for part in parts):
            raise NotThere(system="the archive", name=index.path[:200])

    def _remember(self, index: PackageIndex, last: _Remembered) -> None:
        self._remembered[index] = last
        while len(self._remembered) > MOST_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]


def _validators(response: httpx.Response) -> Validators:
    return Validators(response.headers.get("etag"), response.headers.get("last-modified"))
