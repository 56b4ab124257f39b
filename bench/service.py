"""A served Touchstone to measure: embedded parts in a folder of their own, and the API as a process of its own."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec
from cryptography.fernet import Fernet

from touchstone.command_line.http_server import free_port
from touchstone.database.migrate import migrate
from touchstone.embedded.parts import EmbeddedParts, embedded_parts
from touchstone.embedded.roles import SERVICE
from touchstone.setting_values import Secret
from touchstone.settings import Settings

START_SECONDS = 60


@asynccontextmanager
async def parts_in(folder: Path, *, ray: bool = False) -> AsyncGenerator[tuple[EmbeddedParts, Settings]]:
    """Postgres, migrated and durable as an embedded one is, maybe Ray, and settings that name them."""
    async with embedded_parts(folder, postgres=True, ray=ray) as parts:
        assert parts.database_url and parts.database_owner_url
        await migrate(parts.database_owner_url, service_role=SERVICE)
        yield parts, settings_for(parts)


def settings_for(parts: EmbeddedParts) -> Settings:
    assert parts.database_url and parts.database_owner_url
    return Settings(
        database_url=Secret(parts.database_url),
        database_owner_url=Secret(parts.database_owner_url),
        ray_url=parts.ray_url,
        ray_token=Secret(parts.ray_token) if parts.ray_token else None,
        data_dir=parts.directory,
        store_dir=parts.store_directory,
        secret_keys=(Secret(Fernet.generate_key().decode()),),
        url_signing_keys=(Secret(parts.signing_key),),
        port=free_port(),
    )


@asynccontextmanager
async def bench_folder() -> AsyncGenerator[Path]:
    """A temporary folder that Postgres' account can pass through when we are root."""
    with tempfile.TemporaryDirectory(prefix="touchstone-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


@asynccontextmanager
async def served(settings: Settings, folder: Path, *options: str) -> AsyncGenerator[subprocess.Popen[bytes]]:
    """`touchstone serve` with these options, ready; its log is `serve.log` in the folder."""
    with (folder / "serve.log").open("ab") as log:
        process = start_serving(settings, folder, *options, log=log.fileno())
        try:
            await until_ready(settings, process)
            yield process
        finally:
            await end(process)


def start_serving(settings: Settings, folder: Path, *options: str, log: int) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TOUCHSTONE_")}
    command = [sys.executable, "-m", "touchstone", "serve", *options]
    return subprocess.Popen(
        command, cwd=folder, env={**environment, **settings.to_environment()}, stdout=log, stderr=log
    )


async def until_ready(settings: Settings, process: subprocess.Popen[bytes]) -> None:
    async with httpx.AsyncClient(base_url=settings.api_url, timeout=5) as http:
        async with asyncio.timeout(START_SECONDS):
            while process.poll() is None:
                try:
                    if (await http.get("/health/ready")).is_success:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(0.005)
    raise RuntimeError(f"the service ended with status {process.returncode}")


async def end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        await asyncio.to_thread(process.wait, 30)
    finally:
        process.kill()


def with_changes(settings: Settings, **changes: object) -> Settings:
    return msgspec.structs.replace(settings, **changes)
