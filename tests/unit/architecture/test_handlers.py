"""What every route handler says about itself: the OpenAPI document is made of it."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

import msgspec
from tests.unit.architecture.source import Function, files, functions

VERBS = {"get", "post", "put", "patch", "delete"}

# routes that a router keeps out of the OpenAPI document: those that show it
HIDDEN = {"touchstone/http/docs.py"}

# handlers that take a path or a body and still have no failure of their own to declare
CANNOT_FAIL = {"delete_secret": "an absent one is no error", "upload_secret": "an existing one is replaced"}


class Handler(msgspec.Struct, frozen=True):
    path: str
    function: Function
    options: dict[str, ast.expr]

    @property
    def where(self) -> str:
        return f"{self.path}:{self.function.name}"

    @property
    def is_described(self) -> bool:
        """Whether the OpenAPI document has it."""
        shown = self.options.get("include_in_schema")
        return self.path not in HIDDEN and not (isinstance(shown, ast.Constant) and shown.value is False)

    @property
    def takes_more_than_a_query(self) -> bool:
        return any(
            argument.annotation is not None and ast.unparse(argument.annotation).startswith(("FromPath", "JSONBody"))
            for argument in self.function.args.args
        )

    @property
    def declared(self) -> str:
        return ast.unparse(self.options["responses"]) if "responses" in self.options else ""


@cache
def handlers() -> tuple[Handler, ...]:
    return tuple(
        Handler(path, function, {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg})
        for path in files()
        if path.startswith("touchstone/")
        for function in functions(path)
        for call in route_calls(function)
    )


def route_calls(function: Function) -> Iterator[ast.Call]:
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id in VERBS:
            yield decorator


def raised(function: Function) -> Iterator[str]:
    """Names of failures raised in the handler itself."""
    for node in ast.walk(function):
        if isinstance(node, ast.Raise) and node.exc is not None:
            kind = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            yield ast.unparse(kind)


def operation_id(handler: Handler) -> str:
    given = handler.options.get("operation_id")
    return str(given.value) if isinstance(given, ast.Constant) else handler.function.name


def test_the_handlers_are_found() -> None:
    assert len(handlers()) > 30


def test_every_handler_has_a_docstring_of_one_line() -> None:
    docstrings = {handler.where: ast.get_docstring(handler.function) or "" for handler in handlers()}
    assert {where: text for where, text in docstrings.items() if not text or "\n" in text} == {}


def test_operation_ids_are_unique() -> None:
    ids = Counter(operation_id(handler) for handler in handlers())
    assert [name for name, count in ids.items() if count > 1] == []


def test_operation_ids_begin_with_the_name_of_the_handler() -> None:
    strange = [handler.where for handler in handlers() if not operation_id(handler).startswith(handler.function.name)]
    assert strange == []


def test_handlers_declare_what_they_may_raise() -> None:
    silent = [
        handler.where
        for handler in handlers()
        if handler.is_described and handler.takes_more_than_a_query and handler.function.name not in CANNOT_FAIL
        if not re.search(r"failures\(|^[A-Z_]+$", handler.declared)
    ]
    assert silent == []


def test_what_a_handler_raises_itself_is_declared() -> None:
    undeclared = [
        f"{handler.where} raises {name}"
        for handler in handlers()
        if handler.is_described
        for name in raised(handler.function)
        if name not in handler.declared
    ]
    assert undeclared == []


def test_handlers_do_not_catch() -> None:
    """The table in `http/errors.py` answers failures; a handler that catches hides one."""
    catching = [
        handler.where
        for handler in handlers()
        if handler.path.endswith("/controller.py")
        and any(isinstance(node, ast.Try) for node in ast.walk(handler.function))
    ]
    assert catching == []
