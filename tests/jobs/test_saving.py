"""Whatever cannot be saved, the program says so by its exit status, and the service by the outcome."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec
import pytest
from tests.jobs.attempts import DIALOGUES, SUMMARIES, Workplace, evaluation, inference, uri

from touchstone_jobs import wire

COLUMNS: dict[str, list[str | None]] = {
    "examples": [*DIALOGUES],
    "ground_truth": [*SUMMARIES],
    "predictions": [*SUMMARIES],
}


def refuse(place: str) -> None:
    """The store can write nothing there: where a folder would have to be, a file is."""
    path = Path(unquote(urlsplit(place.rstrip("/")).path))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")


def failure_of(workplace: Workplace, config: wire.JobConfig) -> wire.FailureReason:
    status, printed = workplace.run(config)
    assert status == 1, printed
    outcome = workplace.outcome()
    assert not outcome.succeeded
    assert outcome.failure is not None
    return outcome.failure


@pytest.mark.parametrize("kind", ["inference", "annotate"])
@pytest.mark.parametrize("refused", ["results", "dataset", "segments"])
def test_an_inference_fails_when_anything_it_makes_cannot_be_stored(
    workplace: Workplace, kind: wire.JobKind, refused: str
) -> None:
    target = workplace.target()
    config = workplace.config(kind, workplace.dataset(COLUMNS), inference=inference(), target=target)
    config.results_uri = uri(workplace.root / "results").removesuffix("/") + "/results.json"
    places = {
        "results": uri(workplace.root / "results"),
        "dataset": target.folder_uri,
        "segments": config.work_uri + "segments/",
    }
    refuse(places[refused])

    assert failure_of(workplace, config).code == "storage_unavailable"


@pytest.mark.parametrize("refused", ["results", "compiled"])
def test_an_evaluation_fails_when_anything_it_makes_cannot_be_stored(workplace: Workplace, refused: str) -> None:
    (workplace.root / "inference.json").write_text('{"metrics":{},"parameters":{},"artifacts":{}}')
    folder = uri(workplace.root)
    compilation = wire.Compilation(folder + "inference.json", folder + "compiled/compiled.json")
    config = workplace.config(
        "evaluator", workplace.dataset(COLUMNS), evaluation=evaluation("token_length"), compilation=compilation
    )
    config.results_uri = folder + "results/results.json"
    refuse(folder + refused)

    assert failure_of(workplace, config).code == "storage_unavailable"


def test_a_missing_inference_fails_the_evaluation_that_is_compiled_with_it(workplace: Workplace) -> None:
    folder = uri(workplace.root)
    compilation = wire.Compilation(folder + "nothing.json", folder + "compiled.json")
    config = workplace.config(
        "evaluator", workplace.dataset(COLUMNS), evaluation=evaluation("token_length"), compilation=compilation
    )

    assert failure_of(workplace, config).code == "object_missing"


@pytest.mark.parametrize("kind", ["inference", "evaluator"])
def test_an_outcome_that_cannot_be_stored_shows_in_the_exit_status(workplace: Workplace, kind: wire.JobKind) -> None:
    settings = {"inference": inference()} if kind == "inference" else {"evaluation": evaluation("token_length")}
    config = workplace.config(kind, workplace.dataset(COLUMNS), **settings)
    refuse(config.attempt_uri)
    status, printed = workplace.run(config)

    assert status == 1
    assert "The outcome could not be written" in printed


def test_a_store_that_is_not_there_at_all_shows_in_the_exit_status(workplace: Workplace) -> None:
    config = workplace.config("inference", workplace.dataset(COLUMNS), inference=inference())
    path = workplace.root / "config-1.json"
    path.write_bytes(msgspec.json.encode(config))
    status, printed = workplace.run(config, TOUCHSTONE_JOB_CONFIG=uri(workplace.root) + "no-such-config.json")

    assert status == 2
    assert "cannot be read" in printed
