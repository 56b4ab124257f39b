"""Litestar's handlers, their arguments converted by `decoding` instead of by Litestar's own signature models.

Litestar converts arguments strictly, names the first fault only and answers it in words of its own. `install`
puts our conversion in its place on every HTTP route of an app: path, query, header, cookie and body values are
collected and decoded together, before any dependency is constructed, and all faults are raised as one
InvalidRequest. Dependencies are passed on as they are. docs/decisions/0001-lax-decoding.md says what this touches
in Litestar and why.
"""
# pyright: reportPrivateUsage=false, reportUnknownMemberType=false

from collections.abc import Callable, Iterable
from typing import Any, cast

from litestar import Litestar
from litestar._asgi.routing_trie.types import RouteTrieNode
from litestar._kwargs.kwargs_model import KwargsModel
from litestar._kwargs.parameter_definition import ParameterDefinition
from litestar.connection import ASGIConnection, Request
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.typing import FieldDefinition

from touchstone.http.decoding import FaultItem, InvalidRequest, is_well_formed, json_fault
from touchstone.http.request_values import (
    OTHER_BODIES,
    BodyReader,
    FormReader,
    JsonOrOtherReader,
    JsonReader,
    ParameterReader,
)
from touchstone.http.shortcuts import take_shortcuts

Connection = ASGIConnection[Any, Any, Any, Any]


class Given(Provide):
    """A dependency that is one object for all requests. Handlers get it without a call: Litestar would start a task
    for each dependency of each request."""

    __slots__ = ("given",)

    def __init__(self, value: Any) -> None:
        def give() -> Any:
            return value

        super().__init__(give, sync_to_thread=False)
        self.given = value


class Derived(Provide):
    """A dependency that is read off the request; handlers get it without a call, too."""

    __slots__ = ("derive",)

    def __init__(self, derive: Callable[[Connection], Any]) -> None:
        def give(request: Request[Any, Any, Any]) -> Any:
            return derive(request)

        super().__init__(give, sync_to_thread=False)
        self.derive = derive


def install(app: Litestar) -> None:
    """Convert the arguments of all HTTP handlers of `app` our way. To be called once, when all are registered.

    Litestar's own answers to OPTIONS go too: the contracts answer 405, and preflights are answered at the edge.
    """
    _forget_options(app.asgi_router.root_route_map_node)
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler, arguments in route.route_handler_map.values():
                _install_on(handler, arguments)
                take_shortcuts(handler)


def _forget_options(root: RouteTrieNode) -> None:
    nodes, seen = [root], set[int]()
    while nodes:
        node = nodes.pop()
        node.asgi_handlers.pop("OPTIONS", None)
        seen.add(id(node))
        nodes.extend(child for child in node.children.values() if id(child) not in seen)


def _install_on(handler: HTTPRouteHandler, arguments: KwargsModel) -> None:
    if not arguments.has_kwargs:
        return
    providers = _providers(handler.signature_model._fields, handler.resolve_dependencies())
    fields = _fields(handler, providers)
    body = _body_reader(fields, arguments, handler.opt.get(OTHER_BODIES))
    reader = ArgumentReader(_parameters(fields, arguments), body, *_take_simple(arguments))
    handler._signature_model = _pass_through(handler.signature_model)
    for provider in providers:
        provider.signature_model = _pass_through(provider.signature_model)
    _replace_extractors(arguments, reader)
    if isinstance(body, JsonReader) and handler.resolve_guards():
        handler._resolved_guards = [_refuse_malformed_json, *handler.resolve_guards()]


class ArgumentReader:
    """What one handler takes from a request, what it is given for all of them, and what is read off each."""

    def __init__(
        self,
        parameters: list[ParameterReader],
        body: BodyReader | None,
        given: dict[str, Any],
        derived: dict[str, Callable[[Connection], Any]],
    ) -> None:
        self.parameters = parameters
        self.body = body
        self.given = given
        self.derived = derived

    async def __call__(self, values: dict[str, Any], connection: Any) -> None:
        """Litestar's interface of an extractor: add the arguments to `values`."""
        errors: list[FaultItem] = []
        for parameter in self.parameters:
            parameter.read(connection, values, errors)
        if self.body:
            await self.body.read(connection, values, errors)
        if errors:
            raise InvalidRequest(errors)
        values.update(self.given)
        for name, derive in self.derived.items():
            values[name] = derive(connection)


def argument_reader(arguments: KwargsModel) -> ArgumentReader | None:
    """What `install` has put there; None where a handler takes nothing from the request."""
    last = cast("Any", arguments.extractors[-1]) if arguments.extractors else None
    return last if isinstance(last, ArgumentReader) else None


async def _refuse_malformed_json(connection: Connection, _: BaseRouteHandler) -> None:
    """Runs ahead of the guards: the contracts answer malformed JSON before they ask who sends it."""
    if isinstance(connection, Request) and JsonReader.is_json(connection):
        raw = await connection.body()
        if raw and not is_well_formed(raw):
            raise InvalidRequest([json_fault(raw)])


def _providers(names: Iterable[str], known: dict[str, Provide]) -> list[Provide]:
    found = [known[name] for name in names if name in known]
    return found + [inner for one in found for inner in _providers(one.signature_model._fields, known)]


def _take_simple(arguments: KwargsModel) -> tuple[dict[str, Any], dict[str, Callable[[Connection], Any]]]:
    """What is `Given` and what is `Derived`, by name; Litestar no longer resolves them."""
    batches = arguments.dependency_batches
    found = [one for batch in batches for one in batch]
    given = {one.key: one.provide.given for one in found if isinstance(one.provide, Given)}
    derived = {one.key: one.provide.derive for one in found if isinstance(one.provide, Derived)}
    left = [{one for one in batch if one.key not in given and one.key not in derived} for batch in batches]
    arguments.dependency_batches = [batch for batch in left if batch]
    return given, derived


def _fields(handler: HTTPRouteHandler, providers: list[Provide]) -> dict[str, FieldDefinition]:
    """All declared arguments by name, the handler's own before those of its dependencies."""
    found = dict(handler.resolve_layered_parameters())
    for model in [*(provider.signature_model for provider in reversed(providers)), handler.signature_model]:
        found.update(model._fields)
    return found


# the contracts list the faults in this order
_SOURCES = ("path", "query", "header", "cookie")


def _parameters(fields: dict[str, FieldDefinition], arguments: KwargsModel) -> list[ParameterReader]:
    expected: list[set[ParameterDefinition]] = [
        arguments.expected_path_params,
        arguments.expected_query_params,
        arguments.expected_header_params,
        arguments.expected_cookie_params,
    ]
    order = {name: position for position, name in enumerate(fields)}
    return [
        ParameterReader(source, one, fields[one.field_name])
        for source, ones in zip(_SOURCES, expected, strict=True)
        for one in sorted(ones, key=lambda one: order[one.field_name])
    ]


def _body_reader(
    fields: dict[str, FieldDefinition], arguments: KwargsModel, others: dict[str, str] | None
) -> BodyReader | None:
    if "data" not in arguments.expected_reserved_kwargs:
        return None
    if others:
        return JsonOrOtherReader(fields["data"], others)
    return FormReader(fields["data"]) if arguments.expected_form_data else JsonReader(fields["data"])


def _replace_extractors(arguments: KwargsModel, reader: ArgumentReader) -> None:
    """Keep Litestar's extractors of the request, its state and the like; ours gives the rest."""
    arguments.expected_reserved_kwargs = arguments.expected_reserved_kwargs - {"data"}
    arguments.expected_path_params = set()
    arguments.expected_query_params = set()
    arguments.expected_header_params = set()
    arguments.expected_cookie_params = set()
    arguments.extractors = [*arguments._create_extractors(), reader]


def _pass_through(model: type[Any]) -> type[Any]:
    """The model without its conversion. An argument that is not given falls to the function's own default."""

    class Decoded(model):
        @classmethod
        def parse_values_from_connection_kwargs(cls, connection: Connection, kwargs: dict[str, Any]) -> dict[str, Any]:
            return {name: kwargs[name] for name in cls._fields if name in kwargs}

    return Decoded
