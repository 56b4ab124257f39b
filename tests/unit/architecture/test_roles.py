"""What one noun may see of another, beyond the layers that import-linter holds."""

import ast
import re

import pytest
from tests.unit.architecture.source import DOMAINS, files, imported, nodes, noun_of

# roles of another noun that a role may import; a role that is not here may import what the layers allow.
# A controller declares failures of other nouns and answers with their structs, but never calls them.
SEEN_OF_OTHERS = {
    "controller": {"model", "schemas"},
    "schemas": {"model", "schemas"},
    "repository": {"model"},
    "model": {"model"},
}

# what these hold is for every role: words, and shapes of what is answered
VOCABULARIES = {"filters", "shapes"}


def seen_of_others(path: str) -> list[tuple[str, int]]:
    """Roles of other nouns that a file imports."""
    return [
        (parts[3], line)
        for name, line in imported(path)
        if (parts := name.split("."))[:2] == ["touchstone", "domains"]
        and len(parts) > 3
        and parts[2] not in {noun_of(path), *VOCABULARIES}
    ]


@pytest.mark.parametrize("role", SEEN_OF_OTHERS)
def test_a_role_imports_only_what_it_may_of_another_noun(role: str) -> None:
    strangers = [
        f"{path}:{line} imports a {seen}"
        for path in files()
        if noun_of(path) and path.endswith(f"/{role}.py")
        for seen, line in seen_of_others(path)
        if seen not in SEEN_OF_OTHERS[role]
    ]
    assert strangers == []


def test_nothing_but_the_app_knows_a_controller() -> None:
    knowing = {path for path in files() for name, _ in imported(path) if name.endswith(".controller")}
    assert knowing == {"touchstone/app.py", "touchstone/observation.py"}


def test_only_services_and_streams_open_transactions() -> None:
    openers = {
        path.rsplit("/", 1)[1]
        for path in files()
        if noun_of(path)
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and node.attr == "transaction"
    }
    workers = {"attempts.py", "dispatcher.py", "promoting.py", "pruning.py", "removal.py", "synchroniser.py"}
    assert openers <= {"service.py", "sync_service.py", *workers}


def test_the_map_of_the_nouns_names_every_folder_once() -> None:
    text = (DOMAINS / "__init__.py").read_text("utf-8")
    named = re.findall(r"^(\w+)  +\S", text, re.MULTILINE)
    assert sorted(named) == sorted(entry.name for entry in DOMAINS.iterdir() if (entry / "__init__.py").exists())
