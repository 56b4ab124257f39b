"""The OpenAPI document: what Litestar writes, made true and readable."""

from typing import Any

from litestar.openapi import ResponseSpec

from touchstone.errors import Failure
from touchstone.http.errors import status_of
from touchstone.http.problem import Problem


def failures(*kinds: type[Failure]) -> dict[int, ResponseSpec]:
    """What a handler may raise, for its `responses`; failures of the same status are described together."""
    words: dict[int, list[str]] = {}
    for kind in kinds:
        words.setdefault(status_of(kind), []).append((kind.__doc__ or "").strip())
    return {status: answer(Problem, " / ".join(said)) for status, said in words.items()}


def answer(kind: Any, description: str) -> ResponseSpec:
    """Another answer of a handler, for its `responses`; `kind` None for one without a body."""
    return ResponseSpec(data_container=kind, description=description, generate_examples=False)
