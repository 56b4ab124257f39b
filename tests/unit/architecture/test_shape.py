"""Sizes, names, and imports that break handlers."""

import ast
import re

from tests.unit.architecture.source import SOURCE, files, functions, imported, is_repository, nodes

FORBIDDEN = {"utils", "util", "helpers", "helper", "common", "manager", "logic", "base", "misc"}
FILE_LINES, REPOSITORY_LINES, FUNCTION_LINES = 300, 400, 40


def words(name: str) -> set[str]:
    """`HTTPServer_of` is http, server, of."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def test_files_are_short() -> None:
    lengths = {path: len((SOURCE / path).read_text("utf-8").splitlines()) for path in files()}
    long = {
        path: length
        for path, length in lengths.items()
        if length > (REPOSITORY_LINES if is_repository(path) else FILE_LINES)
    }
    assert long == {}


def test_functions_are_short() -> None:
    lengths = {
        f"{path}:{function.name}": (function.end_lineno or 0) - function.lineno + 1
        for path in files()
        for function in functions(path)
    }
    assert {name: length for name, length in lengths.items() if length > FUNCTION_LINES} == {}


def test_no_module_is_named_after_nothing() -> None:
    assert [path for path in files() if words(path.removesuffix(".py")) & FORBIDDEN] == []


def test_no_class_or_function_is_named_after_nothing() -> None:
    vague = [
        f"{path}:{node.lineno} {node.name}"
        for path in files()
        for node in nodes(path)
        if (isinstance(node, ast.ClassDef) and words(node.name) & FORBIDDEN)
        or (isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.strip("_") in FORBIDDEN)
    ]
    assert vague == []


def test_annotations_stay_what_they_are() -> None:
    """Litestar and msgspec read them: neither strings nor names that exist for the type checker only."""
    postponed = [
        f"{path}:{line}"
        for path in files()
        for name, line in imported(path)
        if name in {"__future__.annotations", "typing.TYPE_CHECKING"}
    ]
    assert postponed == []


def test_every_module_that_says_something_begins_by_saying_what_it_is() -> None:
    silent = [path for path, module in files().items() if module.body and not ast.get_docstring(module)]
    assert silent == []
