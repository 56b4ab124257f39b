import contextlib
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from touchstone.http.paging import CursorInvalid, decode_cursor, encode_cursor, next_link, page_bounds

NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
ID = UUID("6d173bc0-9210-485f-87f9-25abeb5a1839")


def test_a_cursor_gives_back_what_it_was_made_of() -> None:
    assert decode_cursor(encode_cursor(NOON, ID, 7, "ä"), datetime, UUID, int, str) == (NOON, ID, 7, "ä")


def test_a_cursor_needs_no_escaping_in_a_url() -> None:
    assert encode_cursor("???>>>~~~", NOON).replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    ("cursor", "kinds"),
    [
        ("", (int,)),
        ("!", (int,)),
        ("W10", (int,)),
        ("A" * 2000, (int,)),
        (encode_cursor("text"), (int,)),
        (encode_cursor(True), (int,)),
        (encode_cursor(1, 2), (int,)),
        (encode_cursor(2**70), (int,)),
        (encode_cursor("\0"), (str,)),
        (encode_cursor(datetime(2026, 1, 1)), (datetime,)),
        ("eyJ0IjoieCJ9", (datetime,)),
        ("W3sidSI6IngifV0", (UUID,)),
        ("W3sidCI6IngifV0", (datetime,)),
        ("ä", (int,)),
    ],
)
def test_a_cursor_of_something_else_is_refused(cursor: str, kinds: tuple[type, ...]) -> None:
    with pytest.raises(CursorInvalid) as caught:
        decode_cursor(cursor, *kinds)
    assert caught.value.location == ("query", "cursor")


@given(some.text(max_size=80))
def test_no_text_breaks_the_decoding(cursor: str) -> None:
    with contextlib.suppress(CursorInvalid):
        decode_cursor(cursor, int)


@pytest.mark.parametrize(
    ("asked", "given"),
    [((0, 100), (0, 100)), ((-5, -1), (0, 1000)), ((3, 0), (3, 0)), ((0, 5000), (0, 1000))],
)
def test_bounds_of_a_page_are_lenient(asked: tuple[int, int], given: tuple[int, int]) -> None:
    assert page_bounds(*asked) == given


def test_the_next_page_keeps_the_rest_of_the_query() -> None:
    link = next_link("http://h/api/v1/jobs/?limit=2&job_types=a&job_types=b&cursor=old&skip=0", "new")
    assert link == '<http://h/api/v1/jobs/?limit=2&job_types=a&job_types=b&cursor=new>; rel="next"'


def test_a_query_cannot_leave_the_links_brackets() -> None:
    assert next_link("http://h/jobs?q=%3E;%20rel=x%0d%0a", "c").count(">") == 1
