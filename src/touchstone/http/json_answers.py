"""Answers whose JSON Postgres has written: the bytes go out as they are."""

from collections.abc import Mapping
from typing import Any

from litestar import Response


def json_answer(body: bytes, headers: Mapping[str, str] | None = None) -> Response[Any]:
    """For handlers that declare `Response[Thing]`, so that the OpenAPI document says what the bytes are."""
    return Response(body, media_type="application/json", headers=headers)
