"""Signatures of Standard Webhooks; the first vector is the one that the specification's own libraries test."""

import base64

from tests.webhook_receiver import verified

from touchstone.domains.webhooks.signing import new_secret, signature, signed_headers

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'


def test_the_published_vector_is_signed_as_published() -> None:
    assert signature(SECRET, MESSAGE, AT, BODY) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_new_secret_has_the_prefix_and_32_random_bytes() -> None:
    first, second = new_secret(), new_secret()
    assert first != second
    assert first.startswith("whsec_")
    assert len(base64.b64decode(first.removeprefix("whsec_"))) == 32


def test_a_receiver_accepts_what_was_signed() -> None:
    assert verified(SECRET, signed_headers([SECRET], MESSAGE, AT, BODY), BODY, now=AT)


def test_while_a_secret_is_replaced_receivers_with_either_accept() -> None:
    other = new_secret()
    headers = signed_headers([other, SECRET], MESSAGE, AT, BODY)
    assert headers["webhook-signature"].count("v1,") == 2
    assert verified(SECRET, headers, BODY, now=AT)
    assert verified(other, headers, BODY, now=AT)
    assert not verified(new_secret(), headers, BODY, now=AT)


def test_a_changed_body_id_or_time_is_refused() -> None:
    headers = signed_headers([SECRET], MESSAGE, AT, BODY)
    assert not verified(SECRET, headers, BODY + b" ", now=AT)
    assert not verified(SECRET, {**headers, "webhook-id": "msg_other"}, BODY, now=AT)
    assert not verified(SECRET, {**headers, "webhook-timestamp": str(AT + 1)}, BODY, now=AT)


def test_a_message_is_good_for_five_minutes() -> None:
    headers = signed_headers([SECRET], MESSAGE, AT, BODY)
    assert verified(SECRET, headers, BODY, now=AT + 300)
    assert verified(SECRET, headers, BODY, now=AT - 300)
    assert not verified(SECRET, headers, BODY, now=AT + 301)
    assert not verified(SECRET, headers, BODY, now=AT - 301)
