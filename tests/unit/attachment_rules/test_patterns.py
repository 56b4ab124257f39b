"""Which patterns are refused before a database sees them."""

import pytest

from touchstone.domains.attachment_rules.patterns import NASTY_LENGTH, nasty_texts, needed_text, require_bounded


@pytest.mark.parametrize(
    "pattern",
    [
        "kernel panic",
        "(?i)kernel panic",
        r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        r"a\\1",
        r"\{3} \(",
        "[]a-z(]{3}",
        "[[:alpha:]{]{5}",
        "(?:ab){3,}",
        "(a|a)*b",
        "a{1000}",
        "(((a{2}){2}){2}){2}",
    ],
)
def test_a_pattern_whose_size_is_bounded_stays_as_it_is(pattern: str) -> None:
    assert require_bounded(pattern) == pattern


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (r"(a)\1", "References back"),
        (r"(a)\\\1", "References back"),
        (r"([ab])x\9", "References back"),
        ("(?=a)b", "Of the groups"),
        ("b(?!a)", "Of the groups"),
        ("(?<=a)b", "Of the groups"),
        ("x(?i)y", "Of the groups"),
        ("(?q)a", "Of the groups"),
        ("***=a", "Directors"),
        ("(?i)***:a", "Directors"),
        ("a{1001}", "copies"),
        ("((a{1,20}){1,20}){1,20}", "copies"),
        ("((((((((((a{2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}", "copies"),
        ("a{3}{3}{3}{3}{3}{3}{3}", "copies"),
        ("(ab|cd){300,}", "copies"),
    ],
)
def test_a_pattern_that_could_take_long_is_refused(pattern: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        require_bounded(pattern)


def test_a_new_pattern_is_tried_on_long_texts_of_its_own_letters() -> None:
    texts = nasty_texts(r"(x+x+)+y")
    assert {len(text) for text in texts} == {NASTY_LENGTH + 1}
    assert texts[1].startswith("xxyxxy")
    assert nasty_texts("^$")[0].startswith("aaa")


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        ("Kernel panic", "kernel panic"),
        ("(?i)Kernel panic", "kernel panic"),
        (r"^oops: \d+ in unit", " in unit"),
        (r"a\.out\b", "a.out"),
        ("colou?r of it", "r of it"),
        ("abcd*", "abc"),
        ("abcd+efg", "abcd"),
        ("abcd{0,3}", "abc"),
        ("abcd{2}", "abc"),
        ("(alpha)beta", "beta"),
        ("(alpha|gamma)?beta", "beta"),
        ("alpha|beta", None),
        ("x(alpha|beta)y", None),
        ("[abc]def[ghi]", "def"),
        ("ab.cd", None),
        ("größer als", "er als"),
        (r"\d\d\d", None),
    ],
)
def test_what_a_text_must_hold_is_read_off_a_pattern(pattern: str, needed: str | None) -> None:
    assert needed_text(pattern) == needed
