"""What clients get of test plans."""

import msgspec


class TestPlansResponse(msgspec.Struct, kw_only=True):
    """A page of names; `count` is how many there are on all pages."""

    test_plans: list[str]
    count: int
    limit: int
    offset: int
