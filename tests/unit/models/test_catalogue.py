"""The catalogue of suggested models, as data and over HTTP words."""

import msgspec
import pytest

from touchstone.domains.models.model import UnsupportedTasks, catalogue, suggested_for


def test_the_catalogue_lists_what_the_contract_lists_in_its_order():
    assert [(model.model, model.provider) for model in catalogue()] == [
        ("facebook/bart-large-cnn", "hf"),
        ("Falconsai/text_summarization", "hf"),
        ("facebook/m2m100_418M", "hf"),
        ("facebook/m2m100_1.2B", "hf"),
        ("Helsinki-NLP/opus-mt", "hf"),
        ("bigscience/mt0-base", "hf"),
        ("bigscience/mt0-large", "hf"),
        ("bigscience/mt0-xl", "hf"),
        ("gpt-4o-mini", "openai"),
        ("gpt-4o", "openai"),
        ("deepseek-reasoner", "deepseek"),
        ("deepseek-chat", "deepseek"),
        ("ministral-8b-latest", "mistral"),
        ("mistralai/Mistral-7B-Instruct-v0.2", "hosted_vllm"),
    ]


@pytest.mark.parametrize(
    ("tasks", "count"),
    [
        (None, 14),
        (["summarization"], 8),
        (["Translation"], 12),
        (["summarization", "TRANSLATION"], 14),
        (["summarization", "summarization"], 8),
    ],
)
def test_a_model_is_suggested_for_any_of_its_tasks(tasks, count):
    assert len(suggested_for(tasks)) == count


@pytest.mark.parametrize("tasks", [["foo"], ["summarization", "text-generation"], [""]])
def test_an_unknown_task_is_refused_with_the_known_ones(tasks):
    with pytest.raises(UnsupportedTasks, match="Choose from") as caught:
        suggested_for(tasks)
    assert f"Unsupported task(s): {{'{tasks[-1]}'}}" in str(caught.value)


def test_what_is_not_known_of_a_model_is_left_out():
    shown = msgspec.to_builtins(catalogue()[8])
    assert shown["requirements"] == ["api_key"] and "info" not in shown and "base_url" not in shown
    assert msgspec.to_builtins(catalogue()[-1])["base_url"] == "http://localhost:8080/v1"
    first = msgspec.to_builtins(catalogue()[0])
    assert first["info"] == {"parameter_count": "406M", "tensor_type": "F32", "model_size": "1.63GB"}
    assert first["tasks"][0]["summarization"]["num_beams"] == 4
    assert msgspec.to_builtins(catalogue()[2])["tasks"] == [{"translation": {}}]


def test_every_model_is_described_and_has_a_page():
    assert all(
        model.description.endswith(".") and model.website_url.startswith("https://") for model in catalogue()[:13]
    )
