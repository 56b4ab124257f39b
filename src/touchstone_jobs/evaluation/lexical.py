"""Metrics that compare words: ROUGE, BLEU, METEOR and token lengths. Libraries are imported where they are used."""

import logging
import re
from importlib import import_module
from typing import Any

from touchstone_jobs.evaluation.rows import Rows, Scores
from touchstone_jobs.wire import TaskDefinition

ROUGE_TYPES = ("rouge1", "rouge2", "rougeL", "rougeLsum")
_WORDS_PER_TOKEN = 0.75


def rouge(rows: Rows, _: TaskDefinition) -> Scores:
    """F-measures of the rouge-score library, without stemming."""
    scorer = import_module("rouge_score.rouge_scorer").RougeScorer(list(ROUGE_TYPES), use_stemmer=False)
    pairs = zip(rows.references, rows.predictions, strict=True)
    scores = [scorer.score(reference, prediction) for reference, prediction in pairs]
    return Scores({kind: [score[kind].fmeasure for score in scores] for kind in ROUGE_TYPES})


def bleu(rows: Rows, _: TaskDefinition) -> Scores:
    """Sentence BLEU in 0..1: tokenizer 13a, up to 4-grams, no smoothing, as `evaluate` computes it for one row."""
    logging.getLogger("sacrebleu").setLevel(logging.ERROR)  # it advises a smoothing that the contract has not
    sacrebleu = import_module("sacrebleu.metrics.bleu")
    scorer = sacrebleu.BLEU(smooth_method="none", effective_order=False, tokenize="13a")
    pairs = zip(rows.references, rows.predictions, strict=True)
    return Scores(
        {"bleu": [scorer.sentence_score(prediction, [reference]).score / 100 for reference, prediction in pairs]}
    )


def token_length(rows: Rows, _: TaskDefinition) -> Scores:
    """Lengths estimated from words, at 0.75 words a token, cut to whole numbers."""
    return Scores(
        {
            "ref_token_length": [_estimated_tokens(text) for text in rows.references],
            "pred_token_length": [_estimated_tokens(text) for text in rows.predictions],
        }
    )


def _estimated_tokens(text: str) -> int:
    return int(len(text.split()) / _WORDS_PER_TOKEN)


def meteor(rows: Rows, _: TaskDefinition) -> Scores:
    """METEOR of nltk (alpha 0.9, beta 3, gamma 0.5). Without WordNet's data it matches words and stems only, and
    without punkt's it finds sentence ends by a rule; the notes say so."""
    score: Any = import_module("nltk.translate.meteor_score").single_meteor_score
    wordnet, matching = _wordnet()
    words, tokenizer = _word_tokenizer()
    pairs = zip(rows.references, rows.predictions, strict=True)
    scores = [
        score(words(reference), words(prediction), alpha=0.9, beta=3, gamma=0.5, wordnet=wordnet)
        for reference, prediction in pairs
    ]
    return Scores({"meteor": scores}, {"matching": matching, "tokenizer": tokenizer})


class _NoSynonyms:
    def synsets(self, _: str) -> list[Any]:
        return []


def _wordnet() -> tuple[Any, str]:
    wordnet = import_module("nltk.corpus").wordnet
    try:
        wordnet.ensure_loaded()
    except LookupError:
        return _NoSynonyms(), "words and stems (no WordNet)"
    return wordnet, "words, stems and WordNet synonyms"


def _word_tokenizer() -> tuple[Any, str]:
    word_tokenize: Any = import_module("nltk.tokenize").word_tokenize
    try:
        word_tokenize("One. Two.")
    except LookupError:
        return _words_by_rule, "treebank, sentences by rule (no punkt)"
    return word_tokenize, "treebank, sentences by punkt"


_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


def _words_by_rule(text: str) -> list[str]:
    # nltk splits a full stop off at the end of its input only, so it must see one sentence at a time
    word_tokenize: Any = import_module("nltk.tokenize").word_tokenize
    return [word for part in _SENTENCE_END.split(text) for word in word_tokenize(part, preserve_line=True)]
