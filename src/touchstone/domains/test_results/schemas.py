"""What clients send and get."""

import datetime as dt

import msgspec

from touchstone.domains.test_results.model import NewResult


class TestResultRequest(NewResult, kw_only=True):
    """Category and template are those of the test case, and count when it is new."""

    __test__ = False


class RawResultFile(msgspec.Struct, kw_only=True):
    """A file of results as it came; `digest` is its SHA-256 in hex, `size` in bytes."""

    id: int
    digest: str
    media_type: str
    size: int
    created_at: dt.datetime
    download_url: str
