"""What outlives a start: generated credentials and the ports of the last time."""

import os
import secrets
import socket
from pathlib import Path

import msgspec

from touchstone.embedded.directory import DataDirectory, DirectoryUnusable


def _token() -> str:
    return secrets.token_hex(24)


class Credentials(msgspec.Struct, frozen=True):
    """Hexadecimal throughout, so that no URL and no shell has to quote them."""

    postgres_password: str = msgspec.field(default_factory=_token)
    owner_password: str = msgspec.field(default_factory=_token)
    service_password: str = msgspec.field(default_factory=_token)
    ray_token: str = msgspec.field(default_factory=_token)
    signing_key: str = msgspec.field(default_factory=_token)


class Ports(msgspec.Struct, frozen=True):
    """None where the part has never run."""

    postgres: int | None = None
    ray: int | None = None


def load_credentials(directory: DataDirectory) -> Credentials:
    """Generated once per directory; raises DirectoryUnusable when the file is there and makes no sense."""
    path = directory.credentials
    if not path.exists():
        write_privately(path, msgspec.json.encode(Credentials()))
    try:
        path.chmod(0o600)
        return msgspec.json.decode(path.read_bytes(), type=Credentials)
    except (OSError, msgspec.MsgspecError) as error:
        raise DirectoryUnusable(path=directory.path, reason=f"{path.name} is not readable") from error


def load_ports(directory: DataDirectory) -> Ports:
    """A broken file only costs the habit of getting the same ports again."""
    try:
        return msgspec.json.decode(directory.ports.read_bytes(), type=Ports)
    except (OSError, msgspec.MsgspecError):
        return Ports()


def remember_port(directory: DataDirectory, **ports: int) -> None:
    write_privately(directory.ports, msgspec.json.encode(msgspec.structs.replace(load_ports(directory), **ports)))


def write_privately(path: Path, content: bytes) -> None:
    """The whole file or none, never readable by others."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)


def free_port(preferred: int | None = None, *, host: str = "127.0.0.1") -> int:
    """The preferred port if nobody listens there, otherwise any free one."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            # connections of the last run that still linger do not hinder a server, so they must not hinder the probe
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port or 0))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise OSError(f"no free port on {host}")
