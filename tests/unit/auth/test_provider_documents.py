"""What a provider publishes is read now and then, and outlives its absence for a while."""

import pytest

from touchstone.adapters.identity_providers import (
    FRESH_SECONDS,
    RENEWED_AGAIN_SECONDS,
    STALE_SECONDS,
    ProviderDocument,
)
from touchstone.errors import Unavailable


class Provider:
    """Counts how often it is asked; `content` None is a provider that is away."""

    def __init__(self) -> None:
        self.content: bytes | None = b"1"
        self.asked = 0
        self.now = 1000.0
        self.document = ProviderDocument("metadata", self.answer, int, clock=lambda: self.now)

    async def answer(self) -> bytes:
        self.asked += 1
        if self.content is None:
            raise Unavailable(system="the identity provider", reason="away")
        return self.content


@pytest.fixture
def provider() -> Provider:
    return Provider()


async def test_it_is_read_once_while_it_is_fresh(provider: Provider) -> None:
    assert [await provider.document.current() for _ in range(3)] == [1, 1, 1]
    assert provider.asked == 1


async def test_it_is_read_again_later(provider: Provider) -> None:
    await provider.document.current()
    provider.now, provider.content = provider.now + FRESH_SECONDS, b"2"
    assert await provider.document.current() == 2


@pytest.mark.parametrize("content", [None, b"no number"])
async def test_the_old_one_serves_while_there_is_no_new_one(provider: Provider, content: bytes | None) -> None:
    await provider.document.current()
    provider.now, provider.content = provider.now + FRESH_SECONDS, content
    assert await provider.document.current() == 1
    provider.now += STALE_SECONDS
    with pytest.raises(Unavailable):
        await provider.document.current()


async def test_a_provider_that_is_away_is_not_asked_by_everybody(provider: Provider) -> None:
    provider.content = None
    for _ in range(5):
        with pytest.raises(Unavailable, match="away"):
            await provider.document.current()
    assert provider.asked == 1


async def test_it_is_renewed_for_who_misses_something_but_not_for_ever_again(provider: Provider) -> None:
    await provider.document.current()
    provider.content = b"2"
    assert await provider.document.renewed() == 2
    provider.content = b"3"
    assert await provider.document.renewed() == 2
    provider.now += RENEWED_AGAIN_SECONDS
    assert await provider.document.renewed() == 3
    assert provider.asked == 3
