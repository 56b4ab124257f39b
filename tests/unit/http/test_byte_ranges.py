import pytest

from touchstone.http.byte_ranges import ByteRange, UnsatisfiableRangeError, asked_range


@pytest.mark.parametrize(
    ("header", "piece"),
    [
        ("bytes=0-0", ByteRange(0, 1)),
        ("bytes=2-5", ByteRange(2, 4)),
        ("Bytes = 2-", ByteRange(2, 8)),
        ("bytes=2-99", ByteRange(2, 8)),
        ("bytes=-3", ByteRange(7, 3)),
        ("bytes=-99", ByteRange(0, 10)),
        (None, None),
        ("", None),
        ("bytes=-", None),
        ("bytes=5-2", None),
        ("bytes=0-1,4-5", None),
        ("lines=1-2", None),
        ("bytes=a-b", None),
    ],
)
def test_one_piece_of_ten_bytes(header: str | None, piece: ByteRange | None) -> None:
    assert asked_range(header, 10) == piece


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=10-", 10), ("bytes=10-12", 10), ("bytes=-0", 10), ("bytes=-5", 0)]
)
def test_a_range_behind_the_end_cannot_be_satisfied(header: str, size: int) -> None:
    with pytest.raises(UnsatisfiableRangeError):
        asked_range(header, size)


def test_content_range_counts_from_zero_to_the_last_byte() -> None:
    assert ByteRange(2, 4).of(10) == "bytes 2-5/10"
