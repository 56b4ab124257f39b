"""Ids that are `integer` columns."""

from typing import Annotated

from msgspec import Meta

RowId = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
