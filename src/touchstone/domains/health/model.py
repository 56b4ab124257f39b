"""What a check of another system finds."""

from typing import Literal

import msgspec

from touchstone.errors import Unavailable


class NotReady(Unavailable):
    """Database connection failed"""


class Finding(msgspec.Struct, frozen=True):
    """`checked_at` is on the service's clock; `detail` may be shown to anybody."""

    status: Literal["up", "down"]
    detail: str | None
    latency_seconds: float
    checked_at: float
