import csv
import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from touchstone_jobs import dataset_files
from touchstone_jobs.dataset_files import NA_WORDS, RowKeys, read_rows, row_keys, write_dataset
from touchstone_jobs.wire import DatasetFacts

Columns = dict[str, list[str | None]]
VALUES = st.one_of(st.none(), st.text(st.characters(codec="utf-8"), max_size=8))


def batches(columns: Columns, size: int = 1000) -> list[pa.RecordBatch]:
    schema = pa.schema([(name, pa.string()) for name in columns])
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()}, schema).to_batches(size)


def written(columns: Columns, folder: Path, size: int = 1000) -> DatasetFacts:
    folder.mkdir(exist_ok=True)
    return write_dataset(batches(columns, size), folder)


def rows_of(folder: Path) -> list[dict[str, str | None]]:
    return list(read_rows(folder / dataset_files.ARROW_FILE))


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    columns: Columns = {"examples": ["a,b", 'say "hi"\nthen go', "", "ünï 🐊"], "ground_truth": ["1", None, "3", " 4 "]}
    facts = written(columns, tmp_path, size=3)

    assert rows_of(tmp_path) == [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]
    assert facts.rows == 4
    assert facts.columns == ["examples", "ground_truth"]
    assert facts.size == (tmp_path / dataset_files.CSV_FILE).stat().st_size
    assert {path.name for path in tmp_path.iterdir()} == set(dataset_files.FILES)


def test_the_csv_is_what_any_reader_reads(tmp_path: Path) -> None:
    written({"examples": ["a,b", 'say "hi"\r\nthen go', None], 'odd, "name"': ["x", "", "z"]}, tmp_path)

    with (tmp_path / dataset_files.CSV_FILE).open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [
            ["examples", 'odd, "name"'],
            ["a,b", "x"],
            ['say "hi"\r\nthen go', ""],
            ["", "z"],
        ]


def test_a_lone_missing_value_is_a_row_of_the_csv_too(tmp_path: Path) -> None:
    written({"examples": [None, "b"]}, tmp_path)

    assert (tmp_path / dataset_files.CSV_FILE).read_bytes() == b'examples\n""\n"b"\n'


def test_the_folder_says_of_itself_what_hugging_face_wants_and_no_local_path(tmp_path: Path) -> None:
    written({"examples": ["a"]}, tmp_path)

    info = json.loads((tmp_path / dataset_files.INFO_FILE).read_text())
    state = json.loads((tmp_path / dataset_files.STATE_FILE).read_text())
    assert info["features"] == {"examples": {"dtype": "string", "_type": "Value"}}
    assert state["_data_files"] == [{"filename": dataset_files.ARROW_FILE}]
    with pa.OSFile(str(tmp_path / dataset_files.ARROW_FILE)) as source, pa.ipc.open_stream(source) as reader:
        metadata = json.loads(reader.schema.metadata[b"huggingface"])
    assert metadata["info"]["features"] == info["features"]
    assert all(str(tmp_path).encode() not in path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.parametrize("missing", [None, " ", "\t\n", *sorted(NA_WORDS), " NaN "])
def test_ground_truth_needs_a_value_in_every_row(tmp_path: Path, missing: str | None) -> None:
    assert written({"examples": ["a", "b"], "ground_truth": ["x", "y"]}, tmp_path).ground_truth
    assert not written({"examples": ["a", "b"], "ground_truth": ["x", missing]}, tmp_path).ground_truth


def test_words_that_merely_contain_a_missing_one_are_ground_truth(tmp_path: Path) -> None:
    assert written({"examples": ["a", "b"], "ground_truth": ["Nancy", "none"]}, tmp_path).ground_truth


def test_without_the_column_or_rows_there_is_no_ground_truth(tmp_path: Path) -> None:
    assert not written({"examples": ["a"]}, tmp_path).ground_truth
    empty = pa.RecordBatch.from_pydict({"ground_truth": pa.array([], pa.string())})
    assert not write_dataset([empty], tmp_path).ground_truth


def test_no_batch_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        write_dataset([], tmp_path)


@settings(max_examples=30, deadline=None)
@given(rows=st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=12), size=st.integers(1, 12))
def test_the_digest_knows_the_rows_and_not_the_batches(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str | None, str | None]], size: int
) -> None:
    columns: Columns = {"a": [first for first, _ in rows], "b": [second for _, second in rows]}
    folder = tmp_path_factory.mktemp("digest")
    whole, in_parts = written(columns, folder), written(columns, folder, size)

    assert whole == in_parts
    assert [tuple(row.values()) for row in rows_of(folder)] == rows
    sliced = [batch.slice(1) for batch in batches({name: ["other", *values] for name, values in columns.items()})]
    assert write_dataset(sliced, folder).digest == whole.digest


@pytest.mark.parametrize(
    "other",
    [
        {"a": ["x", "y"], "b": ["1", "2"]},
        {"a": ["y", "x"], "c": ["1", "2"]},
        {"a": ["y", "x"], "b": ["1", None]},
        {"a": ["y", "x"], "b": ["1", ""]},
        {"a": ["yx", ""], "b": ["1", "2"]},
        {"b": ["1", "2"], "a": ["y", "x"]},
    ],
)
def test_another_content_has_another_digest(tmp_path: Path, other: Columns) -> None:
    digest = written({"a": ["y", "x"], "b": ["1", "2"]}, tmp_path).digest

    assert written(other, tmp_path).digest != digest


def test_equal_rows_are_told_apart_by_their_occurrence(tmp_path: Path) -> None:
    written({"a": ["x", "y", "x"], "b": ["1", None, "1"]}, tmp_path, size=2)
    first, second, third = row_keys(tmp_path / dataset_files.ARROW_FILE)

    assert first.endswith("-1")
    assert third == first.removesuffix("-1") + "-2"
    assert second.endswith("-1")
    assert second != first
    assert RowKeys().next_key(["x", "1"]) == first


def test_row_keys_do_not_see_the_columns_left_out(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    answered = tmp_path / "answered"
    written({"a": ["x", "y"]}, plain)
    written({"a": ["x", "y"], "predictions": ["p", None]}, answered)

    arrow = dataset_files.ARROW_FILE
    assert list(row_keys(answered / arrow, without=["predictions"])) == list(row_keys(plain / arrow))


@given(st.lists(VALUES, min_size=1, max_size=4), st.lists(VALUES, min_size=1, max_size=4))
def test_different_rows_have_different_keys(one: list[str | None], other: list[str | None]) -> None:
    assert (RowKeys().next_key(one) == RowKeys().next_key(other)) == (one == other)
