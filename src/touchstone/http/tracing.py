"""Traces of requests, when a collector is named."""

from contextlib import AbstractContextManager
from typing import Protocol

from touchstone.http.asgi import Scope
from touchstone.http.exchange import Exchange


class MissingExtraError(Exception):
    """A setting asks for something that an optional extra of the package brings."""


class RequestTracer(Protocol):
    def request(self, scope: Scope, exchange: Exchange) -> AbstractContextManager[None]:
        """The span of one request, around everything that answers it; current while it lasts."""
        ...

    def stop(self) -> None:
        """Sends what is left, for a few seconds at most."""
        ...


def start_tracing(endpoint: str, version: str) -> RequestTracer:
    """Sends spans to an OTLP/HTTP collector; `endpoint` is its base address, such as `http://collector:4318`.

    Raises MissingExtraError without the extra `tracing`.
    """
    try:
        from touchstone.http.otlp import OtlpTracer
    except ImportError as error:
        raise MissingExtraError(
            "Traces (TOUCHSTONE_OTLP_ENDPOINT) need an extra that is missing: pip install 'touchstone[tracing]'"
        ) from error
    return OtlpTracer(endpoint, version)
