"""A CSV file (RFC 4180) as it comes from Postgres."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing


class LineEnds:
    """Makes `\\n` between rows `\\r\\n`; those between quotation marks are part of a value and stay."""

    def __init__(self) -> None:
        self._is_quoted = False

    def __call__(self, piece: bytes) -> bytes:
        if b'"' not in piece:
            return piece if self._is_quoted else piece.replace(b"\n", b"\r\n")
        # a quotation mark inside a value is doubled, so that every one changes sides and none has to be told apart
        sides = piece.split(b'"')
        first = 1 if self._is_quoted else 0
        sides[first::2] = [side.replace(b"\n", b"\r\n") for side in sides[first::2]]
        self._is_quoted ^= len(sides) % 2 == 0
        return b'"'.join(sides)


async def csv_file(columns: Sequence[str], rows: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """The header comes with the first rows: what fails before them still gets a status of its own."""
    start = ",".join(columns).encode() + b"\r\n"
    ends = LineEnds()
    async with aclosing(rows):
        async for piece in rows:
            yield start + ends(piece)
            start = b""
    if start:
        yield start


async def begun(pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """The same stream, its first piece already there. Raises what keeps it from starting."""
    first = await anext(pieces)

    async def rest() -> AsyncGenerator[bytes]:
        async with aclosing(pieces):
            yield first
            async for piece in pieces:
                yield piece

    return rest()
