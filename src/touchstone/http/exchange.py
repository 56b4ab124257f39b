"""One request and its answer, as logs, metrics and traces tell of them."""

import time

from touchstone.http.asgi import Message, Scope

PROBES = frozenset({"/health/live", "/health/ready", "/metrics"})
CLIENT_CLOSED = 499


class Exchange:
    """`status` is 499 as long as nothing has been answered: the client may go away before anything is."""

    __slots__ = ("_scope", "_started", "has_started", "is_stream", "method", "path", "request_id", "seconds", "status")

    def __init__(self, scope: Scope, request_id: str) -> None:
        self._scope = scope
        self._started = time.perf_counter()
        self.request_id = request_id
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.status = CLIENT_CLOSED
        self.seconds = 0.0
        self.has_started = False
        self.is_stream = False

    @property
    def route(self) -> str | None:
        """The template of the path, `/jobs/{job_id}`; None as long as, or where, no route has matched."""
        return self._scope.get("path_template")

    def answered(self, start: Message, content_type: bytes) -> None:
        self.has_started = True
        self.status = start["status"]
        self.is_stream = content_type.startswith(b"text/event-stream")
        self.seconds = time.perf_counter() - self._started

    def ended(self) -> None:
        # how long an event stream stays open says nothing about how fast the service is
        if not self.is_stream:
            self.seconds = time.perf_counter() - self._started
