"""`scores.parquet` beside results.json: each row's scores under the row's key, for comparing models row by row."""

from importlib import import_module
from pathlib import Path
from typing import Any

from touchstone_jobs.evaluation.metrics import score_of
from touchstone_jobs.evaluation.rows import Scores

SCORES_FILE = "scores.parquet"


def write_scores(path: Path, keys: list[str], scores: dict[str, Scores]) -> None:
    """Columns `row`, `key`, and `{metric}_{member}` per list of scores, `…_reason` beside it where a judge gave one."""
    columns: dict[str, list[Any]] = {"row": list(range(len(keys))), "key": keys}
    for metric, result in scores.items():
        for member, values in result.lists.items():
            columns[f"{metric}_{member}"] = [score_of(value) for value in values]
            if values and isinstance(values[0], dict):
                columns[f"{metric}_{member}_reason"] = [value["reason"] for value in values]
    table = import_module("pyarrow").Table.from_pydict(columns)
    import_module("pyarrow.parquet").write_table(table, path, compression="zstd")
