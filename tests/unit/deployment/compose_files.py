"""The compose files as a client reads them, as far as these files use the format."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
COMPOSE = ROOT / "compose.yaml"
COMPOSE_DEV = ROOT / "compose.dev.yaml"
DEV_ENV = ROOT / "deploy" / "dev.env"
PRODUCTION_TEMPLATE = ROOT / "deploy" / "production.env.template"
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?P<kind>:-|:\?)(?P<rest>[^}]*)\}")


class RequiredVariableMissing(Exception):
    pass


def services(path: Path, variables: Mapping[str, str] | None = None) -> dict[str, dict[str, Any]]:
    """With variables filled in if any are given, as written otherwise."""
    tree = yaml.safe_load(path.read_text())
    return (tree if variables is None else filled_in(tree, variables))["services"]


def filled_in(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: filled_in(each, variables) for key, each in value.items()}
    if isinstance(value, list):
        return [filled_in(each, variables) for each in value]
    return VARIABLE.sub(lambda found: _value(found, variables), value) if isinstance(value, str) else value


def _value(found: re.Match[str], variables: Mapping[str, str]) -> str:
    given = variables.get(found["name"], "")
    if not given and found["kind"] == ":?":
        raise RequiredVariableMissing(found["name"])
    return given or found["rest"]


def variables_named(path: Path, kind: str = "") -> set[str]:
    return {found["name"] for found in VARIABLE.finditer(path.read_text()) if found["kind"].startswith(kind)}


def env_file(path: Path, *, commented: bool = False) -> dict[str, str]:
    """With `commented` also the variables that stand behind a `#`."""
    line = re.compile(r"^#?([A-Z]\w*)=(.*)$" if commented else r"^([A-Z]\w*)=(.*)$", re.MULTILINE)
    return dict(line.findall(path.read_text()))
