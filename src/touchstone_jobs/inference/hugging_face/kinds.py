"""The five ways to ask a Hugging Face model (section 5.1 of the evaluation contract), and which one a model needs."""

from enum import StrEnum
from pathlib import PurePath

import msgspec

from touchstone_jobs.failures import JobFailure
from touchstone_jobs.inference.hugging_face.languages import Language, language
from touchstone_jobs.wire import InferenceSettings, TaskDefinition

OPUS = "Helsinki-NLP/opus-mt"
_PREFIX_TYPES = {"t5", "mt5", "umt5"}
_CODE_TYPES = {"m2m_100"}
_SIZES = ("small", "base", "large", "xl", "xxl")
_PREFIX_NAMES = {f"{family}-{size}" for family in ("flan-t5", "mt0") for size in _SIZES}
_CODE_NAMES = {"m2m100_418M", "m2m100_1.2B"}


class Kind(StrEnum):
    SUMMARY = "seq2seq summarization"
    PREFIX = "prefix translation"
    CODES = "language-code translation"
    MARIAN = "Marian translation"
    CAUSAL = "causal language model"


class Direction(msgspec.Struct, frozen=True):
    """From one language to another."""

    source: Language
    target: Language


def model_name(settings: InferenceSettings) -> str:
    """The name to load: Opus-MT without a language pair means the model of the job's pair."""
    if settings.model != OPUS:
        return settings.model
    pair = direction(settings.task)
    return f"{OPUS}-{pair.source.code}-{pair.target.code}"


def direction(task: TaskDefinition) -> Direction:
    """Raises JobFailure `unknown_language`."""
    return Direction(language(task.source_language), language(task.target_language))


def kind_of(model: str, model_type: str, is_encoder_decoder: bool, task: TaskDefinition) -> Kind:
    """By the model's own description, or its name where that says more.

    Raises JobFailure `unsupported_model` for a translation model that is asked in none of the known ways.
    """
    if not is_encoder_decoder:
        return Kind.CAUSAL
    if task.task != "translation":
        return Kind.SUMMARY
    name = PurePath(model).name
    if model_type == "marian" or model.startswith(OPUS):
        return Kind.MARIAN
    if model_type in _PREFIX_TYPES or name in _PREFIX_NAMES:
        return Kind.PREFIX
    if model_type in _CODE_TYPES or name in _CODE_NAMES:
        return Kind.CODES
    raise JobFailure(
        "unsupported_model",
        f"The model {model} ({model_type}) is no translation model of a known kind: T5 and mT5 families, M2M100, "
        "Opus-MT (Marian) and causal language models are.",
    )


def prefixed(text: str, pair: Direction) -> str:
    return f"translate {pair.source.name} to {pair.target.name}: {text}"


def tagged(text: str, pair: Direction, supported: list[str]) -> str:
    """Models with several target languages want a tag; to those with one, a tag would be noise."""
    tags = [f">>{pair.target.alpha3}<<", f">>{pair.target.code}<<"]
    known = next((tag for tag in tags if tag in supported), None)
    return f"{known} {text}" if known else text
