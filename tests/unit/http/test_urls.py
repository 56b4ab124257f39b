"""Web addresses in requests."""

import pytest

from touchstone.http.decoding import Fault
from touchstone.http.decoding.urls import normalised_url


@pytest.mark.parametrize(
    ("given", "normalised"),
    [
        ("http://h", "http://h/"),
        ("HTTP://Example.COM/A", "http://example.com/A"),
        ("https://h:443/x", "https://h/x"),
        ("http://h:443", "http://h:443/"),
        ("http://h?q=1#top", "http://h/?q=1#top"),
        ("http://h/a b/%20", "http://h/a%20b/%20"),
        ("http://h/é", "http://h/%C3%A9"),
        ("http://bücher.example", "http://xn--bcher-kva.example/"),
        ("http://[0:0::1]:8000", "http://[::1]:8000/"),
        ("http://user:word@H/", "http://user:word@h/"),
        ("  http://h/  ", "http://h/"),
    ],
)
def test_an_address_has_one_spelling(given: str, normalised: str) -> None:
    assert normalised_url(given) == normalised
    assert normalised_url(normalised) == normalised


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ("h", "url_parsing"),
        ("//h", "url_parsing"),
        ("http://", "url_parsing"),
        ("http://a b", "url_parsing"),
        ("http://[::g]", "url_parsing"),
        ("http://h:66000", "url_parsing"),
        ("http://h\\x", "url_parsing"),
        ("ftp://h", "url_scheme"),
        ("javascript:alert(1)", "url_scheme"),
    ],
)
def test_anything_else_is_refused(given: str, kind: str) -> None:
    with pytest.raises(Fault) as caught:
        normalised_url(given)
    assert caught.value.kind == kind
