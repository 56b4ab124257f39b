"""What may be the address of a webhook, as far as the text tells; what its name leads to is checked at each attempt."""

import contextlib
import ipaddress
from urllib.parse import SplitResult, urlsplit

from touchstone.adapters.addresses import is_callable
from touchstone.domains.webhooks.model import AddressUnusable


def require_usable(url: str, *, allow_private: bool) -> None:
    """Raises AddressUnusable."""
    parts = _split(url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in (("https", "http") if allow_private else ("https",)) or not host:
        words = "https://host/path" + (" or http://host/path" if allow_private else "")
        raise AddressUnusable(f"A webhook's address reads {words}")
    if parts.username is not None or parts.password is not None:
        raise AddressUnusable("Credentials do not belong into an address; messages are signed")
    if parts.fragment:
        raise AddressUnusable("An address has no fragment")
    if not _may_be_called(host, allow_private):
        raise AddressUnusable(f"{host} may not be called from here")


def shown(url: str) -> str:
    """Without path and query, which may be known to two only."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}/…"


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise AddressUnusable("This is no address") from None
    if any(character.isspace() or ord(character) < 33 for character in url):
        raise AddressUnusable("An address has no spaces")
    return parts


def _may_be_called(host: str, allow_private: bool) -> bool:
    with contextlib.suppress(ValueError):
        return is_callable(ipaddress.ip_address(host), allow_private=allow_private)
    return allow_private or not (host == "localhost" or host.endswith((".localhost", ".internal")))
