import datetime as dt
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from touchstone.adapters.signed_urls import PATH, LinkExpired, LinkForged, SignedUrls

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
OLD, NEW = b"the old key, sixteen or more", b"the new key, sixteen or more"


def parts(url: str) -> dict[str, Any]:
    split = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(split.query).items()}
    return {
        "key": unquote(split.path).removeprefix(PATH),
        "expires": int(query["expires"]),
        "filename": query.get("filename"),
        "key_id": query["key_id"],
        "signature": query["signature"],
    }


def test_a_link_is_good_until_it_expires() -> None:
    urls = SignedUrls("https://here.test/", [NEW], expiry_seconds=60)
    url = urls.sign("a/ü b.csv", "x.csv", now=NOW)
    assert url.startswith("https://here.test/api/v1/objects/a/%C3%BC%20b.csv?")
    urls.verify(**parts(url), now=NOW + dt.timedelta(seconds=59))
    with pytest.raises(LinkExpired, match="expired"):
        urls.verify(**parts(url), now=NOW + dt.timedelta(seconds=60))


@pytest.mark.parametrize(
    "change",
    [
        {"key": "a/other"},
        {"expires": int(NOW.timestamp()) + 9999},
        {"filename": "y.exe"},
        {"filename": None},
        {"key_id": "unknown"},
        {"signature": "0" * 64},
        {"signature": ""},
        {"signature": "ü\ud800"},
    ],
)
def test_a_changed_link_is_refused(change: dict[str, Any]) -> None:
    urls = SignedUrls("", [NEW])
    link = parts(urls.sign("a/b", "x.csv", now=NOW))
    with pytest.raises(LinkForged, match="not signed"):
        urls.verify(**{**link, **change}, now=NOW)


def test_key_and_file_name_cannot_be_shifted_into_each_other() -> None:
    urls = SignedUrls("", [NEW])
    link = parts(urls.sign("a", 'b","c', now=NOW))
    with pytest.raises(LinkForged):
        urls.verify(**{**link, "key": 'a","b', "filename": "c"}, now=NOW)


def test_links_of_the_former_key_stay_good_while_it_is_listed() -> None:
    link = parts(SignedUrls("", [OLD]).sign("k", now=NOW))
    both = SignedUrls("", [NEW, OLD])
    both.verify(**link, now=NOW)
    assert parts(both.sign("k", now=NOW))["key_id"] != link["key_id"]
    with pytest.raises(LinkForged):
        SignedUrls("", [NEW]).verify(**link, now=NOW)


@pytest.mark.parametrize("keys", [[], [b"short"], [NEW, b""]])
def test_a_weak_signing_key_is_not_accepted(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        SignedUrls("", keys)
