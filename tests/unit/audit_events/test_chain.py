import hashlib

from touchstone.domains.audit_events.model import FIRST_DIGEST, Link, Unsealed, canonical, next_digest
from touchstone.domains.audit_events.service import SEALED_AT_ONCE, fault_of, sealed_before


def test_an_event_is_hashed_as_netstrings() -> None:
    assert canonical(["7", None, "", "grün"]) == "1:7,-,0:,5:grün,".encode()


def test_no_two_events_are_written_alike() -> None:
    assert canonical(["a", "b"]) != canonical(["ab", ""])
    assert canonical([None]) != canonical([""])
    assert canonical(["1:a,"]) != canonical(["1", "a"])


def test_a_digest_covers_the_one_before_it() -> None:
    first = next_digest(FIRST_DIGEST, ["a"])
    assert first == hashlib.sha256(bytes(32) + b"1:a,").digest()
    assert next_digest(first, ["b"]) == hashlib.sha256(first + b"1:b,").digest()


def test_each_fault_is_named_with_its_row() -> None:
    digest = next_digest(FIRST_DIGEST, ["a"])
    assert fault_of(Link(1, 10, digest, ["a"]), 0, FIRST_DIGEST) is None
    assert fault_of(Link(1, 10, digest, ["b"]), 0, FIRST_DIGEST) == "event 10, link 1, is not what was sealed"
    assert fault_of(Link(1, 10, digest, None), 0, FIRST_DIGEST) == "event 10, link 1, is gone"
    assert fault_of(Link(2, 10, digest, ["a"]), 0, FIRST_DIGEST) == "link 1 is gone; the next is 2, of event 10"


def unsealed(transaction_id: int, oldest: int, following: int) -> Unsealed:
    return Unsealed(id=1, transaction_id=transaction_id, oldest=oldest, next=following, columns=[])


def test_when_nothing_is_left_everything_before_the_oldest_open_transaction_is_sealed() -> None:
    assert sealed_before([unsealed(50, 40, 60)]) == 40


def test_when_something_may_be_left_the_note_goes_no_further_than_what_was_sealed() -> None:
    full = [unsealed(50, 90, 100)] * SEALED_AT_ONCE
    assert sealed_before(full) == 50
    assert sealed_before([unsealed(95, 90, 100)] * SEALED_AT_ONCE) == 90


def test_the_note_stays_in_the_future_while_events_of_another_server_are_sealed() -> None:
    assert sealed_before([unsealed(5000, 90, 100)] * SEALED_AT_ONCE) == 5000
