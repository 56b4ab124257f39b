"""The dataset an attempt works on, as a local file read batch by batch."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from touchstone_jobs import dataset_files, storage
from touchstone_jobs.failures import JobFailure
from touchstone_jobs.wire import JobConfig

EXAMPLES = "examples"


class Source:
    """The first `rows` rows of a dataset; `rows` is all of them unless the job asks for fewer."""

    def __init__(self, arrow_file: Path, max_samples: int) -> None:
        self.arrow_file = arrow_file
        self.columns = dataset_files.read_columns(arrow_file)
        held = sum(batch.num_rows for batch in dataset_files.read_batches(arrow_file))
        self.rows = min(held, max_samples) if max_samples > 0 else held

    def batches(self) -> Iterator[dataset_files.RecordBatch]:
        left = self.rows
        for batch in dataset_files.read_batches(self.arrow_file):
            if left <= 0:
                return
            yield batch.slice(0, left)
            left -= batch.num_rows

    def values(self, column: str) -> Iterator[str | None]:
        for batch in self.batches():
            yield from batch.column(column).to_pylist()

    def keys(self, *, without: Sequence[str] = ()) -> Iterator[str]:
        """The rows' stable keys (dataset_files.row_keys)."""
        every = dataset_files.row_keys(self.arrow_file, without=without)
        return (key for key, _ in zip(every, range(self.rows), strict=False))


def fetch_source(config: JobConfig, folder: Path) -> Source:
    """Raises JobFailure `dataset_missing` or `dataset_unreadable`."""
    arrow_file = folder / dataset_files.ARROW_FILE
    try:
        storage.get_file(config.dataset.folder_uri + dataset_files.ARROW_FILE, arrow_file)
    except storage.ObjectMissing:
        raise JobFailure("dataset_missing", f"The dataset {config.dataset.name} is not in the object store.") from None
    try:
        return Source(arrow_file, config.max_samples)
    except (ValueError, OSError) as error:
        raise JobFailure("dataset_unreadable", f"The dataset {config.dataset.name} cannot be read: {error}") from None
