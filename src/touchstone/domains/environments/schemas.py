"""What clients get of environments."""

import msgspec


class EnvironmentsResponse(msgspec.Struct, kw_only=True):
    """A page of names; `count` is how many there are on all pages."""

    environments: list[str]
    count: int
    limit: int
    offset: int
