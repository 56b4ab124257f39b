"""`scores.parquet` beside results.json: each row's scores under the row's key, for comparing models row by row."""

from importlib import import_module
from pathlib import Path
from typing import Any

from touchstone_jobs.evaluation.metrics import score_of
from touchstone_jobs.evaluation.rows import Scores

SCORES_FILE = "scores.parquet"


def write_scores(path: Path, keys: list[str], scores: dict[str, Scores]) -> None:
    """Columns `row`, `key`, and `{metric}_{member}` per list of scores; beside it `…_reason` where a judge gave one,
    and `…_verdicts`, a list of {judge, score, reason}, where several did."""
    columns: dict[str, list[Any]] = {"row": list(range(len(keys))), "key": keys}
    for metric, result in scores.items():
        for member, values in result.lists.items():
            columns[f"{metric}_{member}"] = [score_of(value) for value in values]
            first = values[0] if values else None
            told = [name for name in ("reason", "verdicts") if isinstance(first, dict) and name in first]
            columns |= {f"{metric}_{member}_{name}": [value[name] for value in values] for name in told}
    table = import_module("pyarrow").Table.from_pydict(columns)
    import_module("pyarrow.parquet").write_table(table, path, compression="zstd")
