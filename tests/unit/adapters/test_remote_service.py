from collections.abc import AsyncIterator

import httpx
import pytest
import respx

from touchstone.adapters.issue_tracker import CredentialsRefused, NotAccepted, RateLimited
from touchstone.adapters.remote_service import RemoteService, bearer
from touchstone.errors import Unavailable

URL = "https://service.test/thing"


class Clock:
    now = 1_790_000_000.0
    waits: list[float]

    def __init__(self) -> None:
        self.waits = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def router() -> AsyncIterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as mocked:
        yield mocked


@pytest.fixture
async def service(clock: Clock, router: respx.MockRouter) -> AsyncIterator[RemoteService]:
    made = RemoteService(
        "service.test", timeout_seconds=5, most_bytes=1000, authorize=bearer("s3cret"), clock=clock, sleep=clock.sleep
    )
    yield made
    await made.close()


@pytest.mark.parametrize("trouble", [httpx.Response(502), httpx.ConnectError("no"), httpx.RemoteProtocolError("cut")])
async def test_a_get_is_tried_again_after_a_while(
    service: RemoteService, router: respx.MockRouter, clock: Clock, trouble: httpx.Response | Exception
) -> None:
    route = router.get(URL).mock(side_effect=[trouble, trouble, httpx.Response(200, json=[1])])
    assert service.decoded(await service.get(URL), list[int]) == [1]
    assert route.call_count == 3
    assert len(clock.waits) == 2


async def test_a_get_gives_up_in_the_end(service: RemoteService, router: respx.MockRouter) -> None:
    route = router.get(URL).respond(503)
    with pytest.raises(Unavailable, match="status 503"):
        await service.get(URL)
    assert route.call_count == 3


@pytest.mark.parametrize("trouble", [httpx.ReadTimeout("slow"), httpx.Response(500)])
async def test_what_will_not_pass_soon_is_not_tried_again(
    service: RemoteService, router: respx.MockRouter, trouble: httpx.Response | Exception
) -> None:
    route = router.get(URL).mock(side_effect=[trouble])
    with pytest.raises(Unavailable):
        await service.get(URL)
    assert route.call_count == 1


@pytest.mark.parametrize(("trouble", "tries"), [(httpx.ReadError("cut"), 1), (httpx.ConnectError("no"), 3)])
async def test_a_post_is_tried_again_only_where_nothing_was_sent(
    service: RemoteService, router: respx.MockRouter, trouble: Exception, tries: int
) -> None:
    route = router.post(URL).mock(side_effect=trouble)
    with pytest.raises(Unavailable):
        await service.post(URL, {})
    assert route.call_count == tries


async def test_while_a_limit_holds_nothing_is_asked(
    service: RemoteService, router: respx.MockRouter, clock: Clock
) -> None:
    route = router.get(URL).mock(
        side_effect=[httpx.Response(429, headers={"retry-after": "90"}), httpx.Response(200, json=[1])]
    )
    for _ in range(3):
        with pytest.raises(RateLimited, match=r"service.test takes no more requests until 2026-.* UTC"):
            await service.get(URL)
    assert route.call_count == 1
    clock.now += 90
    assert (await service.get(URL)).is_success


async def test_the_last_request_that_was_left_is_answered_and_no_other_made(
    service: RemoteService, router: respx.MockRouter, clock: Clock
) -> None:
    spent = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(clock.now) + 60)}
    router.get(URL).respond(200, json=[1], headers=spent)
    assert (await service.get(URL)).is_success
    with pytest.raises(RateLimited):
        await service.get(URL)


async def test_a_redirect_on_the_same_host_is_followed_with_what_it_says(
    service: RemoteService, router: respx.MockRouter
) -> None:
    router.get(URL, params={"a": "1"}).respond(301, headers={"location": "/other?b=2"})
    route = router.get("https://service.test/other", params={"b": "2"}).respond(200, json=[])
    assert (await service.get(URL, params={"a": "1"})).is_success
    assert route.calls.last.request.headers["authorization"] == "Bearer s3cret"


@pytest.mark.parametrize(
    "location", ["https://other.test/thing", "http://service.test/thing", "https://service.test:444/thing", "//x.test"]
)
async def test_credentials_never_go_to_another_host(
    service: RemoteService, router: respx.MockRouter, location: str
) -> None:
    router.get(URL).respond(302, headers={"location": location})
    with pytest.raises(Unavailable, match="redirects to another host"):
        await service.get(URL)
    assert len(router.calls) == 1


async def test_redirects_in_a_circle_come_to_an_end(service: RemoteService, router: respx.MockRouter) -> None:
    router.get(URL).respond(302, headers={"location": URL})
    with pytest.raises(Unavailable, match="redirects for ever"):
        await service.get(URL)


async def test_a_service_without_credentials_may_lead_elsewhere_but_not_out_of_tls(router: respx.MockRouter) -> None:
    service = RemoteService("service.test", leads_elsewhere=True)
    router.get(URL).respond(302, headers={"location": "https://other.test/thing"})
    route = router.get("https://other.test/thing")
    route.respond(200, json=[])
    assert (await service.get(URL)).is_success
    route.respond(302, headers={"location": "http://third.test/"})
    with pytest.raises(Unavailable):
        await service.get(URL)
    await service.close()


async def test_no_more_is_read_than_allowed(service: RemoteService, router: respx.MockRouter) -> None:
    read: list[int] = []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            read.append(1)
            yield b" " * 500

    router.get(URL).mock(return_value=httpx.Response(200, content=endless()))
    with pytest.raises(Unavailable, match="too large"):
        await service.get(URL)
    assert len(read) == 3


@pytest.mark.parametrize("status", [401, 403])
async def test_refused_credentials_are_not_shown(service: RemoteService, router: respx.MockRouter, status: int) -> None:
    router.get(URL).respond(status, text="Bearer s3cret is wrong")
    with pytest.raises(CredentialsRefused) as refusal:
        await service.get(URL)
    assert "s3cret" not in f"{refusal.value!r} {refusal.value.facts}"


async def test_what_is_not_accepted_is_told_in_short(service: RemoteService, router: respx.MockRouter) -> None:
    router.post(URL).respond(422, text='{"message":\n  "Validation\0 Failed"}' + "x" * 900)
    with pytest.raises(NotAccepted) as refusal:
        service.accepted(await service.post(URL, {}), list[int])
    assert str(refusal.value).startswith(
        'service.test does not accept it: status 422, {"message": "Validation Failed"}xxx'
    )
    assert len(str(refusal.value)) < 400


@pytest.mark.parametrize("trouble", [httpx.Response(502), httpx.ReadTimeout("slow"), httpx.ReadError("cut")])
async def test_a_stream_that_does_not_begin_is_trouble(
    service: RemoteService, router: respx.MockRouter, trouble: httpx.Response | Exception
) -> None:
    router.get(URL).mock(side_effect=[trouble])
    with pytest.raises(Unavailable):
        async with service.streamed(URL, timeout_seconds=5):
            pass
