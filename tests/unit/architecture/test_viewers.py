"""Who looks is never left out: a route that forgot it would show everything to everybody."""

import ast
from pathlib import Path

import touchstone

DOMAINS = Path(touchstone.__file__).parent / "domains"


def test_no_method_sees_everything_by_default() -> None:
    found = [
        f"{path.relative_to(DOMAINS)}: {node.name}"
        for path in sorted(DOMAINS.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _is_viewer_optional(node.args)
    ]
    assert not found


def _is_viewer_optional(arguments: ast.arguments) -> bool:
    positional = [*arguments.posonlyargs, *arguments.args]
    optional = positional[len(positional) - len(arguments.defaults) :] if arguments.defaults else []
    named = [one for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if default]
    return any(isinstance(one.annotation, ast.Name) and one.annotation.id == "Viewer" for one in [*optional, *named])
