"""Where a job may send its examples, and a secret: decided before it is queued."""

import ipaddress
import socket
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from touchstone.adapters import addresses
from touchstone.domains.secrets.model import SealedSecret
from touchstone.errors import Refused

# the hosts that a provider's own key is meant for
PROVIDER_HOSTS = {
    "openai": "api.openai.com",
    "mistral": "api.mistral.ai",
    "deepseek": "api.deepseek.com",
    "hf": "huggingface.co",
}
JUDGE_HOST = PROVIDER_HOSTS["openai"]
# cloud machines tell whoever asks here who they are, with credentials
METADATA_HOSTS = frozenset({"metadata.google.internal", "metadata", "instance-data"})


class SecretForAnotherHost(Refused):
    """The secret '{secret}' may not be sent to {host}: it belongs to its provider's own host, or to hosts that its `allowed_hosts` name."""  # noqa: E501


class SecretWithoutHost(Refused):
    """The secret '{secret}' has nowhere to go: the provider '{provider}' has no host of its own, so give a base_url"""


class EndpointRefused(Refused):
    """Jobs may not call {host}: {reason}"""


class RemoteCodeRefused(Refused):
    """trust_remote_code is not allowed here; an operator may set TOUCHSTONE_ALLOW_REMOTE_CODE"""


class EndpointRules(msgspec.Struct, frozen=True):
    """`hosts` that may be called without a secret; none named means any but the addresses of cloud metadata."""

    hosts: tuple[str, ...] = ()
    allow_remote_code: bool = False

    def require(self, config: Any, secret: SealedSecret | None) -> None:
        """Raises SecretForAnotherHost, SecretWithoutHost, EndpointRefused, RemoteCodeRefused."""
        if getattr(config, "trust_remote_code", False) and not self.allow_remote_code:
            raise RemoteCodeRefused
        own = PROVIDER_HOSTS.get(getattr(config, "provider", "openai"))
        for url in _urls(config):
            self._require_host(url, own, secret)
        if secret is not None and own is None and not _urls(config):
            raise SecretWithoutHost(secret=secret.name, provider=config.provider)

    def _require_host(self, url: str, own: str | None, secret: SealedSecret | None) -> None:
        host = _host(url)
        if is_metadata(host):
            raise EndpointRefused(host=host, reason="it is an address of machine metadata")
        if secret is not None:
            if host != own and not _is_listed(url, secret.allowed_hosts):
                raise SecretForAnotherHost(secret=secret.name, host=host)
        elif self.hosts and host not in PROVIDER_HOSTS.values() and not _is_listed(url, self.hosts):
            raise EndpointRefused(host=host, reason="it is not among TOUCHSTONE_ENDPOINT_HOSTS")


def is_metadata(host: str) -> bool:
    """By how it is written. What a name leads to is looked at by the job, when it connects."""
    address = _address(host)
    if address is None:
        return host in METADATA_HOSTS
    return addresses.is_metadata(address)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Also of the spellings that only resolvers take: 2852039166 and 0xa9.0xfe.43518 are 169.254.169.254."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.ip_address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def _urls(config: Any) -> list[str]:
    judges = [getattr(config, "llm_as_judge", None), *getattr(config, "judges", [])]
    urls = [getattr(config, "base_url", None), *(judge.model_base_url for judge in judges if judge)]
    return [url for url in urls if url]


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, None
    if parts is None or parts.scheme not in ("http", "https") or not host:
        raise EndpointRefused(host=repr(url[:100]), reason="a base URL reads http://host/path or https://host/path")
    return host.rstrip(".").lower()


def _is_listed(url: str, hosts: Sequence[str]) -> bool:
    """By name, or by name and port."""
    parts, host = urlsplit(url), _host(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    listed = {entry.strip().lower() for entry in hosts}
    return host in listed or f"{host}:{port}" in listed
