"""The dataset that ships with the demo."""

import csv
from pathlib import Path

import pytest

from touchstone.demo.sample import DIALOGUES, UnfitFile, require_fit


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with DIALOGUES.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_it_holds_enough_different_dialogues_each_with_a_summary(rows: list[dict[str, str]]) -> None:
    assert len({row["examples"] for row in rows}) == len(rows) >= 40
    assert all(row["ground_truth"].strip() for row in rows)


def test_each_dialogue_is_a_short_talk_of_two(rows: list[dict[str, str]]) -> None:
    for row in rows:
        lines = row["examples"].split("\n")
        assert 4 <= len(lines) <= 10
        assert all(line.startswith(("#Person1#: ", "#Person2#: ")) for line in lines)


def test_each_summary_is_shorter_than_its_dialogue(rows: list[dict[str, str]]) -> None:
    assert all(len(row["ground_truth"]) < len(row["examples"]) for row in rows)


def test_the_sample_is_fit() -> None:
    require_fit(DIALOGUES)


def test_a_byte_order_mark_does_not_hide_a_column(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_bytes(b"\xef\xbb\xbfexamples,ground_truth\na,b\n")
    require_fit(file)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(UnfitFile, match="not readable as CSV"):
        require_fit(file)
