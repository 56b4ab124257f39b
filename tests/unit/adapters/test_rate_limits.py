import pytest

from touchstone.adapters.rate_limits import refused_until, spent_until

NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("status", "headers", "body", "until"),
    [
        (429, {"retry-after": "30"}, b"", NOW + 30),
        (429, {"retry-after": "Mon, 21 Sep 2026 14:14:20 GMT"}, b"", NOW + 60),
        (429, {}, b"", NOW + 60),
        (429, {"x-ratelimit-reset": "2026-09-21T14:14:20Z"}, b"", NOW + 60),
        (429, {"x-ratelimit-reset": "garbage", "retry-after": "soon"}, b"", NOW + 60),
        (429, {"ratelimit-reset": str(int(NOW) + 7)}, b"", NOW + 7),
        (429, {"x-ratelimit-reset": str(int(NOW) - 500)}, b"", NOW + 1),
        (429, {"x-ratelimit-reset": "9" * 400}, b"", NOW + 86400),
        (429, {"retry-after": "9" * 400}, b"", NOW + 86400),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW) + 9)}, b"", NOW + 9),
        (403, {"retry-after": "5", "x-ratelimit-remaining": "4000"}, b"", NOW + 5),
        (403, {}, b'{"message": "You have exceeded a secondary rate limit."}', NOW + 60),
        (403, {"x-ratelimit-remaining": "4000"}, b"Resource not accessible", None),
        (503, {"retry-after": "5"}, b"", NOW + 5),
        (503, {}, b"", None),
        (200, {"x-ratelimit-remaining": "0"}, b"", None),
        (404, {"retry-after": "5"}, b"", None),
    ],
)
def test_a_refusal_for_asking_too_often_is_told_from_others(
    status: int, headers: dict[str, str], body: bytes, until: float | None
) -> None:
    assert refused_until(status, headers, body, NOW) == until


def test_the_last_answer_that_was_left_says_when_there_are_more() -> None:
    assert spent_until({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW) + 9)}, NOW) == NOW + 9
    assert spent_until({"x-ratelimit-remaining": "1", "x-ratelimit-reset": str(int(NOW) + 9)}, NOW) is None
    assert spent_until({}, NOW) is None
