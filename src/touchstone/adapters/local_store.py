"""The object store that needs no server: a directory. The service itself serves its signed downloads."""

import asyncio
import contextlib
import errno
import itertools
import os
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from touchstone.adapters.local_tree import UNFINISHED, described, walk
from touchstone.adapters.object_keys import KeyRefused, checked_folder, checked_key, checked_prefix
from touchstone.adapters.object_store import ObjectNotFound, StoredObject
from touchstone.adapters.signed_urls import SignedUrls
from touchstone.errors import Conflict, Unavailable

CHUNK = 1024 * 1024
_LISTED_AT_ONCE = 1000
_INCOMING = ".incoming"
_ABANDONED_AFTER_SECONDS = 24 * 3600
_ATTEMPTS_AGAINST_PRUNING = 20
_NO_SUCH_OBJECT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
_NO_LINKS = (errno.EPERM, errno.EXDEV, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


class FolderInTheWay(Conflict):
    """A directory cannot hold {key}: a file and a folder would need the same name."""


class LocalStore:
    """Objects are files below `directory`, written beside it and renamed into place, so that a reader sees the
    whole old or the whole new object and a crash leaves at most a temporary file. One name cannot be both an
    object and a folder (`a` and `a/b`), which S3 would allow: FolderInTheWay."""

    def __init__(self, directory: Path, urls: SignedUrls | None = None) -> None:
        self._root = Path(os.path.abspath(directory))  # noqa: PTH100 - resolve() would follow links set by the operator
        self._uri = f"file://{quote(str(self._root).rstrip('/'))}/"
        self._incoming = self._root / _INCOMING
        self._urls = urls
        with _answering():
            self._incoming.mkdir(parents=True, exist_ok=True)
            self._drop_abandoned()

    async def put(self, key: str, body: bytes, *, content_type: str = "application/octet-stream") -> None:
        del content_type  # downloads get theirs from the extension
        target = self._path(key)
        await asyncio.to_thread(self._replace, key, target, lambda temporary: _write(temporary, body))

    async def put_file(self, key: str, path: Path, *, content_type: str = "application/octet-stream") -> None:
        del content_type
        target = self._path(key)
        with await asyncio.to_thread(path.open, "rb") as source:
            await asyncio.to_thread(self._replace, key, target, lambda temporary: _take(temporary, path, source))

    async def create(self, key: str, body: bytes) -> bool:
        return await asyncio.to_thread(self._create, key, self._path(key), body)

    async def get(self, key: str, *, at_most: int = 16 * 1024 * 1024) -> bytes:
        return await asyncio.to_thread(self._read, key, self._path(key), at_most)

    async def stream(self, key: str, *, start: int = 0) -> AsyncIterator[bytes]:
        file = await asyncio.to_thread(self._open, key, self._path(key), start)
        with file:
            while chunk := await asyncio.to_thread(_read_chunk, file):
                yield chunk

    async def copy(self, source: str, target: str) -> None:
        origin, place = self._path(source), self._path(target)
        await asyncio.to_thread(self._copy, source, origin, target, place)

    async def find(self, key: str) -> StoredObject | None:
        return await asyncio.to_thread(self._find, key, self._path(key))

    async def list(self, prefix: str, *, after: str = "") -> AsyncIterator[StoredObject]:
        folder, slash, beginning = checked_prefix(prefix).rpartition("/")
        found = walk(self._root / folder, folder + slash, beginning, hidden=_INCOMING, after=checked_prefix(after))
        while batch := await asyncio.to_thread(_next_of, found):
            for one in batch:
                yield one

    async def delete(self, keys: Sequence[str]) -> None:
        paths = [self._path(key) for key in keys]
        await asyncio.to_thread(self._delete, paths)

    async def delete_prefix(self, prefix: str) -> None:
        folder = self._path(checked_folder(prefix)[:-1])
        await asyncio.to_thread(self._delete_folder, folder)

    async def download_url(self, key: str, *, filename: str | None = None) -> str:
        if self._urls is None:
            raise Unavailable(system="object store", reason="no address for downloads is configured")
        return self._urls.sign(checked_key(key), filename)

    def uri(self, key: str) -> str:
        folder = checked_folder(key) if key.endswith("/") else checked_key(key)
        return f"{self._uri}{quote(folder)}"

    async def check(self) -> None:
        await asyncio.to_thread(self._probe)

    def _path(self, key: str) -> Path:
        if key.partition("/")[0] == _INCOMING:
            raise KeyRefused(key=key, why="the store keeps its unfinished files there")
        if key.endswith(UNFINISHED):
            raise KeyRefused(key=key, why="it ends as only unfinished files do")
        return self._root / checked_key(key)

    def _replace(self, key: str, target: Path, write: Callable[[Path], None]) -> None:
        with _answering(), self._temporary() as temporary:
            write(temporary)
            _into_place(key, target, lambda: temporary.replace(target))

    def _create(self, key: str, target: Path, body: bytes) -> bool:
        with _answering(), self._temporary() as temporary:
            _write(temporary, body)
            try:
                _into_place(key, target, lambda: os.link(temporary, target))
            except FileExistsError:
                return False
        return True

    def _copy(self, source: str, origin: Path, target: str, place: Path) -> None:
        if not origin.is_file():
            raise ObjectNotFound(key=source)
        with _finding(source), self._temporary() as temporary:
            _link_or_copy(origin, temporary)
            _into_place(target, place, lambda: temporary.replace(place))

    def _read(self, key: str, path: Path, at_most: int) -> bytes:
        with _finding(key), path.open("rb") as file:
            return file.read(max(at_most, 0))

    def _open(self, key: str, path: Path, start: int) -> BinaryIO:
        with _finding(key):
            file = path.open("rb")
            file.seek(max(start, 0))
            return file

    def _find(self, key: str, path: Path) -> StoredObject | None:
        with _answering():
            return described(key, path)

    def _delete(self, paths: Sequence[Path]) -> None:
        with _answering():
            for path in paths:
                with contextlib.suppress(*_NO_SUCH_OBJECT):
                    path.unlink()
                self._prune(path.parent)

    def _delete_folder(self, folder: Path) -> None:
        with _answering():
            for place, _, names in os.walk(folder, topdown=False):
                for name in names:
                    Path(place, name).unlink(missing_ok=True)
                with contextlib.suppress(OSError):  # somebody has just written into it: that object may stay
                    Path(place).rmdir()
            self._prune(folder.parent)

    def _prune(self, folder: Path) -> None:
        """Removes folders that have become empty, up to the root."""
        while folder != self._root:
            try:
                folder.rmdir()
            except FileNotFoundError:
                pass
            except OSError:
                return
            folder = folder.parent

    def _probe(self) -> None:
        with _answering(), self._temporary() as temporary:
            temporary.write_bytes(b"?")

    @contextlib.contextmanager
    def _temporary(self) -> Generator[Path]:
        """A free name in the same file system; whatever lies there afterwards is removed."""
        path = self._incoming / secrets.token_hex(16)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _drop_abandoned(self) -> None:
        """Temporary files of processes that were killed while writing."""
        oldest = time.time() - _ABANDONED_AFTER_SECONDS
        for path in self._incoming.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < oldest:
                    path.unlink()


def _into_place(key: str, target: Path, place: Callable[[], object]) -> None:
    """Deleting the last object of a folder prunes the folder, maybe just before we use it: then make it again."""
    for attempt in itertools.count(1):
        try:
            _make_folder(target.parent)
            place()
            break
        except FileNotFoundError:
            if attempt == _ATTEMPTS_AGAINST_PRUNING:
                raise
        except (NotADirectoryError, IsADirectoryError):
            raise FolderInTheWay(key=key) from None
        except FileExistsError:
            if target.is_dir():
                raise FolderInTheWay(key=key) from None
            raise
    _sync(target.parent)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:  # a file, or a folder that was pruned while mkdir looked at it
        raise (NotADirectoryError if folder.is_file() else FileNotFoundError) from None


def _write(temporary: Path, body: bytes) -> None:
    with temporary.open("xb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def _take(temporary: Path, path: Path, source: BinaryIO) -> None:
    """A second name for the caller's file where that is possible: half the bytes to write."""
    try:
        os.link(path.resolve(), temporary)
    except OSError as refusal:
        if refusal.errno not in _NO_LINKS:
            raise
        _write_from(temporary, source)
    else:
        os.fsync(source.fileno())


def _write_from(temporary: Path, source: BinaryIO) -> None:
    with temporary.open("xb") as file:
        shutil.copyfileobj(source, file, CHUNK)
        file.flush()
        os.fsync(file.fileno())


def _link_or_copy(origin: Path, temporary: Path) -> None:
    """A second name for the same file is safe, because no file is ever changed once it is in place."""
    try:
        os.link(origin, temporary)
    except OSError as refusal:
        if refusal.errno not in _NO_LINKS:
            raise
        shutil.copyfile(origin, temporary)
        _sync(temporary)


def _sync(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _read_chunk(file: BinaryIO) -> bytes:
    with _answering():
        return file.read(CHUNK)


def _next_of(found: Iterator[StoredObject]) -> Sequence[StoredObject]:
    with _answering():
        return tuple(itertools.islice(found, _LISTED_AT_ONCE))


@contextlib.contextmanager
def _finding(key: str) -> Generator[None]:
    with _answering():
        try:
            yield
        except _NO_SUCH_OBJECT:
            raise ObjectNotFound(key=key) from None


@contextlib.contextmanager
def _answering() -> Generator[None]:
    """No path of this machine leaves: the reason is the operating system's word for the error alone."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "it cannot be read or written"
        raise Unavailable(system="object store", reason=reason) from error
