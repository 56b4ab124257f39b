"""The Range header of RFC 9110 section 14, as far as it asks for one piece."""

import re
from collections.abc import AsyncIterator

import msgspec

_ONE_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE | re.ASCII)


class ByteRange(msgspec.Struct, frozen=True):
    """`length` bytes from offset `start`."""

    start: int
    length: int

    def of(self, size: int) -> str:
        """As Content-Range has it."""
        return f"bytes {self.start}-{self.start + self.length - 1}/{size}"


class UnsatisfiableRangeError(ValueError):
    """The range begins behind the end."""


def asked_range(header: str | None, size: int) -> ByteRange | None:
    """None when all is to be sent: no header, one that is not understood, or several ranges, which a server may
    ignore. Raises UnsatisfiableRangeError."""
    match = _ONE_RANGE.fullmatch(header or "")
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last), size - 1) if first and last else size - 1
    if first and last and int(last) < int(first):
        return None
    if start >= size or (not first and int(last) == 0):
        raise UnsatisfiableRangeError
    return ByteRange(start, end - start + 1)


async def limited(chunks: AsyncIterator[bytes], length: int) -> AsyncIterator[bytes]:
    """The first `length` bytes."""
    async for chunk in chunks:
        yield chunk[:length]
        length -= len(chunk)
        if length <= 0:
            return
