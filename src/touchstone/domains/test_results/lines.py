"""Lines of a text that comes in pieces."""

from collections.abc import Iterator

from touchstone.domains.test_results.model import ResultsUnreadable


class Lines:
    """Numbers lines from 1 on. `longest` is in bytes."""

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self.number = 0
        self._rest = bytearray()

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The lines that the piece completes, without their ends. Raises ResultsUnreadable for one that is too long."""
        *whole, rest = piece.split(b"\n")
        for line in whole:
            self._rest += line
            yield self._take()
        self._rest += rest
        self._require_fit(self.number + 1)

    def close(self) -> Iterator[bytes]:
        """What no line end followed."""
        if self._rest:
            yield self._take()

    def _take(self) -> bytes:
        self.number += 1
        self._require_fit(self.number)
        line = bytes(self._rest).removesuffix(b"\r")
        self._rest.clear()
        return line

    def _require_fit(self, number: int) -> None:
        if len(self._rest) > self.longest:
            raise ResultsUnreadable(line=number, fault=f"it is longer than {self.longest} bytes")
