"""What clients get."""

import msgspec

from touchstone.domains.audit_events.model import AuditEvent


class AuditEvents(msgspec.Struct):
    """Newest first; `next_cursor` leads on, null at the end."""

    items: list[AuditEvent]
    next_cursor: str | None
