"""The index of packages in a Debian repository, read as it arrives.

Format: https://wiki.debian.org/DebianRepository/Format#A.22Packages.22_Indices, gzip (RFC 1952) around it.
"""

import re
import zlib
from collections.abc import Iterable, Iterator

PIECE_BYTES = 64 * 1024
LONGEST_LINE = 1024 * 1024
GZIP = 31  # what zlib calls a window of 32 KiB in a gzip wrapper
# empty lines that follow each other are one match: a file of nothing else must not cost a turn for each
_LINE = re.compile(rb"^(?:Package:[ \t]*(\S+)[ \t\r]*|Version:[ \t]*(\S+)[ \t\r]*|\s*)$", re.MULTILINE)


class UnreadableIndexError(ValueError):
    """It is no gzip, ends too early, or is larger than anybody's index."""


class Gunzip:
    """Members that follow each other are one file. Never holds more than a piece, however well it was compressed."""

    def __init__(self, most_bytes: int) -> None:
        self._left = most_bytes
        self._member = zlib.decompressobj(GZIP)
        self._has_begun = False

    @property
    def is_complete(self) -> bool:
        return self._has_begun and self._member.eof

    def pieces(self, content: bytes) -> Iterator[bytes]:
        """Raises UnreadableIndexError."""
        remaining, piece = content, b""
        while remaining or len(piece) == PIECE_BYTES:
            if self._member.eof:
                self._member = zlib.decompressobj(GZIP)
            piece = self._piece(remaining)
            remaining = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
            if piece:
                yield piece
            if self._member.eof and not remaining:
                return

    def _piece(self, content: bytes) -> bytes:
        self._has_begun = True
        try:
            piece = self._member.decompress(content, PIECE_BYTES)
        except zlib.error as error:
            raise UnreadableIndexError("it is not compressed with gzip") from error
        self._left -= len(piece)
        if self._left < 0:
            raise UnreadableIndexError("it is too large")
        return piece


class PackageReader:
    """Takes the text in pieces of any length; holds the line and the stanza that are not finished."""

    def __init__(self) -> None:
        self._rest = b""
        self._package: str | None = None
        self._version: str | None = None

    def feed(self, piece: bytes) -> Iterator[tuple[str, str]]:
        """Name and version of each package that this piece finishes. Raises UnreadableIndexError."""
        content = self._rest + piece
        end = content.rfind(b"\n")
        self._rest = content[end + 1 :]
        if len(self._rest) > LONGEST_LINE:
            raise UnreadableIndexError("one of its lines has no end")
        if end >= 0:
            yield from self._read(content[:end])

    def finish(self) -> Iterator[tuple[str, str]]:
        """The last package, which no empty line need follow."""
        yield from self._read(self._rest + b"\n")

    def _read(self, lines: bytes) -> Iterator[tuple[str, str]]:
        for match in _LINE.finditer(lines):
            if match[1]:
                self._package = match[1].decode(errors="replace")
            elif match[2]:
                self._version = match[2].decode(errors="replace")
            else:
                yield from self._stanza()

    def _stanza(self) -> Iterator[tuple[str, str]]:
        if self._package is not None and self._version is not None:
            yield self._package, self._version
        self._package = self._version = None


class Wanted:
    """Versions of the packages that were asked for; an underscore in a name stands for a dot as well."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names: dict[str, list[str]] = {}
        self.versions: dict[str, tuple[str, ...]] = {}
        for name in dict.fromkeys(names):
            for spelling in {name, name.replace("_", ".")}:
                self._names.setdefault(spelling, []).append(name)

    def see(self, package: str, version: str) -> None:
        for name in self._names.get(package, ()):
            self.versions[name] = (*self.versions.get(name, ()), version)
