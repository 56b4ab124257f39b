"""A real S3 server for an hour: Ceph's radosgw on one monitor and one storage daemon that keeps all in memory.

Debian: `apt-get install radosgw ceph-mon ceph-osd ceph-base ceph-common`. Run as a script, it prints its address and
keys and serves until it is interrupted.
"""

import contextlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("radosgw", "radosgw-admin", "ceph-mon", "ceph-osd", "ceph", "monmaptool")
ACCESS_KEY, SECRET_KEY = "contract", "only-for-the-contract-tests"
_STEP_SECONDS = 60

CONFIGURATION = """
[global]
fsid = {fsid}
mon host = v1:127.0.0.1:{monitor_port}
public network = 127.0.0.0/8
ms bind ipv6 = false
ms bind msgr2 = false
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd objectstore = memstore
osd memory target = 939524096
memstore device bytes = 1073741824
mon allow pool size one = true
mon max pg per osd = 1000
mon warn on pool no redundancy = false
mon data avail crit = 1
mon data avail warn = 2
run dir = {folder}/run
admin socket = {folder}/run/$name.asok
log file = {folder}/run/$name.log
mon data = {folder}/mon
osd data = {folder}/osd
[client.rgw]
# without tcp_nodelay every small answer waits 40 ms
rgw frontends = beast endpoint=127.0.0.1:{port} tcp_nodelay=1
rgw dns name = localhost
"""


@dataclass(frozen=True)
class S3Server:
    endpoint_url: str
    access_key_id: str = ACCESS_KEY
    secret_access_key: str = SECRET_KEY
    region: str = "us-east-1"


def missing_programs() -> Sequence[str]:
    return [program for program in PROGRAMS if shutil.which(program) is None]


@contextlib.contextmanager
def ceph() -> Iterator[S3Server]:
    """Starts all, waits until it answers, and ends every process of it."""
    with tempfile.TemporaryDirectory(prefix="ceph-") as name, contextlib.ExitStack() as processes:
        folder, port = Path(name), _free_port()
        _configure(folder, port)
        _start_storage(folder, processes)
        processes.enter_context(_running(folder, "radosgw", "-n", "client.rgw"))
        _wait_until_it_answers(folder, f"http://127.0.0.1:{port}")
        keys = ("--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY)
        _run(folder, "radosgw-admin", "-n", "client.rgw", "user", "create", "--uid=contract", "--display-name=c", *keys)
        yield S3Server(f"http://127.0.0.1:{port}")


def _configure(folder: Path, port: int) -> None:
    for part in ("run", "mon", "osd"):
        (folder / part).mkdir()
    fsid, monitor_port = str(uuid.uuid4()), _free_port()
    text = CONFIGURATION.format(fsid=fsid, folder=folder, port=port, monitor_port=monitor_port)
    (folder / "ceph.conf").write_text(text)
    address = f"[v1:127.0.0.1:{monitor_port}]"
    _run(folder, "monmaptool", "--create", "--fsid", fsid, "--addv", "a", address, str(folder / "monmap"))


def _start_storage(folder: Path, processes: contextlib.ExitStack) -> None:
    _run(folder, "ceph-mon", "-i", "a", "--mkfs", "--monmap", str(folder / "monmap"))
    processes.enter_context(_running(folder, "ceph-mon", "-i", "a"))
    mark = str(uuid.uuid4())
    number = _run(folder, "ceph", "osd", "create", mark).strip()
    _run(folder, "ceph-osd", "-i", number, "--mkfs", "--osd-uuid", mark)
    processes.enter_context(_running(folder, "ceph-osd", "-i", number))
    _run(folder, "ceph", "osd", "crush", "add", f"osd.{number}", "1.0", "root=default", "host=here")


def _run(folder: Path, program: str, *arguments: str) -> str:
    command = [program, "-c", str(folder / "ceph.conf"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_STEP_SECONDS, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


@contextlib.contextmanager
def _running(folder: Path, program: str, *arguments: str) -> Iterator[None]:
    """In the foreground, so that it is our child; it dies with us even if we are killed."""
    leash = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()
    with (folder / f"{program}.out").open("wb") as output:
        command = [*leash, program, "-c", str(folder / "ceph.conf"), "-f", *arguments]
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_answers(folder: Path, url: str) -> None:
    deadline = time.monotonic() + _STEP_SECONDS
    while True:
        try:
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5).close()
            return
        except (urllib.error.URLError, OSError) as error:
            if time.monotonic() > deadline:
                said = (folder / "radosgw.out").read_text()[-2000:]
                raise RuntimeError(f"radosgw does not answer: {error}; it said: {said}") from None
            time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


if __name__ == "__main__":
    if missing := missing_programs():
        sys.exit(f"not installed: {', '.join(missing)}")
    with ceph() as server, contextlib.suppress(KeyboardInterrupt):
        print(server, flush=True)
        while True:
            time.sleep(3600)
