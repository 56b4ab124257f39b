"""From uploads to dataset files: what is taken, what is refused, and in which words."""

import csv
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchstone.domains.datasets import ingest_csv
from touchstone.domains.datasets.ingest import ingest
from touchstone.domains.datasets.ingest_csv import IrregularRows, careful_batches, quick_batches, read_header
from touchstone.domains.datasets.model import DatasetInvalid, DatasetMissingFields
from touchstone_jobs.dataset_files import ARROW_FILE, CSV_FILE, FILES, read_rows, row_keys
from touchstone_jobs.wire import DatasetFacts

DATA = Path(__file__).parents[4] / "shared" / "data"
BOM = "\ufeff"
Rows = list[dict[str, Any]]


def taken(tmp_path: Path, body: str | bytes, filename: str = "d.csv") -> tuple[DatasetFacts, Rows]:
    received = tmp_path / "received"
    received.write_bytes(body.encode() if isinstance(body, str) else body)
    facts = ingest(received, filename, tmp_path / "folder")
    return facts, list(read_rows(tmp_path / "folder" / ARROW_FILE))


def refusal(tmp_path: Path, body: str | bytes, filename: str = "d.csv") -> str:
    with pytest.raises(DatasetInvalid) as caught:
        taken(tmp_path, body, filename)
    prefix, _, reason = str(caught.value).partition(": ")
    assert prefix == "Dataset is invalid"
    return reason


def table(tmp_path: Path, columns: dict[str, Any]) -> bytes:
    parquet.write_table(pa.table(columns), tmp_path / "table")
    return (tmp_path / "table").read_bytes()


def test_a_csv_becomes_the_four_files(tmp_path: Path) -> None:
    facts, rows = taken(tmp_path, 'examples,ground_truth\nHello,"a, b"\nc,d\n')
    assert rows == [{"examples": "Hello", "ground_truth": "a, b"}, {"examples": "c", "ground_truth": "d"}]
    assert (facts.rows, facts.columns, facts.ground_truth) == (2, ["examples", "ground_truth"], True)
    assert sorted(path.name for path in (tmp_path / "folder").iterdir()) == sorted(FILES)
    with (tmp_path / "folder" / CSV_FILE).open(newline="") as file:
        assert list(csv.DictReader(file)) == rows


@pytest.mark.parametrize(
    "body",
    [
        "examples,n\na,1\nb,2\n",
        "examples;n\na;1\nb;2\n",
        "examples\tn\na\t1\nb\t2\n",
        BOM + "examples,n\na,1\nb,2\n",
        BOM + "examples;n\r\na;1\r\nb;2\r\n",
        "examples,n\ra,1\rb,2\r",
        "examples,n\na,1\nb,2",
        "\n\nexamples,n\n\na,1\n\nb,2\n\n\n",
        '"examples","n"\n"a","1"\n"b","2"\n',
        " examples , n \na,1\nb,2\n",
        '{"examples": "a", "n": 1}\n{"examples": "b", "n": 2}\n',
        BOM + '{"examples": "a", "n": 1}\r\n\r\n{"n": 2, "examples": "b"}',
    ],
)
def test_every_way_to_write_it_gives_the_same_rows_and_digest(tmp_path: Path, body: str) -> None:
    facts, rows = taken(tmp_path, body)
    expected, _ = taken(tmp_path, table(tmp_path, {"examples": ["a", "b"], "n": [1, 2]}))
    assert rows == [{"examples": "a", "n": "1"}, {"examples": "b", "n": "2"}]
    assert facts == expected


def test_content_and_not_the_extension_decides(tmp_path: Path) -> None:
    for body in ("examples\na\n", '{"examples": "a"}\n', table(tmp_path, {"examples": ["a"]})):
        for filename in ("x.csv", "x.txt", "x", "x.parquet", "x.json"):
            if body == "examples\na\n" and filename == "x.json":
                continue
            assert taken(tmp_path, body, filename)[1] == [{"examples": "a"}]


def test_quoted_values_keep_their_lines_quotes_and_spaces(tmp_path: Path) -> None:
    _, rows = taken(tmp_path, 'examples,n\n" two\r\nlines ","say ""x"""\n')
    assert rows == [{"examples": " two\r\nlines ", "n": 'say "x"'}]


def test_a_row_that_is_too_short_is_filled_up(tmp_path: Path) -> None:
    facts, rows = taken(tmp_path, "examples,ground_truth\na\nb,\n")
    assert rows == [{"examples": "a", "ground_truth": ""}, {"examples": "b", "ground_truth": ""}]
    assert not facts.ground_truth


@pytest.mark.parametrize(
    ("column", "complete"),
    [
        (["x", "y"], True),
        (["1", "2.5"], True),
        (["x", ""], False),
        (["  ", "x"], False),
        (["x", "NA"], False),
        (["NaN", "x"], False),
        (["null", "x"], False),
        (["x", "None of these"], True),
    ],
)
def test_ground_truth_is_there_when_every_row_has_it(tmp_path: Path, column: list[str], complete: bool) -> None:
    body = "examples,ground_truth\n" + "".join(f"e,{value}\n" for value in column)
    facts, rows = taken(tmp_path, body)
    assert facts.ground_truth is complete
    assert [row["ground_truth"] for row in rows] == column


def test_other_columns_stay_and_none_is_needed(tmp_path: Path) -> None:
    assert taken(tmp_path, "extra,examples\n1,a\n")[1] == [{"extra": "1", "examples": "a"}]


@pytest.mark.parametrize("body", ["", "\n\r\n", BOM, "ground_truth\nx\n", "Examples\nx\n", "{}\n", '{"x": 1}\n'])
def test_without_examples_it_is_refused_in_the_words_of_the_contract(tmp_path: Path, body: str) -> None:
    with pytest.raises(DatasetMissingFields) as caught:
        taken(tmp_path, body)
    assert str(caught.value) == "Dataset is missing required fields: examples"


def test_a_parquet_file_without_examples_is_refused_alike(tmp_path: Path) -> None:
    with pytest.raises(DatasetMissingFields):
        taken(tmp_path, table(tmp_path, {"x": ["a"]}))


@pytest.mark.parametrize(
    ("body", "byte", "line"),
    [
        ("examples,n\nä,1\ncaf\xe9,x\n".encode("latin-1"), 12, 2),
        (b"\xff\xfe" + "examples\na\n".encode("utf-16-le"), 1, 1),
        ("examples\na\n".encode("utf-16-le"), 2, 1),
        (b"examples\nok\n\x00\n", 13, 3),
        (b"examples\nab\xe2\x82", 12, 2),
        (b"examples\n" + b"x" * 1_048_560 + "ü€".encode() * 9 + b"\xe2\x28", 9 + 1_048_560 + 45 + 1, 2),
    ],
)
def test_what_is_no_text_is_not_a_csv_file(tmp_path: Path, body: bytes, byte: int, line: int) -> None:
    assert refusal(tmp_path, body) == f"not a CSV file (byte {byte}, in line {line}, is not UTF-8 text)"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("examples,n\n", "it has columns but no rows"),
        ("examples", "it has columns but no rows"),
        ("examples,n\n\n\n", "it has columns but no rows"),
        ("examples,n\na,b,c\nd,e\n", "line 2 has 3 values, but the header has 2 columns"),
        ('examples,n\n"two\nlines",1\n"x\n\ny",b,c\n', "line 4 has 3 values, but the header has 2 columns"),
        ("\nexamples,n\n\na,b\na,b,\n", "line 5 has 3 values, but the header has 2 columns"),
        ("examples;n\na;b;c\n", "line 2 has 3 values, but the header has 2 columns"),
        ('examples,n\na,b\n"c,d\n', "a quoted value in the row that begins in line 3 never ends"),
        ('examples\n"c\n\nd', "a quoted value in the row that begins in line 2 never ends"),
        ("examples,examples\na,b\n", "it has more than one column named examples"),
        ("examples,n, n\na,b,c\n", "it has more than one column named n"),
        (
            ",examples\n0,a\n",
            "its column 1 has no name (leave out an index that a table program wrote)",
        ),
        ("examples," + "x" * 300 + "\na,b\n", f"the column name {'x' * 40}… is longer than 200 characters"),
        ("examples," + ",".join(f"c{n}" for n in range(1000)) + "\n", "it has 1001 columns, more than 1000"),
        ('examples,"' + "x\n" * 300_000, "its header does not end within 262144 characters"),
    ],
)
def test_a_csv_that_cannot_be_right_is_refused_with_the_place(tmp_path: Path, body: str, reason: str) -> None:
    assert refusal(tmp_path, body) == reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('{"examples": "a"}\n{"examples": \n', "line 2 is not valid JSON"),
        ('{"examples": "a"}\n\n["b"]\n', "line 3 is not a JSON object"),
        ('[{"examples": "a"}]\n', "line 1 is not a JSON object"),
        ("{" * 100_000, "line 1 is not valid JSON"),
        (
            '{"examples": ["a"]}\n',
            "the value of examples in line 1 is a list or an object, not a text or a number",
        ),
        ('{"examples": "a\\u0000"}\n', "the value of examples in line 1 holds a NUL character"),
        ('{"examples": "\\ud800"}\n', "line 1 is not valid JSON"),
    ],
)
def test_json_lines_that_cannot_be_right_are_refused_with_the_line(tmp_path: Path, body: str, reason: str) -> None:
    assert refusal(tmp_path, body, "d.jsonl") == reason


def test_json_values_become_their_text(tmp_path: Path) -> None:
    _, rows = taken(tmp_path, '{"examples": "a", "n": 1.50, "b": true}\n{"examples": null, "later": 12e3}\n')
    assert rows == [
        {"examples": "a", "n": "1.50", "b": "true", "later": ""},
        {"examples": "", "n": "", "b": "", "later": "12e3"},
    ]


def test_parquet_values_become_their_text(tmp_path: Path) -> None:
    columns = {
        "examples": pa.array(["a", None, "a"]).dictionary_encode(),
        "n": [1, 2, None],
        "f": [1.5, 2.0, 3.0],
        "b": [True, False, None],
        "large": pa.array(["x", "y", "z"], pa.large_string()),
    }
    _, rows = taken(tmp_path, table(tmp_path, columns))
    assert rows[0] == {"examples": "a", "n": "1", "f": "1.5", "b": "true", "large": "x"}
    assert [row["examples"] for row in rows] == ["a", "", "a"]
    assert rows[2]["n"] == rows[2]["b"] == ""


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"examples": [["a"]]}, "the column examples holds list<element: string>, which has no text form"),
        ({"examples": pa.array([b"\xff"])}, "the column examples holds binary, which has no text form"),
        ({"examples": ["a\0"]}, "the column examples holds a NUL character"),
        ({"examples": pa.array([], pa.string())}, "it has columns but no rows"),
    ],
)
def test_a_parquet_file_without_text_is_refused(tmp_path: Path, columns: dict[str, Any], reason: str) -> None:
    assert refusal(tmp_path, table(tmp_path, columns)) == reason


def test_a_damaged_parquet_file_is_refused(tmp_path: Path) -> None:
    whole = table(tmp_path, {"examples": ["a" * 1000, "b"]})
    for body in (whole[:-20], whole[:40], b"PAR1", whole[:4] + b"\xff" * 50 + whole[54:]):
        assert refusal(tmp_path, body) == "not a Parquet file, or a damaged one"


def test_what_unpacks_to_many_times_its_size_is_refused(tmp_path: Path) -> None:
    body = table(tmp_path, {"examples": pa.array(["x" * 100_000] * 2000).dictionary_encode()})
    assert refusal(tmp_path, body) == "its rows take more than 100000000 bytes"


def test_a_value_longer_than_a_block_is_read(tmp_path: Path) -> None:
    long = "x" * (ingest_csv.BLOCK + 1000)
    _, rows = taken(tmp_path, f'examples,n\na,1\n"{long}",2\nb,3\n')
    assert [len(row["examples"]) for row in rows] == [1, len(long), 1]


def test_many_rows_cross_blocks_and_batches(tmp_path: Path) -> None:
    lines = [f'"row {number}\n{"y" * (number % 700)}",{number}' for number in range(20_000)]
    facts, rows = taken(tmp_path, "examples,n\n" + "\n".join(lines))
    assert facts.rows == 20_000
    assert rows[12_345] == {"examples": f"row 12345\n{'y' * (12_345 % 700)}", "n": "12345"}


def quick(path: Path) -> Rows | None:
    try:
        return [row for batch in quick_batches(path, read_header(path)) for row in batch.to_pylist()]
    except IrregularRows:
        return None


@given(text=st.text(alphabet='a",;\n\r \t', max_size=30))
def test_where_the_quick_reading_gives_rows_they_are_those_of_the_careful_one(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.mktemp("csv") / "d.csv"
    for header in ("examples\n", "examples,n\n", "examples;n\n"):
        path.write_bytes((header + text).encode())
        if (rows := quick(path)) is not None:
            careful = [row for batch in careful_batches(path, read_header(path)) for row in batch.to_pylist()]
            assert rows == careful


@given(rows=st.lists(st.tuples(st.text(), st.text()), min_size=1))
def test_what_a_csv_writer_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    clean = [
        tuple("".join(c for c in value if c != "\0" and not "\ud800" <= c < "\ue000") for value in row) for row in rows
    ]
    path = tmp_path_factory.mktemp("csv") / "received"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([("examples", "n"), *clean])
    ingest(path, "d.csv", path.parent / "folder")
    assert [tuple(row.values()) for row in read_rows(path.parent / "folder" / ARROW_FILE)] == clean


@pytest.mark.skipif(not DATA.is_dir(), reason=f"the evaluation contract's sample data is not in {DATA.parent.name}")
@pytest.mark.parametrize(
    ("name", "rows", "ground_truth"),
    [
        ("summarization/dialogsum_exc.csv", 5, True),
        ("summarization/dialogsum_mini_no_gt.csv", 5, False),
        ("summarization/dialogsum_mini_empty_gt.csv", 5, False),
        ("summarization/dialogsum_mini_all_gt_is_whitespace.csv", 2, False),
        ("summarization/dialogsum_mini_some_missing_some_whitespace_gt.csv", 2, False),
        ("summarization/mock_long_sequences_no_gt.csv", 2, False),
        ("summarization/predictions_gibberish.csv", 5, True),
        ("translation/sample_translation_en_de.csv", 5, True),
        ("translation/sample_translation_en_es.csv", 5, True),
    ],
)
def test_the_contracts_samples_are_taken(tmp_path: Path, name: str, rows: int, ground_truth: bool) -> None:
    facts, read = taken(tmp_path, (DATA / name).read_bytes(), name)
    assert (facts.rows, facts.ground_truth, len(read)) == (rows, ground_truth, rows)
    assert all(row["examples"] for row in read)


def test_json_lines_may_not_be_told_by_their_name_alone(tmp_path: Path) -> None:
    assert refusal(tmp_path, "examples\na\n", "d.jsonl") == "line 1 is not valid JSON"


def test_a_row_has_its_key_in_whatever_file_and_place_it_comes(tmp_path: Path) -> None:
    def keys(name: str, body: str | bytes) -> list[str]:
        folder = tmp_path / name
        folder.mkdir()
        taken(folder, body, name)
        return list(row_keys(folder / "folder" / ARROW_FILE))

    first = keys("a.csv", "examples,n\na,1\nb,2\na,1\n")
    assert len(set(first)) == 3
    assert [key.rpartition("-")[2] for key in first] == ["1", "1", "2"]
    assert keys("b.jsonl", '{"examples":"a","n":"1"}\n{"examples":"b","n":"2"}\n{"examples":"a","n":"1"}\n') == first
    assert keys("c.parquet", table(tmp_path, {"examples": ["a", "b", "a"], "n": ["1", "2", "1"]})) == first
    assert sorted(keys("d.csv", "examples;n\nb;2\na;1\na;1\n")) == sorted(first)
    assert set(keys("e.csv", "examples,n\nnew,0\nb,2\na,1\n")) & set(first) == {first[0], first[1]}
