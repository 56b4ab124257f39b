"""The tables `audit_event` and `audit_seal`. Rows are added, never changed; the serving role cannot."""

from typing import Any

import msgspec

from touchstone.database.executor import Executor
from touchstone.http.caller import Caller


class AuditRepository:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    async def record(self, caller: Caller, action: str, subject: str, *, before: Any = None, after: Any = None) -> None:
        """Call it in the transaction of the change. `subject` reads `{noun}:{id}`, `action` is the handler's verb.

        Neither `before` nor `after` may hold a secret or a key.
        """
        await self.executor.execute(
            """
            insert into audit_event (actor, credential, request_id, action, subject, before, after)
            values ($1, $2, $3, $4, $5, $6, $7)
            """,
            _actor(caller),
            caller.principal.credential,
            caller.request_id,
            action,
            subject,
            _plain(before),
            _plain(after),
        )


def _actor(caller: Caller) -> str:
    principal = caller.principal
    name = principal.user_name or principal.application_name
    return f"{caller.name} {name}" if name and not principal.is_anonymous else (name or caller.name)


def _plain(value: Any) -> Any:
    return None if value is None else msgspec.to_builtins(value)
