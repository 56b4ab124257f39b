"""COMET on a checkpoint of random weights, made on the spot.

unbabel-comet's pins do not go together with those of Ray and the other models, so that `just models` has it not; in an
environment of torch, pytest, pyarrow, `unbabel-comet` and `setuptools<81` this runs with
`pytest --noconftest tests/models/test_comet.py`.
"""

from pathlib import Path

import pytest
from tests.models import tiny

from touchstone_jobs.evaluation import neural
from touchstone_jobs.evaluation.rows import Rows
from touchstone_jobs.failures import JobFailure
from touchstone_jobs.wire import TaskDefinition

comet = pytest.importorskip("comet", reason="unbabel-comet is not installed here")

ROWS = Rows(
    predictions=["der zug ist spaet", "der schnelle fuchs"],
    references=["der zug ist spaet", "der schnelle braune fuchs"],
    examples=["the train is late", "the quick brown fox"],
)


@pytest.mark.parametrize("place", [".", "checkpoints/model.ckpt"])
def test_comet_is_what_its_library_computes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    folder = Path(tiny.built(tiny.comet, tmp_path / "comet"))
    monkeypatch.setenv(neural.COMET_MODEL, str(folder / place))
    computed = neural.comet(ROWS, TaskDefinition()).lists["scores"]

    model = comet.load_from_checkpoint(str(folder / "checkpoints" / "model.ckpt"))
    triples = zip(ROWS.examples, ROWS.predictions, ROWS.references, strict=True)
    data = [{"src": source, "mt": prediction, "ref": reference} for source, prediction, reference in triples]
    assert computed == pytest.approx(model.predict(data, batch_size=1, gpus=0, progress_bar=False).scores, abs=1e-5)


@pytest.mark.parametrize("name", ["nothing-here", "."])
def test_a_checkpoint_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(neural.COMET_MODEL, str(tmp_path / name))
    with pytest.raises(JobFailure) as failure:
        neural.comet(ROWS, TaskDefinition())
    assert failure.value.code == "metric_model_not_loaded"
    assert neural.COMET_MODEL in str(failure.value)
