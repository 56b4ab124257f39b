"""Events put in as services put them in."""

from touchstone.database.executor import Database
from touchstone.domains.audit_events.repository import AuditRepository
from touchstone.http.caller import Caller, Principal

MARK = Caller(Principal(user_id=3, user_name="Mark", session_id=12), request_id="a-request")
ROBOT = Caller(Principal(application_id=5, application_name="robot"))


async def record(database: Database, count: int = 1, *, caller: Caller = MARK, subject: str = "team:1") -> None:
    for number in range(count):
        await AuditRepository(database).record(caller, "change_team", subject, before={"n": number}, after={"n": "ü"})
