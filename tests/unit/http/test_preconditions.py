"""Editions, and what an If-Match allows."""

import pytest

from touchstone.http.preconditions import edition_tag, editions_allowed, with_edition


@pytest.mark.parametrize(
    ("header", "allowed"),
    [
        (None, None),
        ("*", None),
        (" * ", None),
        ('"1"', [1]),
        ('"1", "20"', [1, 20]),
        ('W/"3"', [3]),
        ('"a","0","01","-1","1e3","9999999999"', []),
        ('"5", "x"', [5]),
        ("5", []),
        ("", []),
        ('"', []),
    ],
)
def test_if_match_allows_the_editions_that_it_names(header, allowed):
    assert editions_allowed(header) == allowed


def test_a_tag_leads_back_to_its_edition():
    assert editions_allowed(edition_tag(41)) == [41]


def test_an_answer_carries_its_edition():
    answer = with_edition(b"{}", 3, {"Touchstone-Approvals": "1/2"})
    assert (answer.content, answer.media_type) == (b"{}", "application/json")
    assert answer.headers == {"ETag": '"3"', "Touchstone-Approvals": "1/2"}
