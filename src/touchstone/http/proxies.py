"""What trusted proxies say about the client: `X-Forwarded-For/Proto/Host`, or `Forwarded` (RFC 7239)."""

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from touchstone.http.asgi import Scope

MAX_HOPS = 32
_NAMES = frozenset({b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"forwarded"})
_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,253})(:\d{1,5})?", re.IGNORECASE)
_PAIR = re.compile(r'\s*([a-z]+)=("(?:[^"\\]|\\.)*"|[^",;\s]*)\s*(;|,|$)', re.IGNORECASE)


class Hop(msgspec.Struct, frozen=True):
    """What one proxy says about the request that it received."""

    address: str | None = None
    scheme: str | None = None
    host: str | None = None


class TrustedProxies:
    """Networks such as `10.0.0.0/8`; nobody is believed when there are none."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = [ipaddress.ip_network(network, strict=False) for network in networks]
        self._trusts = lru_cache(1024)(self._is_trusted)

    def rewrite(self, scope: Scope) -> None:
        """Puts the real client, scheme and host into the scope when the peer is a trusted proxy that names them."""
        client = scope.get("client")
        if not self._networks or not client or not self._trusts(client[0]):
            return
        hop = self._client_side(said_by_proxies(scope))
        if hop.address is not None:
            scope["client"] = (hop.address, 0)
        if hop.scheme is not None:
            scope["scheme"] = hop.scheme
        if hop.host is not None:
            kept = [header for header in scope["headers"] if header[0] != b"host"]
            scope["headers"] = [*kept, (b"host", hop.host.encode("ascii"))]

    def _client_side(self, hops: list[Hop]) -> Hop:
        """The hop furthest from us that a trusted proxy vouches for."""
        chosen = Hop()
        for hop in reversed(hops):
            if hop.address is None:
                break
            chosen = hop
            if not self._trusts(hop.address):
                break
        return chosen

    def _is_trusted(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        return any(parsed in network for network in self._networks)


def said_by_proxies(scope: Scope) -> list[Hop]:
    """One hop per proxy, the furthest first; none when the two kinds of header tell different stories.

    A proxy that writes one kind may let the other through from the client, so a contradiction is somebody's lie.
    """
    said: dict[bytes, list[str]] = {}
    for name, value in scope["headers"]:
        if name in _NAMES:
            said.setdefault(name, []).append(value.decode("latin-1"))
    if not said:
        return []
    plain = _x_forwarded(said)
    standard = _forwarded(",".join(said.get(b"forwarded", ())))
    if plain and standard and [hop.address for hop in plain] != [hop.address for hop in standard]:
        return []
    return plain or standard


def _x_forwarded(said: dict[bytes, list[str]]) -> list[Hop]:
    addresses = _parts(said.get(b"x-forwarded-for"))
    schemes = _parts(said.get(b"x-forwarded-proto"))
    hosts = _parts(said.get(b"x-forwarded-host"))
    return [
        Hop(
            _address(address),
            _scheme(_beside(schemes, index, len(addresses))),
            _host(_beside(hosts, index, len(addresses))),
        )
        for index, address in enumerate(addresses)
    ]


def _parts(values: list[str] | None) -> list[str]:
    return [part.strip() for part in ",".join(values or ()).split(",") if part.strip()][-MAX_HOPS:]


def _beside(values: list[str], index: int, count: int) -> str:
    """The value that belongs to this address: its own when each proxy added one, else what the nearest proxy says."""
    if not values:
        return ""
    return values[index] if len(values) == count else values[-1]


def _forwarded(header: str) -> list[Hop]:
    hops: list[Hop] = []
    pairs: dict[str, str] = {}
    position = 0
    while position < len(header):
        match = _PAIR.match(header, position)
        if match is None:
            return []
        pairs[match[1].lower()] = match[2].strip('"')
        position = match.end()
        if match[3] != ";":
            hops.append(_hop(pairs))
            pairs = {}
    return hops[-MAX_HOPS:]


def _hop(pairs: dict[str, str]) -> Hop:
    return Hop(_address(pairs.get("for", "")), _scheme(pairs.get("proto", "")), _host(pairs.get("host", "")))


def _address(text: str) -> str | None:
    """The address without brackets and port; None for `unknown`, hidden names and nonsense."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _scheme(text: str) -> str | None:
    return text.lower() if text.lower() in ("http", "https") else None


def _host(text: str) -> str | None:
    return text if _HOST.fullmatch(text) else None
