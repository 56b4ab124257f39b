"""The OpenAPI 3.1 document, written from the handlers as `signature.install` has set them up."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from inspect import cleandoc
from typing import Any, cast, get_args, get_origin

import msgspec
from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.response import File, Redirect, ServerSentEvent, Stream
from litestar.routes import HTTPRoute

from touchstone.errors import Failure
from touchstone.http.errors import status_of
from touchstone.http.guards import Access
from touchstone.http.problem import PROBLEM_JSON, HTTPValidationError, Problem, ProblemDetails
from touchstone.http.request_values import FormReader, JsonOrOtherReader, ParameterReader
from touchstone.http.schemas import Schema, Schemas
from touchstone.http.signature import ArgumentReader, argument_reader

TITLE = "Touchstone"
# the interface's own version: the build's would change the document with every commit
INTERFACE_VERSION = "1"
DESCRIPTION = (
    "May this model or build go out, and what is the evidence? Evaluation and test observation in one service."
)
JSON = "application/json"


def failures(*kinds: type[Failure]) -> dict[int, ResponseSpec]:
    """What a handler may raise, for its `responses`; failures of the same status are described together."""
    words: dict[int, list[str]] = {}
    for kind in kinds:
        words.setdefault(status_of(kind), []).append((kind.__doc__ or "").strip())
    return {status: answer(Problem, " / ".join(said)) for status, said in words.items()}


def answer(kind: Any, description: str) -> ResponseSpec:
    """Another answer of a handler, for its `responses`; `kind` None for one without a body."""
    return ResponseSpec(data_container=kind, description=description, generate_examples=False)


def document(app: Litestar, tags: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The document of all routes that are not hidden from it; `tags` gives each tag one line of description.

    Raises ValueError when two operations have the same id.
    """
    operations = [OperationWriter(*found) for found in _handlers(app)]
    schemas = Schemas(declared for operation in operations for declared in operation.sent_types())
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method] = operation.write(schemas)
    _refuse_repeated_ids(paths)
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": INTERFACE_VERSION, "description": DESCRIPTION},
        "tags": [{"name": name, "description": text} for name, text in (tags or {}).items()],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": dict(sorted(schemas.components.items()))},
    }


def _handlers(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler, ArgumentReader | None]]:
    """Each handler at its shortest path: where it has others, those are spellings for clients of old."""
    seen: set[tuple[str, str]] = set()
    for route in sorted(app.routes, key=lambda route: (len(route.path_format), route.path_format)):
        if isinstance(route, HTTPRoute):
            for method, (handler, arguments) in sorted(route.route_handler_map.items()):
                is_described = (str(handler), method) in seen
                if handler.resolve_include_in_schema() and method != "OPTIONS" and not is_described:
                    seen.add((str(handler), method))
                    yield route.path_format or "/", method.lower(), handler, argument_reader(arguments)


def _refuse_repeated_ids(paths: Mapping[str, Mapping[str, Any]]) -> None:
    seen: dict[str, str] = {}
    for path, operations in paths.items():
        for method, operation in operations.items():
            where = f"{method.upper()} {path}"
            if (first := seen.setdefault(operation["operationId"], where)) != where:
                raise ValueError(f"operation id {operation['operationId']} is taken by {first} and {where}")


class OperationWriter:
    """Describes one handler at one path and method."""

    def __init__(self, path: str, method: str, handler: HTTPRouteHandler, arguments: ArgumentReader | None) -> None:
        self.path, self.method, self.handler = path, method, handler
        self.parameters = arguments.parameters if arguments else []
        self.body = arguments.body if arguments else None

    def sent_types(self) -> list[Any]:
        declared = [parameter.decoder.target for parameter in self.parameters]
        return [*declared, self.body.decoder.target] if self.body else declared

    def write(self, schemas: Schemas) -> dict[str, Any]:
        summary, _, description = cleandoc(self.handler.fn.__doc__ or "").partition("\n")
        operation: dict[str, Any] = {
            "operationId": self.handler.operation_id or self.handler.handler_name,
            "summary": self.handler.summary or summary.removesuffix("."),
            "description": self.handler.description or description.strip(),
            "tags": self.handler.resolve_tags(),
            "deprecated": bool(self.handler.deprecated),
            "parameters": [_parameter(one, schemas) for one in self.parameters],
            "requestBody": self._request_body(schemas),
            "security": self.handler.resolve_security(),
            "x-permissions": permissions_of(self.handler),
        }
        kept = {name: value for name, value in operation.items() if value}
        return {**kept, "responses": dict(sorted(self._responses(schemas).items()))}

    def _request_body(self, schemas: Schemas) -> dict[str, Any] | None:
        if self.body is None:
            return None
        media_type = self.body.media_type if isinstance(self.body, FormReader) else JSON
        content = {media_type: {"schema": schemas.of_node(self.body.decoder.node)}}
        if isinstance(self.body, JsonOrOtherReader):
            content |= {kind: {"schema": _text(described)} for kind, described in self.body.others.items()}
        return {"content": content, "required": not self.body.is_optional}

    def _responses(self, schemas: Schemas) -> dict[str, Any]:
        described = {str(self.handler.status_code): self._success(schemas)}
        for status, spec in (self.handler.responses or {}).items():
            described[str(status)] = _declared(spec, schemas)
        if self.parameters or self.body:
            described["422"] = _validation_failure(described.get("422"), schemas)
        return described

    def _success(self, schemas: Schemas) -> dict[str, Any]:
        status = self.handler.status_code
        description = self.handler.response_description or HTTPStatus(status).phrase
        found: dict[str, Any] = {"description": description}
        # a set, whose order is another one in each process
        declared = sorted(self.handler.resolve_response_headers(), key=lambda header: header.name)
        if headers := {header.name: _header(header.description) for header in declared}:
            found["headers"] = headers
        if status not in (204, 304) and (content := self._content(schemas)):
            found["content"] = content
        return found

    def _content(self, schemas: Schemas) -> dict[str, Any]:
        declared = _without_response(self.handler.parsed_return_field.annotation)
        media_type = str(getattr(self.handler.media_type, "value", self.handler.media_type)) or JSON
        if isinstance(declared, type) and issubclass(declared, Redirect):
            return {}
        if isinstance(declared, type) and issubclass(declared, ServerSentEvent):
            return {"text/event-stream": {"schema": {"type": "string"}}}
        if isinstance(declared, type) and issubclass(declared, Stream | File | Response):
            is_json = media_type == JSON
            return {"application/octet-stream" if is_json else media_type: {"schema": {"type": "string"}}}
        if not media_type.endswith("json"):
            return {media_type: {"schema": {"type": "string"}}}
        return {media_type: {"schema": schemas.of(declared)}}


def permissions_of(handler: HTTPRouteHandler) -> list[str]:
    """What the guards of a route ask for."""
    return [word for access in access_of(handler) for word in access.permissions]


def access_of(handler: HTTPRouteHandler) -> list[Access]:
    """The guards of ours on a route; Litestar wraps them."""
    guards: list[Any] = cast("Any", handler).resolve_guards()
    found = [getattr(guard, "func", guard) for guard in guards]
    return [guard for guard in found if isinstance(guard, Access)]


def _without_response(declared: Any) -> Any:
    """`Response[Job]` answers a Job."""
    origin = get_origin(declared)
    if isinstance(origin, type) and issubclass(origin, Response):
        return get_args(declared)[0]
    return declared


def _parameter(parameter: ParameterReader, schemas: Schemas) -> dict[str, Any]:
    definition = parameter.definition
    schema = schemas.of_node(parameter.decoder.node)
    default: Any = None if definition.is_required else definition.default
    if isinstance(default, str | int | float):
        schema["default"] = default
    described: dict[str, Any] = {
        "name": definition.field_alias,
        "in": parameter.source,
        "required": definition.is_required,
    }
    return {**described, **({"description": text} if (text := parameter.description) else {}), "schema": schema}


def _text(description: str) -> Schema:
    return {"type": "string", "description": description}


def _header(description: str | None) -> dict[str, Any]:
    return {"schema": {"type": "string"}, **({"description": description} if description else {})}


def _declared(spec: ResponseSpec, schemas: Schemas) -> dict[str, Any]:
    declared = cast("Any", spec.data_container)  # pyright: ignore[reportUnknownMemberType]
    if declared is None:
        return {"description": spec.description}
    if declared is Problem:
        return {"description": spec.description, "content": _failure_content(schemas.of(Problem), schemas)}
    media_type = str(getattr(spec.media_type, "value", spec.media_type))
    return {"description": spec.description, "content": {media_type: {"schema": schemas.of(declared)}}}


def _failure_content(schema: Schema, schemas: Schemas) -> dict[str, Any]:
    return {JSON: {"schema": schema}, PROBLEM_JSON: {"schema": schemas.of(ProblemDetails)}}


def _validation_failure(declared: dict[str, Any] | None, schemas: Schemas) -> dict[str, Any]:
    schema = schemas.of(HTTPValidationError)
    description = "The request does not have the expected form."
    if declared:
        schema = {"anyOf": [schema, declared["content"][JSON]["schema"]]}
        description = f"{description} / {declared['description']}"
    return {"description": description, "content": _failure_content(schema, schemas)}


def as_json(described: dict[str, Any]) -> bytes:
    """The document as it is served and as it is written to a file."""
    return msgspec.json.format(msgspec.json.encode(described), indent=2) + b"\n"
