"""What people type: the recipes of the justfile, and hooks that fetch nothing."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[3]
RECIPES = """
default setup up down reset serve demo migrate migration rollback psql schema seed unit integration jobs contract compat
test format lint types arrows check openapi bench models
"""


def test_every_recipe_is_there_with_a_line_about_it() -> None:
    lines = (ROOT / "justfile").read_text("utf-8").splitlines()
    for recipe in RECIPES.split():
        position = next(n for n, line in enumerate(lines) if re.match(rf"{recipe}( .*)?:", line))
        assert lines[position - 1].startswith("# "), recipe


def test_hooks_run_what_is_installed_and_fetch_nothing() -> None:
    repositories = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    assert [repository["repo"] for repository in repositories] == ["local"]
    assert {hook["language"] for hook in repositories[0]["hooks"]} == {"system"}
