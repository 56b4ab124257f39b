"""A small Ray of a test's own, in processes of its own."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CLUSTER = """
import json, os, sys
import ray
store = 100_000_000
own = {"include_dashboard": False, "log_to_driver": False, "object_store_memory": store}
ray.init(num_cpus=2, num_gpus=int(sys.argv[2]), _temp_dir=sys.argv[1], **own)
print(json.dumps(ray.get_runtime_context().gcs_address), flush=True)
sys.stdin.read()
ray.shutdown()
"""


ClusterVariables = dict[str, str]


@contextmanager
def ray_running(folder: Path, *, num_gpus: int = 0) -> Iterator[ClusterVariables]:
    """Gives the variables by which a driver finds the cluster. The folder's path must be short: Ray keeps sockets
    in it. GPUs are what Ray is told, whether the machine has them or not."""
    access = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
    environment |= {"RAY_USAGE_STATS_ENABLED": "0", **access}
    process = subprocess.Popen(
        [sys.executable, "-c", _CLUSTER, str(folder), str(num_gpus)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        address = json.loads(next(line for line in process.stdout if line.startswith('"')))
        yield {"RAY_ADDRESS": address, **access}
    finally:
        process.stdin.close()
        process.wait(30)
        process.stdout.close()
