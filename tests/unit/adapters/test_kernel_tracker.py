import datetime as dt
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import respx

from touchstone.adapters.issue_tracker import NotModified
from touchstone.adapters.kernel_tracker import KernelTracker, KernelUpdate, KernelUpdates
from touchstone.errors import Unavailable

URL = "https://kernel.ubuntu.com/swm/status.json"
LINK = "https://bugs.launchpad.net/kernel-sru-workflow/+bug/2051234"


@pytest.fixture
def router() -> AsyncIterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as mocked:
        yield mocked


@pytest.fixture
async def tracker() -> AsyncIterator[KernelTracker]:
    made = KernelTracker()
    yield made
    await made.close()


def told(said: Any, status: str | None = "In Progress") -> dict[str, Any]:
    """An entry as the page has it, cut to what is near."""
    return {
        "bugs": {"dkms": []},
        "package": "linux",
        "series": "noble",
        "task": {
            "kernel-sru-workflow": {"assignee": None, "importance": "Medium", "status": status},
            "automated-testing": {"status": "Incomplete"},
        },
        "test-observer": said,
    }


async def read(tracker: KernelTracker, router: respx.MockRouter, trackers: dict[str, Any]) -> KernelUpdates:
    router.get(URL).respond(json={"trackers": trackers, "updated": "2026-09-21"}, headers={"etag": '"1"'})
    found = await tracker.updates()
    assert isinstance(found, KernelUpdates)
    return found


async def test_an_update_tells_the_artefact_its_date_and_its_bug(
    tracker: KernelTracker, router: respx.MockRouter
) -> None:
    found = await read(tracker, router, {"2051234": told({"due-date": "2026-10-02", "proposed": 17})})
    assert found == KernelUpdates([KernelUpdate(17, "proposed", dt.date(2026, 10, 2), LINK)], 0, '"1"')


@pytest.mark.parametrize("said", [{"due-date": None, "beta": 17}, {"beta": "17"}])
async def test_an_update_may_have_no_date(
    tracker: KernelTracker, router: respx.MockRouter, said: dict[str, Any]
) -> None:
    found = await read(tracker, router, {"2051234": told(said)})
    assert found.updates == [KernelUpdate(17, "beta", None, LINK)]


@pytest.mark.parametrize(
    "entry",
    [
        told({"due-date": "2026-10-02", "beta": 17}, "Fix Released"),
        told({"due-date": "2026-10-02", "beta": 17}, "Fix Committed"),
        told({"due-date": "2026-10-02", "beta": 17}, None),
        {"test-observer": {"beta": 17}},
        {"test-observer": {"beta": 17}, "task": {}},
        told({"due-date": "2026-10-02"}),
        told({"somewhere": 17}),
        told(None),
        told({}),
        {"task": {"kernel-sru-workflow": {"status": "New"}}},
    ],
)
async def test_what_is_finished_or_not_about_us_is_left(
    tracker: KernelTracker, router: respx.MockRouter, entry: dict[str, Any]
) -> None:
    found = await read(tracker, router, {"2051234": entry})
    assert (found.updates, found.unreadable) == ([], 0)


async def test_an_entry_that_makes_no_sense_does_not_keep_the_others(
    tracker: KernelTracker, router: respx.MockRouter
) -> None:
    broken = [told("x"), told({"due-date": "soon", "beta": 1}), told({"beta": {"a": 1}}), "text", told({"beta": 1.5})]
    trackers: dict[str, Any] = {str(number): entry for number, entry in enumerate(broken)}
    found = await read(tracker, router, {**trackers, "not a bug": told({"beta": 2}), "2051234": told({"beta": 17})})
    assert found.updates == [KernelUpdate(17, "beta", None, LINK)]
    assert found.unreadable == 6


async def test_a_page_that_has_not_changed_is_not_read_again(tracker: KernelTracker, router: respx.MockRouter) -> None:
    route = router.get(URL).respond(304)
    assert await tracker.updates('"1"') == NotModified()
    assert route.calls.last.request.headers["if-none-match"] == '"1"'


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404),
        httpx.Response(500),
        httpx.Response(200, json=[]),
        httpx.Response(200, text="{"),
        httpx.Response(200, content=json.dumps({"trackers": {"1": " " * 70_000_000}}).encode()),
        httpx.ReadTimeout("slow"),
    ],
    ids=["absent", "broken", "a list", "cut", "huge", "slow"],
)
async def test_a_page_that_cannot_be_read_is_trouble(
    tracker: KernelTracker, router: respx.MockRouter, answer: httpx.Response | Exception
) -> None:
    router.get(URL).mock(side_effect=[answer])
    with pytest.raises(Unavailable):
        await tracker.updates()
