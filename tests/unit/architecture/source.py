"""The source tree as the tests of this folder see it: parsed once, by file."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "src"
MIGRATIONS = ROOT / "migrations"
DOMAINS = SOURCE / "touchstone" / "domains"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def files() -> dict[str, ast.Module]:
    """Every module of `src`, by its path there."""
    return {
        path.relative_to(SOURCE).as_posix(): ast.parse(path.read_text("utf-8")) for path in sorted(SOURCE.rglob("*.py"))
    }


@cache
def nodes(path: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(files()[path]))


def functions(path: str) -> Iterator[Function]:
    return (node for node in nodes(path) if isinstance(node, Function))


def is_repository(path: str) -> bool:
    return path.endswith(("/repository.py", "_repository.py"))


def noun_of(path: str) -> str | None:
    """The folder under `domains` that a file lies in."""
    parts = path.split("/")
    return parts[2] if parts[:2] == ["touchstone", "domains"] and len(parts) > 3 else None


def imported(path: str) -> Iterator[tuple[str, int]]:
    """Dotted names of what a file imports, with their lines; `from a.b import c` is both `a.b` and `a.b.c`."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def texts(path: str) -> Iterator[tuple[str, int]]:
    """String literals that are no docstrings, with their lines; of an f-string the fixed parts, joined by `…`."""
    skipped = {id(text) for text in _docstrings(path)}
    for node in nodes(path):
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in node.values}
            fixed = [str(part.value) for part in node.values if isinstance(part, ast.Constant)]
            yield "…".join(fixed), node.lineno
    for node in nodes(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.value, node.lineno


def _docstrings(path: str) -> Iterator[ast.expr]:
    for node in nodes(path):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            yield body[0].value
