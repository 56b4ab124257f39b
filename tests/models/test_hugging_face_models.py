import asyncio
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.models import tiny
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from touchstone_jobs import wire
from touchstone_jobs.failures import JobFailure
from touchstone_jobs.inference.hugging_face.kinds import Kind
from touchstone_jobs.inference.hugging_face.languages import Language, language
from touchstone_jobs.inference.hugging_face.model import HuggingFaceModel, _length
from touchstone_jobs.inference.hugging_face.predictor import HuggingFacePredictor
from touchstone_jobs.inference.samples import Answer, Sample

TRANSLATION = wire.TaskDefinition("translation", "en", "German")
LIKELIEST = wire.GenerationSettings(max_new_tokens=8, temperature=0.0)


def settings(model: str, *, task: wire.TaskDefinition | None = None, **details: Any) -> wire.InferenceSettings:
    generation = details.pop("generation", LIKELIEST)
    task = task or wire.TaskDefinition()
    return wire.InferenceSettings(model=model, provider="hf", task=task, generation=generation, **details)


def texts(model: HuggingFaceModel, *prompts: str) -> list[str | None]:
    answers = model.answers([Sample(row=row, text=text) for row, text in enumerate(prompts)])
    assert all(answer.error is None for answer in answers), answers
    return [answer.text for answer in answers]


@pytest.mark.parametrize(
    ("make", "task", "kind"),
    [
        (tiny.bart, wire.TaskDefinition(), Kind.SUMMARY),
        (tiny.t5, TRANSLATION, Kind.PREFIX),
        (tiny.m2m100, TRANSLATION, Kind.CODES),
        (tiny.marian, TRANSLATION, Kind.MARIAN),
        (tiny.llama, wire.TaskDefinition("text-generation"), Kind.CAUSAL),
        (tiny.llama, wire.TaskDefinition(), Kind.CAUSAL),
    ],
)
def test_each_kind_of_model_answers(tmp_path: Path, make: Any, task: wire.TaskDefinition, kind: Kind) -> None:
    model = HuggingFaceModel(settings(tiny.built(make, tmp_path / "m"), task=task), None)

    assert model.kind is kind
    assert len(texts(model, "the quick brown fox", "the train")) == 2


def test_a_summary_is_what_generate_gives(tmp_path: Path) -> None:
    path = tiny.built(tiny.bart, tmp_path / "m")
    [ours] = texts(HuggingFaceModel(settings(path), None), "the lazy dog jumps")

    words = AutoTokenizer.from_pretrained(path)
    plain = AutoModelForSeq2SeqLM.from_pretrained(path)
    output = plain.generate(**words("the lazy dog jumps", return_tensors="pt"), max_new_tokens=8, do_sample=False)
    assert ours == words.decode(output[0], skip_special_tokens=True).strip()


@pytest.mark.parametrize(
    ("make", "task"),
    [(tiny.bart, wire.TaskDefinition()), (tiny.t5, TRANSLATION), (tiny.llama, wire.TaskDefinition("text-generation"))],
)
def test_tokens_are_counted_without_what_fills_a_batch_up(tmp_path: Path, make: Any, task: wire.TaskDefinition) -> None:
    model = HuggingFaceModel(settings(tiny.built(make, tmp_path / "m"), task=task), None)
    long, short = model.answers([Sample(row=0, text="the quick brown fox jumps"), Sample(row=1, text="the train")])
    [alone] = model.answers([Sample(row=1, text="the train")])

    assert short.usage == alone.usage
    assert long.usage is not None
    assert short.usage is not None
    assert long.usage.prompt_tokens > short.usage.prompt_tokens > 0
    assert 0 < short.usage.completion_tokens <= LIKELIEST.max_new_tokens
    assert short.usage.total_tokens == short.usage.prompt_tokens + short.usage.completion_tokens


@pytest.mark.parametrize(("tokens", "length"), [([5, 6, 2, 2, 2], 3), ([5, 6, 7], 3), ([2], 1), ([], 0)])
def test_an_answer_ends_with_its_first_end(tokens: list[int], length: int) -> None:
    assert _length(tokens, {2}) == length


def test_a_text_longer_than_the_model_is_cut_for_encoders_and_an_error_for_chats(tmp_path: Path) -> None:
    long = "the train is late " * 200
    encoder = HuggingFaceModel(settings(tiny.built(tiny.bart, tmp_path / "bart")), None)
    assert len(texts(encoder, long, "short")) == 2

    chat = HuggingFaceModel(settings(tiny.built(tiny.llama, tmp_path / "llama")), None)
    answers = chat.answers([Sample(row=0, text=long), Sample(row=1, text="short")])
    assert "the model takes 128" in (answers[0].error or "")
    assert answers[1].error is None


def test_sampling_settings_are_honoured_and_repeatable(tmp_path: Path) -> None:
    path = tiny.built(tiny.llama, tmp_path / "m")
    hot = wire.GenerationSettings(max_new_tokens=16, temperature=1.5, top_p=1.0)
    repeating = wire.GenerationSettings(max_new_tokens=16, temperature=0.0, frequency_penalty=-100.0)
    likeliest = wire.GenerationSettings(max_new_tokens=16, temperature=0.0)

    def answer(generation: wire.GenerationSettings) -> str | None:
        return texts(HuggingFaceModel(settings(path, generation=generation), None), "the quick")[0]

    assert answer(hot) == answer(hot)
    assert answer(hot) != answer(likeliest)
    assert answer(repeating) != answer(likeliest)


def test_the_system_prompt_goes_through_the_chat_template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = HuggingFaceModel(settings(tiny.built(tiny.llama, tmp_path / "m"), system_prompt="Be brief."), None)
    prompts: list[str] = []
    encoded = model._encoded

    def spy(batch: list[str]) -> Any:
        prompts.extend(batch)
        return encoded(batch)

    monkeypatch.setattr(model, "_encoded", spy)
    texts(model, "hello")

    assert prompts == ["system: Be brief.\nuser: hello\nassistant:"]


def test_a_tag_is_put_before_texts_only_for_models_with_several_targets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bilingual = HuggingFaceModel(settings(tiny.built(tiny.marian, tmp_path / "a"), task=TRANSLATION), None)
    many = tiny.built(tiny.marian, tmp_path / "b", ">>deu<<", ">>fra<<")
    multilingual = HuggingFaceModel(settings(many, task=TRANSLATION), None)

    assert bilingual._prompt("the train") == "the train"
    assert multilingual._prompt("the train") == ">>deu<< the train"


def test_dtype_and_place_are_honoured(tmp_path: Path) -> None:
    path = tiny.built(tiny.bart, tmp_path / "m")
    model = HuggingFaceModel(settings(path, torch_dtype="bfloat16", accelerator="cpu"), None)

    assert model._model.dtype is torch.bfloat16
    assert model._model.device.type == "cpu"
    with pytest.raises(JobFailure) as failure:
        HuggingFaceModel(settings(path, torch_dtype="float12"), None)
    assert failure.value.code == "bad_dtype"


def test_revision_and_token_reach_every_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import transformers

    path = tiny.built(tiny.bart, tmp_path / "m")
    seen: list[tuple[Any, ...]] = []
    for owner in (transformers.AutoConfig, transformers.AutoTokenizer, transformers.AutoModelForSeq2SeqLM):
        load = owner.from_pretrained

        def spy(name: str, *, load: Any = load, **place: Any) -> Any:
            seen.append((place["revision"], place["token"], place["trust_remote_code"]))
            return load(name, **place)

        monkeypatch.setattr(owner, "from_pretrained", spy)
    HuggingFaceModel(settings(path, revision="v2", trust_remote_code=False), "hf_secret")

    assert len(seen) >= 3
    assert set(seen) == {("v2", "hf_secret", False)}


def test_an_encoder_decoder_that_does_not_translate_is_refused(tmp_path: Path) -> None:
    path = tiny.built(tiny.bart, tmp_path / "m")
    with pytest.raises(JobFailure) as failure:
        HuggingFaceModel(settings(path, task=TRANSLATION), None)
    assert failure.value.code == "unsupported_model"


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(JobFailure) as failure:
        HuggingFaceModel(settings(str(tmp_path / "nothing")), None)
    assert failure.value.code == "model_not_loaded"


@pytest.mark.parametrize("words", ["de", "German", "deu", "de_AT", " german "])
def test_a_language_is_found_by_code_or_name(words: str) -> None:
    assert language(words) == Language("de", "deu", "German")


def test_a_language_nobody_knows_is_named(tmp_path: Path) -> None:
    path = tiny.built(tiny.m2m100, tmp_path / "m")
    with pytest.raises(JobFailure) as failure:
        HuggingFaceModel(settings(path, task=wire.TaskDefinition("translation", "en", "zz-qq-nope")), None)
    assert failure.value.code == "unknown_language"


async def test_samples_are_asked_in_batches_sorted_by_length(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[list[int]] = []
    answers = HuggingFaceModel.answers

    def spy(model: HuggingFaceModel, samples: list[Sample]) -> list[Answer]:
        batches.append([len(sample.text) for sample in samples])
        return answers(model, samples)

    monkeypatch.setattr(HuggingFaceModel, "answers", spy)
    recorded: list[Answer] = []

    async def record(answer: Answer) -> None:
        await asyncio.sleep(0)
        recorded.append(answer)

    predictor = HuggingFacePredictor(settings(tiny.built(tiny.bart, tmp_path / "m"), batch_size=1), None)
    samples = (Sample(row=row, text="word " * (row * 7 % 20 + 1)) for row in range(20))
    await predictor.answer_all(samples, record)

    assert [len(batch) for batch in batches] == [8, 8, 4]
    lengths = [length for batch in batches for length in batch]
    assert lengths == sorted(lengths, reverse=True)
    assert sorted(answer.row for answer in recorded) == list(range(20))
