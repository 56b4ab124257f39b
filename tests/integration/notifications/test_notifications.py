"""Notifications as the contract has them (section 3.6), and the new words that its clients do not know."""

import re

import httpx
import pytest
from tests.conftest import replaced, serving
from tests.people import add_application, add_user, as_application, as_user, session_of, signed_in, with_key

from touchstone.database.executor import Database
from touchstone.domains.notifications.model import NotificationType
from touchstone.domains.notifications.repository import NotificationRepository
from touchstone.settings import Settings

OWN = "/api/v1/users/me/notifications"
REVIEW = NotificationType.USER_ASSIGNED_ARTEFACT_REVIEW
NAIVE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?")


@pytest.fixture
async def mark(database: Database) -> int:
    return await add_user(database, "mark@example.test")


@pytest.fixture
async def as_mark(client: httpx.AsyncClient, database: Database, mark: int) -> httpx.AsyncClient:
    return signed_in(client, await session_of(database, mark))


@pytest.fixture
async def manager(client: httpx.AsyncClient, database: Database) -> httpx.AsyncClient:
    return await as_user(client, database, "view_notification", "change_notification")


async def notify(database: Database, user: int, count: int = 1, kind: NotificationType = REVIEW) -> list[int]:
    """Their ids, the oldest first."""
    for number in range(count):
        await NotificationRepository(database).add([user], kind, f"http://localhost/snaps/{number}")
    return await database.fetch_value(
        "select coalesce(array_agg(id order by id), '{}') from notification where user_id = $1", user
    )


async def test_callers_without_the_permission_see_and_dismiss_nobodys(
    client: httpx.AsyncClient, as_mark: httpx.AsyncClient, database: Database, mark: int
) -> None:
    [number] = await notify(database, mark)
    calls = [("GET", ""), ("GET", "/count"), ("POST", f"/{number}/dismiss")]
    for caller in (client, as_mark, await as_application(client, database, "view_user")):
        for method, rest in calls:
            answer = await caller.request(method, f"/api/v1/users/{mark}/notifications{rest}")
            assert (answer.status_code, answer.json()["detail"]) == (403, "Insufficient permissions")
    reader = await as_user(client, database, "view_notification")
    assert (await reader.post(f"/api/v1/users/{mark}/notifications/{number}/dismiss")).status_code == 403


async def test_one_sees_ones_own_newest_first(as_mark: httpx.AsyncClient, database: Database, mark: int) -> None:
    await notify(database, await add_user(database))
    numbers = await notify(database, mark, 3)
    body = (await as_mark.get(OWN)).json()
    assert [one["id"] for one in body["notifications"]] == numbers[::-1]
    assert (body["count"], body["limit"], body["offset"]) == (3, 50, 0)
    newest = body["notifications"][0]
    assert newest == {
        "id": numbers[-1],
        "user_id": mark,
        "notification_type": "USER_ASSIGNED_ARTEFACT_REVIEW",
        "target_url": "http://localhost/snaps/2",
        "created_at": newest["created_at"],
        "dismissed_at": None,
    }
    assert NAIVE.fullmatch(newest["created_at"])


async def test_pages_go_by_limit_and_offset(as_mark: httpx.AsyncClient, database: Database, mark: int) -> None:
    numbers = await notify(database, mark, 5)
    body = (await as_mark.get(f"{OWN}?limit=2&offset=1")).json()
    assert [one["id"] for one in body["notifications"]] == [numbers[3], numbers[2]]
    assert (body["count"], body["limit"], body["offset"]) == (5, 2, 1)


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "offset=-1", "unread_only=perhaps"])
async def test_pages_that_there_are_not_are_refused(as_mark: httpx.AsyncClient, query: str) -> None:
    assert (await as_mark.get(f"{OWN}?{query}")).status_code == 422


async def test_what_is_dismissed_is_no_longer_unread(as_mark: httpx.AsyncClient, database: Database, mark: int) -> None:
    first, second = await notify(database, mark, 2)
    answer = await as_mark.post(f"{OWN}/{first}/dismiss")
    assert answer.status_code == 200
    assert NAIVE.fullmatch(answer.json()["dismissed_at"])
    body = (await as_mark.get(f"{OWN}?unread_only=true")).json()
    assert [one["id"] for one in body["notifications"]] == [second]
    assert body["count"] == 1
    assert (await as_mark.get(f"{OWN}/count?unread_only=true")).json() == 1
    assert (await as_mark.get(f"{OWN}/count")).json() == 2


async def test_dismissing_again_keeps_the_first_time(as_mark: httpx.AsyncClient, database: Database, mark: int) -> None:
    [number] = await notify(database, mark)
    first, second = [(await as_mark.post(f"{OWN}/{number}/dismiss")).json() for _ in range(2)]
    assert first == second
    assert await database.fetch_value("select count(*) from audit_event where action = 'dismiss_notification'") == 1


async def test_nobody_dismisses_anothers(as_mark: httpx.AsyncClient, database: Database) -> None:
    [other] = await notify(database, await add_user(database))
    for number in (other, 999_999, -1):
        answer = await as_mark.post(f"{OWN}/{number}/dismiss")
        assert (answer.status_code, answer.json()["detail"]) == (404, "Notification not found")


async def test_the_anonymous_and_applications_have_none(client: httpx.AsyncClient, database: Database) -> None:
    robot = await as_application(client, database, "view_notification")
    for caller in (client, robot):
        empty = {"notifications": [], "count": 0, "limit": 7, "offset": 2}
        assert (await caller.get(f"{OWN}?limit=7&offset=2")).json() == empty
        assert (await caller.get(f"{OWN}/count")).json() == 0


async def test_the_anonymous_and_applications_never_dismiss(client: httpx.AsyncClient, database: Database) -> None:
    answer = await client.post(f"{OWN}/1/dismiss")
    assert (answer.status_code, answer.json()["detail"]) == (401, "Not authenticated")
    answer = await (await as_application(client, database, "change_notification")).post(f"{OWN}/1/dismiss")
    assert (answer.status_code, answer.json()["detail"]) == (403, "Forbidden")


async def test_where_authentication_is_required_only_users_have_a_list(settings: Settings, database: Database) -> None:
    async with serving(replaced(settings, require_authentication=True)) as strict:
        robot = with_key(strict, (await add_application(database))[1])
        user = await as_user(strict, database)
        for path in (OWN, f"{OWN}/count"):
            answer = await strict.get(path)
            assert (answer.status_code, answer.json()["detail"]) == (401, "Not authenticated")
            answer = await robot.get(path)
            assert (answer.status_code, answer.json()["detail"]) == (403, "Forbidden")
            assert (await user.get(path)).status_code == 200


async def test_managers_see_and_dismiss_those_of_others(
    manager: httpx.AsyncClient, database: Database, mark: int
) -> None:
    first, second = await notify(database, mark, 2)
    theirs = f"/api/v1/users/{mark}/notifications"
    assert [one["id"] for one in (await manager.get(theirs)).json()["notifications"]] == [second, first]
    assert (await manager.post(f"{theirs}/{first}/dismiss")).json()["id"] == first
    assert (await manager.get(f"{theirs}/count?unread_only=true")).json() == 1
    assert (await manager.get(f"{theirs}/count")).json() == 2


async def test_users_and_notifications_that_there_are_not(
    manager: httpx.AsyncClient, database: Database, mark: int
) -> None:
    [number] = await notify(database, mark)
    for path in ("", "/count"):
        answer = await manager.get(f"/api/v1/users/999999/notifications{path}")
        assert (answer.status_code, answer.json()["detail"]) == (404, "User not found")
    answer = await manager.post(f"/api/v1/users/999999/notifications/{number}/dismiss")
    assert (answer.status_code, answer.json()["detail"]) == (404, "User not found")
    other = await add_user(database)
    answer = await manager.post(f"/api/v1/users/{other}/notifications/{number}/dismiss")
    assert (answer.status_code, answer.json()["detail"]) == (404, "Notification not found")


async def test_the_short_prefix_leads_to_the_same(as_mark: httpx.AsyncClient, database: Database, mark: int) -> None:
    await notify(database, mark)
    assert (await as_mark.get("/v1/users/me/notifications/count")).json() == 1


async def test_clients_of_the_contract_never_meet_a_type_that_it_lacks(
    as_mark: httpx.AsyncClient, database: Database, mark: int
) -> None:
    [old] = await notify(database, mark)
    _, new = await notify(database, mark, kind=NotificationType.WEBHOOK_DISABLED)
    body = (await as_mark.get(OWN)).json()
    assert ([one["id"] for one in body["notifications"]], body["count"]) == ([old], 1)
    assert (await as_mark.get(f"{OWN}/count")).json() == 1
    assert (await as_mark.post(f"{OWN}/{new}/dismiss")).status_code == 404


async def test_who_asks_for_extensions_or_names_the_type_is_shown_it(
    as_mark: httpx.AsyncClient, manager: httpx.AsyncClient, database: Database, mark: int
) -> None:
    old = await notify(database, mark)
    _, new = await notify(database, mark, kind=NotificationType.WEBHOOK_DISABLED)
    asking = {"Accept-Extensions": "touchstone"}
    for caller, path in ((as_mark, OWN), (manager, f"/api/v1/users/{mark}/notifications")):
        body = (await caller.get(path, headers=asking)).json()
        assert ([one["id"] for one in body["notifications"]], body["count"]) == ([new, *old], 2)
        body = (await caller.get(f"{path}?notification_type=WEBHOOK_DISABLED")).json()
        assert ([one["notification_type"] for one in body["notifications"]], body["count"]) == (["WEBHOOK_DISABLED"], 1)
        assert (await caller.get(f"{path}/count?notification_type=WEBHOOK_DISABLED")).json() == 1
    assert (await as_mark.post(f"{OWN}/{new}/dismiss", headers=asking)).status_code == 200


async def test_a_notification_stands_with_the_change_that_it_tells_of(database: Database, mark: int) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as transaction:
            await NotificationRepository(transaction).add([mark], REVIEW)
            raise ZeroDivisionError
    assert await NotificationRepository(database).count(mark, [REVIEW], unread_only=False) == 0


async def test_users_who_are_gone_are_left_out(database: Database, mark: int) -> None:
    await NotificationRepository(database).add([mark, 999_999], REVIEW)
    assert await database.fetch_value("select array_agg(user_id) from notification") == [mark]
