"""Web addresses, checked and brought to one spelling.

The syntax is that of RFC 3986, what one spelling is its section 6.2.2, and the words of the faults are those that
clients of the contracts get to read.
"""

import ipaddress
import re
from typing import Annotated
from urllib.parse import SplitResult, quote, urlsplit

from msgspec import Meta

from touchstone.http.decoding.faults import Fault

LONGEST_URL = 2083

_PORTS = {"http": 80, "https": 443}
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII)
# what stays as it is written; a percent sign does because what it begins may be an escape already
_KEPT = "/:@!$&'()*+,;=%~[]|"


def normalised_url(given: str) -> str:
    """Scheme and host in lower case, no port that goes without saying, a path, and nothing unsafe unescaped.

    Raises Fault for what is no http or https URL.
    """
    text = given.strip()
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise _unreadable("invalid address") from error
    if not parts.scheme:
        raise _unreadable("relative URL without a base")
    if parts.scheme not in _PORTS:
        raise Fault("url_scheme", "URL scheme should be 'http' or 'https'", expected_schemes="'http' or 'https'")
    if not parts.hostname:
        raise _unreadable("empty host")
    place = _user_of(parts) + _host(parts.hostname) + (f":{port}" if port not in (None, _PORTS[parts.scheme]) else "")
    written = f"{parts.scheme}://{place}{quote(parts.path, safe=_KEPT) or '/'}"
    written += f"?{quote(parts.query, safe=_KEPT + '?')}" if parts.query else ""
    return written + (f"#{quote(parts.fragment, safe=_KEPT + '?')}" if parts.fragment else "")


Url = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=LONGEST_URL,
        extra={"check": normalised_url},
        extra_json_schema={"format": "uri"},
    ),
]
"""The field of a request; what it decodes to is normalised."""


def _unreadable(reason: str) -> Fault:
    return Fault("url_parsing", f"Input should be a valid URL, {reason}", error=reason)


def _user_of(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[0] + "@" if "@" in parts.netloc else ""


def _host(name: str) -> str:
    if ":" in name:
        return f"[{_address(name)}]"
    try:
        host = name.lower() if name.isascii() else name.encode("idna").decode().lower()
    except UnicodeError as error:
        raise _unreadable("invalid international domain name") from error
    if not all(_LABEL.fullmatch(label) for label in host.removesuffix(".").split(".")):
        raise _unreadable("invalid domain character")
    return host


def _address(name: str) -> str:
    try:
        return str(ipaddress.IPv6Address(name))
    except ValueError as error:
        raise _unreadable("invalid IPv6 address") from error
