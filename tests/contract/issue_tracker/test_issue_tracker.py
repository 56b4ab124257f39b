"""What every tracker keeps to, whoever it speaks with."""

import datetime as dt
from collections.abc import AsyncGenerator

import httpx
import pytest
import respx
from tests.contract.issue_tracker.harness import NOW, TOKEN, WORLDS, Fake, Remote, credentials

from touchstone.adapters.issue_tracker import (
    CredentialsRefused,
    Fetched,
    NewIssue,
    NotModified,
    NotThere,
    RateLimited,
    ReadOnly,
)
from touchstone.errors import Unavailable

OVER_HTTP = [world for world in WORLDS if world is not Fake]
NEW = NewIssue("It fails", "See https://touchstone.test/results/1", ("regression",), marker="touchstone-4711")


@pytest.fixture(params=WORLDS, ids=lambda world: world.__name__)
async def world(request: pytest.FixtureRequest) -> AsyncGenerator[Remote]:
    with respx.mock(assert_all_called=False) as router:
        made: Remote = request.param(router)
        yield made
        await made.tracker.close()


async def test_an_open_issue_is_read_with_its_labels_sorted(world: Remote) -> None:
    world.has("It fails", labels=("zeta", "alpha", "zeta"))
    found = await world.tracker.fetch(world.reference)
    assert isinstance(found, Fetched)
    assert (found.title, found.status, found.labels, found.moved_to) == ("It fails", "open", ("alpha", "zeta"), None)


async def test_a_closed_issue_is_closed(world: Remote) -> None:
    world.has("It failed", is_closed=True)
    found = await world.tracker.fetch(world.reference)
    assert isinstance(found, Fetched)
    assert found.status == "closed"


async def test_what_a_column_of_text_cannot_hold_is_left_out(world: Remote) -> None:
    world.has("It\0 fails", labels=("a\0b",))
    found = await world.tracker.fetch(world.reference)
    assert isinstance(found, Fetched)
    assert (found.title, found.labels) == ("It fails", ("ab",))


async def test_an_issue_that_has_not_changed_is_not_read_again(world: Remote) -> None:
    world.has("It fails")
    found = await world.tracker.fetch(world.reference)
    assert isinstance(found, Fetched)
    assert (found.etag is not None) == world.conditional
    again = await world.tracker.fetch(world.reference, found.etag)
    assert again == NotModified() if world.conditional else again == found


async def test_an_issue_that_is_not_there_is_told_from_trouble(world: Remote) -> None:
    world.is_missing()
    with pytest.raises(NotThere):
        await world.tracker.fetch(world.reference)


async def test_a_rate_limit_says_until_when(world: Remote) -> None:
    world.limit()
    with pytest.raises(RateLimited) as refusal:
        await world.tracker.fetch(world.reference)
    assert refusal.value.until == dt.datetime.fromtimestamp(NOW + 120, dt.UTC)


async def test_credentials_that_are_refused_are_told_from_trouble(world: Remote) -> None:
    world.refuse()
    with pytest.raises(CredentialsRefused) as refusal:
        await world.tracker.fetch(world.reference)
    assert TOKEN not in str(refusal.value)


async def test_a_tracker_that_does_not_answer_is_unavailable(world: Remote) -> None:
    world.hang()
    with pytest.raises(Unavailable, match="no answer in time") as trouble:
        await world.tracker.fetch(world.reference)
    assert not isinstance(trouble.value, RateLimited | CredentialsRefused)
    assert TOKEN not in repr(trouble.value.__cause__)


async def test_an_issue_is_made_once_for_its_marker(world: Remote) -> None:
    if not world.can_create:
        return
    sent = world.takes_new()
    first = await world.tracker.create(world.destination, NEW)
    again = await world.tracker.create(world.destination, NEW)
    assert first == again == world.destination.issue("12")
    assert len(sent) == (0 if isinstance(world, Fake) else 1)
    assert all("touchstone-4711" in str(one) and "https://touchstone.test/results/1" in str(one) for one in sent)


async def test_a_tracker_that_is_read_without_an_account_takes_nothing(world: Remote) -> None:
    if world.source == "launchpad":
        with pytest.raises(ReadOnly):
            await world.tracker.create(world.destination, NEW)


@pytest.mark.parametrize("kind", OVER_HTTP, ids=lambda world: world.__name__)
@pytest.mark.parametrize(
    ("response", "says"),
    [
        (httpx.Response(500, text="oops"), "status 500"),
        (httpx.Response(200, text="<html>maintenance</html>"), "its answer is not understood"),
        (httpx.Response(200, json={"title": 5}), "its answer is not understood"),
        (httpx.Response(200, content=b" " * (5 * 1024 * 1024)), "its answer is too large"),
        (httpx.Response(301, headers={"location": "https://evil.test/issue"}), "it redirects to another host"),
        (httpx.ConnectError("refused"), "nobody listens there"),
    ],
)
async def test_any_other_answer_is_trouble(kind: type[Remote], response: httpx.Response | Exception, says: str) -> None:
    with respx.mock(assert_all_called=False) as router:
        world = kind(router)
        world.answers(response)
        with pytest.raises(Unavailable, match=says):
            await world.tracker.fetch(world.reference)
        await world.tracker.close()


@pytest.mark.parametrize("kind", OVER_HTTP, ids=lambda world: world.__name__)
async def test_requests_carry_our_credentials(kind: type[Remote]) -> None:
    with respx.mock(assert_all_called=False) as router:
        world = kind(router)
        world.has("It fails")
        await world.tracker.fetch(world.reference)
        await world.tracker.close()
        request = router.calls[0].request
    if world.source == "launchpad":
        assert "authorization" not in request.headers
    else:
        assert TOKEN in credentials(request)
