"""Which addresses a job connects to. Names are resolved here, on the cluster, so that nobody else can look first."""

import ipaddress
import socket
from typing import Any

# cloud machines tell whoever asks here who they are, with credentials (touchstone.adapters.addresses has the same)
METADATA_NETWORKS = [
    ipaddress.ip_network(text)
    for text in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "100.100.100.200", "168.63.129.16", "192.0.0.192")
]
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefused(OSError):
    """It says nothing of the address, so that all addresses of a name are refused in the same words."""

    def __init__(self) -> None:
        super().__init__("it is an address of machine metadata")


def checked_socket(address_info: Any) -> socket.socket:
    """A socket for the address that is about to be connected to, as getaddrinfo describes it. Raises AddressRefused."""
    family, kind, protocol, _, address = address_info
    if is_metadata(ipaddress.ip_address(address[0].partition("%")[0])):
        raise AddressRefused
    return socket.socket(family=family, type=kind, proto=protocol)


def is_metadata(address: Address) -> bool:
    meant = _embedded(address)
    return any(meant.version == network.version and meant in network for network in METADATA_NETWORKS)


def _embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 address only carries."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)
