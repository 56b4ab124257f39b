"""What a backup says of itself. It is written last: a folder without it is no backup."""

import datetime as dt
import hashlib
from pathlib import Path

import msgspec

from touchstone.database.contents import TableContents
from touchstone.errors import Conflict, Invalid

FORMAT = 1
MANIFEST = "manifest.json"
DUMP = "database.dump"
OBJECT_INDEX = "objects.jsonl"
OBJECT_FOLDER = "objects"
KEYS = "keys.env"
CHUNK = 1024 * 1024


class NotABackup(Invalid):
    """{folder} is no backup: {reason}"""


class FolderNotEmpty(Conflict):
    """{folder} holds something already; name a new folder for the backup."""


class BackupDamaged(Conflict):
    """The backup is damaged: {file} is not what was written. Nothing else can be said of it; use another backup."""


class StoredFile(msgspec.Struct, frozen=True):
    """`size` in bytes, `sha256` in hexadecimal digits."""

    file: str
    size: int
    sha256: str


class DatabaseCopy(msgspec.Struct, frozen=True):
    """`dump` is pg_dump's custom format, of one moment; `tables` is what it holds, by name."""

    dump: StoredFile
    server_major: int
    migrations: list[str]
    tables: dict[str, TableContents]


class ObjectsCopy(msgspec.Struct, frozen=True):
    """`index` lists them, a JSON object a line; `vanished` were deleted while they were copied."""

    index: StoredFile
    count: int
    bytes: int
    vanished: int


class KeyPrints(msgspec.Struct, frozen=True):
    """By which a key can be told, not found out: scrypt, with one salt (hexadecimal digits) for all of a backup."""

    salt: str
    prints: dict[str, list[str]]
    is_included: bool


class Manifest(msgspec.Struct, frozen=True):
    """`objects` is None for a backup that was made without them. `version` is that of the service that made it."""

    format: int
    version: str
    made_at: dt.datetime
    database: DatabaseCopy
    objects: ObjectsCopy | None
    keys: KeyPrints


def write_manifest(folder: Path, manifest: Manifest) -> None:
    draft = folder / f"{MANIFEST}.new"
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    draft.replace(folder / MANIFEST)


def read_manifest(folder: Path) -> Manifest:
    """Raises NotABackup."""
    try:
        written = (folder / MANIFEST).read_bytes()
    except OSError:
        raise NotABackup(folder=folder, reason=f"it has no readable {MANIFEST}") from None
    try:
        made_as = msgspec.json.decode(written, type=dict[str, msgspec.Raw]).get("format")
        if made_as is None or msgspec.json.decode(made_as) != FORMAT:
            raise NotABackup(folder=folder, reason=f"this release reads format {FORMAT} only")
        return msgspec.json.decode(written, type=Manifest)
    except msgspec.MsgspecError as error:
        raise NotABackup(folder=folder, reason=f"its {MANIFEST} makes no sense ({error})") from error


def describe(folder: Path, file: str) -> StoredFile:
    path = folder / file
    return StoredFile(file, path.stat().st_size, digest_of(path))


def require_as_written(folder: Path, stored: StoredFile) -> None:
    """Raises BackupDamaged."""
    path = folder / stored.file
    if not path.is_file() or path.stat().st_size != stored.size or digest_of(path) != stored.sha256:
        raise BackupDamaged(file=stored.file)


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make_folder(folder: Path) -> None:
    """For its owner's eyes only. Raises FolderNotEmpty."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FolderNotEmpty(folder=folder)
    folder.chmod(0o700)
