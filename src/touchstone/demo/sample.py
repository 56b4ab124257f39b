"""The dataset of the demo: the one that ships here, or the user's own file."""

import csv
from pathlib import Path

from touchstone.errors import Invalid

DIALOGUES = Path(__file__).parent / "dialogues.csv"
NEEDED_COLUMNS = ("examples", "ground_truth")


class UnfitFile(Invalid):
    """{path} cannot be used: {reason}."""


def require_fit(path: Path) -> None:
    """Looks at the header only, so that a wrong file is refused before anything starts. Raises UnfitFile."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file), list[str]())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UnfitFile(path=path, reason=f"it is not readable as CSV in UTF-8 ({error})") from error
    missing = [column for column in NEEDED_COLUMNS if column not in header]
    if missing:
        raise UnfitFile(path=path, reason=without(missing))


def without(columns: list[str]) -> str:
    return (
        f"it lacks the column {' and '.join(columns)}. The demo compares summaries with references, so it needs a CSV "
        "file with the texts in `examples` and a reference for each in `ground_truth`"
    )
