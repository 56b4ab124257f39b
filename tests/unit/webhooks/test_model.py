import pytest

from touchstone.domains.webhooks.addresses import require_usable, shown
from touchstone.domains.webhooks.model import AddressUnusable, EventUnknown, groups_of, retry_seconds

DAY = 86_400


def test_retries_back_off_from_seconds_to_two_hours() -> None:
    waits = [retry_seconds(attempt, 0) for attempt in range(1, 10)]
    assert waits[:4] == [5, 15, 45, 135]
    assert waits == sorted(waits)
    assert waits[-1] == 7200


def test_a_day_holds_a_score_of_attempts_at_most() -> None:
    waited, attempts = 0.0, 1
    while waited < DAY:
        waited += retry_seconds(attempts, -1)
        attempts += 1
    assert 12 <= attempts <= 25


def test_retries_are_spread_by_a_fifth() -> None:
    assert retry_seconds(1, -1) == pytest.approx(4)
    assert retry_seconds(1, 1) == pytest.approx(6)


def test_a_receiver_may_ask_for_more_time_but_not_for_ever() -> None:
    assert retry_seconds(1, 0, 60) == 60
    assert retry_seconds(1, 0, 1) == 5
    assert retry_seconds(1, 0, 10**6) == 7200


def test_patterns_name_their_groups() -> None:
    assert groups_of(["job.failed", "job.*", "workflow.succeeded"]) == ["job", "workflow"]
    assert groups_of(["*"]) == ["job", "workflow", "execution", "review", "artefact"]
    assert groups_of(["execution.ended"]) == ["execution"]


@pytest.mark.parametrize(
    "event", ["", "job", "job.", "job.exploded", "*.failed", "jobs.*", "webhook.ping", "job.failed "]
)
def test_an_event_that_there_is_not_is_refused(event: str) -> None:
    with pytest.raises(EventUnknown) as refused:
        groups_of(["*", event])
    assert refused.value.location == ("body", "events", 1)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/a?b=c",
        "https://hooks.example.com:8443/",
        "https://8.8.8.8/x",
        "https://[2001:4860:4860::8888]/x",
    ],
)
def test_public_addresses_are_usable(url: str) -> None:
    require_usable(url, allow_private=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "https:///path",
        "https://user:secret@hooks.example.com/",
        "https://hooks.example.com/#part",
        "https://hooks.example.com/a b",
        "https://hooks.example.com:port/",
        "https://localhost/",
        "https://a.localhost./",
        "https://metadata.google.internal/",
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(AddressUnusable):
        require_usable(url, allow_private=False)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/", "http://hooks.lan/", "https://10.1.2.3/", "http://[::1]/"])
def test_private_addresses_are_usable_where_they_are_allowed(url: str) -> None:
    require_usable(url, allow_private=True)


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/", "http://[fe80::1]/", "http://0.0.0.0/", "http://u:p@hooks.lan/"]
)
def test_metadata_and_credentials_are_refused_everywhere(url: str) -> None:
    with pytest.raises(AddressUnusable):
        require_usable(url, allow_private=True)


def test_what_is_noted_of_an_address_holds_no_token() -> None:
    assert shown("https://hooks.example.com:8443/services/T0/secret?token=x") == "https://hooks.example.com:8443/…"
