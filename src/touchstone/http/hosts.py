"""Which host names a request may use: a page that rebinds its own name to our address must not reach us."""

import re
from collections.abc import Iterable
from functools import lru_cache

from touchstone.errors import Refused

_HOST = re.compile(rb"(\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,253})(?::\d{1,5})?", re.IGNORECASE)


class HostNotAllowed(Refused):
    """This host name is not allowed"""


class AllowedHosts:
    """Names without port; `*` is any name, `*.example.org` any below example.org."""

    def __init__(self, names: Iterable[str]) -> None:
        plain = [name.strip("[]").rstrip(".").lower() for name in names]
        self._any = "*" in plain
        self._names = frozenset(name for name in plain if not name.startswith("*"))
        self._suffixes = tuple(name[1:] for name in plain if name.startswith("*."))
        self.accepts = lru_cache(1024)(self._accepts)

    def _accepts(self, header: bytes | None) -> bool:
        """Whether a request with this Host header is answered."""
        if self._any:
            return True
        match = _HOST.fullmatch(header or b"")
        if match is None:
            return False
        name = match[1].decode("ascii").strip("[]").rstrip(".").lower()
        return name in self._names or (bool(self._suffixes) and name.endswith(self._suffixes))
