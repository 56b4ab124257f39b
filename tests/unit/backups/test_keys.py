"""Telling keys by their fingerprints."""

from touchstone.backups.keys import lacking, prints_of

SECRET, SIGNING = "TOUCHSTONE_SECRET_KEYS", "TOUCHSTONE_URL_SIGNING_KEYS"


def test_keys_that_are_held_are_recognised_in_any_order():
    needed = prints_of({SECRET: ["one", "two"], SIGNING: ["three"]}, is_included=False)
    assert lacking(needed, {SECRET: ["new", "two", "one"], SIGNING: ["three"]}) == {}


def test_each_key_that_lacks_is_named_by_its_place():
    needed = prints_of({SECRET: ["one", "two"], SIGNING: ["three"]}, is_included=False)
    assert lacking(needed, {SECRET: ["one"]}) == {SECRET: [2], SIGNING: [1]}


def test_two_backups_tell_a_key_by_different_prints():
    first, second = (prints_of({SECRET: ["one"]}, is_included=False) for _ in range(2))
    assert first.prints != second.prints
