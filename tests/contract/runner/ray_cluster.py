"""A Ray of the suite's own: token, loopback, free ports, a folder of its own, and gone at the end."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

SECONDS_TO_START = 120


@dataclass(frozen=True)
class RayCluster:
    url: str
    token: str


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextmanager
def running_ray() -> Iterator[RayCluster]:
    token = secrets.token_hex(32)
    gcs, dashboard, client, agent = free_ports(4)
    # short, because Ray's socket paths below it must stay under 108 characters
    with tempfile.TemporaryDirectory(prefix="tray-", ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", "--num-cpus=2"),
                *("--disable-usage-stats", f"--temp-dir={folder}", "--node-ip-address=127.0.0.2"),
                *("--dashboard-host=127.0.0.1", f"--dashboard-port={dashboard}", f"--port={gcs}"),
                *(f"--ray-client-server-port={client}", f"--dashboard-agent-listen-port={agent}"),
            ],
            env={
                **os.environ,
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
                "RAY_AUTH_MODE": "token",
                "RAY_AUTH_TOKEN": token,
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            cluster = RayCluster(f"http://127.0.0.1:{dashboard}", token)
            _wait_until_it_answers(cluster, process)
            yield cluster
        finally:
            _end(process, folder)


def _wait_until_it_answers(cluster: RayCluster, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    headers = {"Authorization": f"Bearer {cluster.token}"}
    with httpx.Client(base_url=cluster.url, headers=headers, trust_env=False, timeout=2) as client:
        while time.monotonic() < deadline:
            assert process.poll() is None, "Ray ended while it started"
            try:
                if client.get("/api/version").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.2)
    raise AssertionError("Ray did not answer in time")


def _end(process: subprocess.Popen[bytes], folder: str) -> None:
    import psutil

    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
    for left in psutil.process_iter(["cmdline"]):
        if folder in " ".join(left.info["cmdline"] or []):
            left.kill()
