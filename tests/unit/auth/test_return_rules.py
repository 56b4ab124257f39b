"""Where a browser may be sent back to."""

import pytest

from touchstone.domains.auth.model import ReturnRules

RULES = ReturnRules.of("https://app.example.org/base/", "http://localhost:30001")


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.org",
        "https://app.example.org/",
        "https://APP.example.org:443/x?y#z",
        "http://localhost:30001/#/snaps",
    ],
)
def test_front_ends_are_allowed_with_any_path(url: str) -> None:
    assert RULES.allowed(url) == url


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "/relative",
        "//app.example.org/",
        "http://app.example.org/",
        "https://app.example.org:8443/",
        "https://app.example.org.evil.example/",
        "https://evil.example/https://app.example.org/",
        "https://app.example.org@evil.example/",
        "https://evil.example\\@app.example.org/",
        "https://app.example.org\\.evil.example/",
        "https://app.example.org:x/",
        "https://[app.example.org/",
        " https://app.example.org/",
        "https://app.example.org/\r\nSet-Cookie: a=b",
        "https://app.example.org/ä",
        "javascript:alert(1)//https://app.example.org",
        "https:app.example.org",
        "https://app.example.org/" + "x" * 3000,
    ],
)
def test_everything_else_is_not(url: str | None) -> None:
    assert RULES.allowed(url) is None
