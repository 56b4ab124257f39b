"""What clients send and get of the metadata of executions."""

from typing import Annotated

import msgspec
from msgspec import Meta

Word = Annotated[str, Meta(min_length=1, max_length=200)]

ExecutionMetadata = Annotated[
    dict[Word, Annotated[list[Word], Meta(max_length=10_000)]],
    Meta(max_length=10_000, extra_json_schema={"propertyNames": {"minLength": 1, "maxLength": 200}}),
]
"""Values by category."""


class ExecutionMetadataGetResponse(msgspec.Struct, kw_only=True):
    """Every pair that an execution has, or had."""

    execution_metadata: dict[str, list[str]]
