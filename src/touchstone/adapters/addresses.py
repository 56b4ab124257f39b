"""Which addresses of other machines may be called on behalf of somebody who names a host."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[list[Address]]]

# cloud machines learn here who they are, with credentials: nobody is served at such an address
# (touchstone_jobs.addresses has the same)
METADATA_NETWORKS = [
    ipaddress.ip_network(text)
    for text in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "100.100.100.200", "168.63.129.16", "192.0.0.192")
]
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address


def is_callable(address: Address, *, allow_private: bool) -> bool:
    """Public addresses are; private ones and loopback if allowed; those of metadata and of no single machine never."""
    meant = _embedded(address)
    if is_metadata(meant):
        return False
    if meant.is_multicast or meant.is_unspecified or meant == ipaddress.IPv4Address("255.255.255.255"):
        return False
    is_public = meant.is_global and not meant.is_reserved and not getattr(meant, "is_site_local", False)
    return is_public or allow_private


def is_metadata(address: Address) -> bool:
    meant = _embedded(address)
    return any(meant.version == network.version and meant in network for network in METADATA_NETWORKS)


async def resolve(host: str, port: int) -> list[Address]:
    """The host's addresses, each once. Raises OSError when it has none."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    written = [str(entry[4][0]).partition("%")[0] for entry in found]
    return [ipaddress.ip_address(text) for text in dict.fromkeys(written)]


def _embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 address only carries."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)
