"""What goes on around the calls: baselines, reasoning, pace, segments, results."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pytest

from touchstone_jobs import dataset_files, wire
from touchstone_jobs.completions import Endpoint, TokenDetails, Usage, completion_from, endpoint_of, refusal_from
from touchstone_jobs.failures import JobFailure
from touchstone_jobs.inference.accounting import Latency, totals
from touchstone_jobs.inference.baseline import BASELINES, sentences
from touchstone_jobs.inference.hugging_face.predictor import (
    SMALLEST_BATCH,
    gpus_of_worker,
    most_workers,
    sorted_batches,
)
from touchstone_jobs.inference.prices import TABLE_DATE, prices_of
from touchstone_jobs.inference.reasoning import split_thought, token_usage
from touchstone_jobs.inference.results import ResultsFile, with_answers
from touchstone_jobs.inference.samples import Answer, Answers, Sample, TokenUsage
from touchstone_jobs.numbers import flat_metrics
from touchstone_jobs.segments import Segments
from touchstone_jobs.source import Source

TEXT = "Anna: Hi! Are you in?\nBob: Yes. I am here, waiting for the long train.\n\nAnna: Good"


@pytest.mark.parametrize(
    ("model", "answer"),
    [
        ("lead-1", "Anna: Hi!"),
        ("lead-3", "Anna: Hi! Are you in? Bob: Yes."),
        ("longest", "I am here, waiting for the long train."),
        ("copy", TEXT),
    ],
)
def test_a_baseline_cuts_its_answer_out_of_the_text(model: str, answer: str) -> None:
    assert BASELINES[model](TEXT) == answer


@pytest.mark.parametrize("model", BASELINES)
@pytest.mark.parametrize("text", ["", "  \n ", "no end of a sentence"])
def test_a_baseline_takes_any_text(model: str, text: str) -> None:
    assert BASELINES[model](text).strip() == text.strip()


def test_sentences_end_with_their_marks_in_other_scripts_too() -> None:
    assert sentences("你好。再见！ ok") == ["你好。", "再见！", "ok"]


def test_thought_and_answer_are_told_apart() -> None:
    assert split_thought("<think>a b</think>\n the answer ") == ("a b", "the answer")
    assert split_thought("a b</think>c") == ("a b", "c")
    assert split_thought("just this") == (None, "just this")


def test_reasoning_tokens_are_the_providers_or_estimated_from_words() -> None:
    counted = Usage(5, 20, 25, TokenDetails(reasoning_tokens=12))
    told = token_usage(counted, "hm", told_apart=True)
    estimated = token_usage(Usage(5, 20, 25), "one two three", told_apart=False)
    plain = token_usage(Usage(5, 20, 0), None, told_apart=False)

    assert told is not None and (told.reasoning_tokens, told.answer_tokens) == (12, 8)
    assert estimated is not None and estimated.reasoning_tokens == 4
    assert plain is not None and (plain.reasoning_tokens, plain.total_tokens) == (0, 25)
    assert token_usage(None, "x", told_apart=True) is None


@pytest.mark.parametrize(
    ("status", "body", "transient"),
    [(500, b"oops", True), (503, b"", True), (400, b'{"error":{"message":"no"}}', False), (422, b"[]", False)],
)
def test_only_what_may_pass_is_tried_again(status: int, body: bytes, transient: bool) -> None:
    assert refusal_from(status, {}, body, "p").transient is transient


@pytest.mark.parametrize(
    ("status", "body"), [(401, b""), (404, b"no model"), (429, b'{"error":{"code":"insufficient_quota"}}')]
)
def test_what_no_other_call_would_fare_better_with_fails_the_job(status: int, body: bytes) -> None:
    with pytest.raises(JobFailure) as failure:
        refusal_from(status, {}, body, "acme")
    assert failure.value.code == "provider_refused"
    assert f"acme answered {status}" in str(failure.value)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("3", 3.0), ("0.5", 0.5), ("-1", 0.0), ("9999", 120.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("soon", None)],
)
def test_retry_after_is_seconds_or_a_date(header: str, seconds: float | None) -> None:
    assert refusal_from(429, {"Retry-After": header}, b"", "p").retry_after == seconds


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"choices":[]}', b'{"choices":[{"message":{"content":5}}]}'])
def test_an_answer_that_is_no_completion_is_tried_again(body: bytes) -> None:
    answer = completion_from(body, 0.1, "p")
    assert not hasattr(answer, "seconds")
    assert getattr(answer, "transient", False)


def test_known_providers_have_addresses_and_others_need_one() -> None:
    assert endpoint_of("openai", "m", None, None).url == "https://api.openai.com/v1/chat/completions"
    assert endpoint_of("mine", "m", "http://h/v1/", None).url == "http://h/v1/chat/completions"
    assert Endpoint("mine", "http://h/v1/chat/completions", "m").url == "http://h/v1/chat/completions"
    with pytest.raises(JobFailure, match="base_url"):
        endpoint_of("mine", "m", None, None)


def test_batches_are_sorted_by_length_within_what_fits_in_memory() -> None:
    samples = [Sample(row=row, text="x" * (row % 5)) for row in range(20)]
    batches = list(sorted_batches(iter(samples), SMALLEST_BATCH))

    assert [len(batch) for batch in batches] == [8, 8, 4]
    lengths = [len(sample.text) for batch in batches for sample in batch]
    assert lengths == sorted(lengths, reverse=True)


@pytest.mark.parametrize(
    ("settings", "held", "gpus"),
    [
        ({}, 4, 0.0),
        ({"num_gpus": 0.5}, 4, 0.5),
        ({"num_gpus": 2.0}, 1, 2.0),
        ({"gpu_if_any": True}, 4, 1.0),
        ({"gpu_if_any": True}, 0, 0.0),
        ({"gpu_if_any": True, "accelerator": "cpu"}, 4, 0.0),
        ({"gpu_if_any": True, "num_gpus": 0.25}, 4, 0.25),
    ],
)
def test_a_worker_has_the_gpus_it_asks_for_or_one_where_there_are_any(
    settings: dict[str, Any], held: float, gpus: float
) -> None:
    asked = wire.InferenceSettings("m", "hf", wire.TaskDefinition(), wire.GenerationSettings(), **settings)
    assert gpus_of_worker(asked, held) == gpus


@pytest.mark.parametrize(
    ("resources", "gpus", "workers"),
    [({"CPU": 8.0}, 0.0, 4), ({"CPU": 1.0}, 0.0, 1), ({"CPU": 8.0, "GPU": 3.0}, 0.5, 6), ({"GPU": 1.0}, 2.0, 1)],
)
def test_there_are_as_many_workers_as_the_cluster_can_bear(
    resources: dict[str, float], gpus: float, workers: int
) -> None:
    assert most_workers(resources, gpus) == workers


def test_an_attempt_reads_its_predecessors_segments_and_not_its_successors(tmp_path: Path) -> None:
    folder = f"file://{quote(str(tmp_path))}/segments/"
    for attempt, rows in ((1, (0, 1)), (2, (2,)), (3, (3,))):
        segments = Segments(folder, attempt, Answer)
        for row in rows:
            segments.append(Answer(row=row, text=f"by {attempt}"))
            segments.flush()
        segments.flush()

    assert [answer.row for answer in Segments(folder, 2, Answer).earlier()] == [0, 1, 2]
    assert list(Segments(folder + "none/", 1, Answer).earlier()) == []


def test_a_second_start_of_an_attempt_overwrites_none_of_its_segments(tmp_path: Path) -> None:
    folder = f"file://{quote(str(tmp_path))}/segments/"
    for row in range(2):
        segments = Segments(folder, 1, Answer)
        assert len(list(segments.earlier())) == row
        segments.append(Answer(row=row, text="x"))
        segments.flush()

    assert len(list(Segments(folder, 1, Answer).earlier())) == 2


class Work:
    """A dataset of three rows with two answers."""

    def __init__(self, folder: Path) -> None:
        columns: dict[str, list[str | None]] = {"examples": ["a", "b", "c"], "ground_truth": ["1", "2", "3"]}
        table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
        dataset_files.write_dataset(table.to_batches(2), folder)
        self.source = Source(folder / dataset_files.ARROW_FILE, -1)
        self.answers = Answers(folder / "answers", 3)
        usage = TokenUsage(prompt_tokens=2, completion_tokens=4, total_tokens=6, reasoning_tokens=1)
        self.answers.add(Answer(row=2, text="C", usage=usage, seconds=0.5))
        self.answers.add(Answer(row=0, text="old"))
        self.answers.add(Answer(row=0, text="A", reasoning="hm"))
        self.answers.add(Answer(row=1, error="no"))


def results(
    folder: Path, field: str = "predictions", provider: str = "p", **details: Any
) -> tuple[dict[str, Any], dict[str, float]]:
    work = Work(folder)
    task, generation = wire.TaskDefinition(), wire.GenerationSettings()
    settings = wire.InferenceSettings("m", provider, task, generation, output_field=field, **details)
    metrics = ResultsFile(work.source, work.answers, settings, 1.5).write(folder / "results.json", {"name": "n"})
    return json.loads((folder / "results.json").read_bytes()), metrics


def test_results_hold_what_the_contract_names(tmp_path: Path) -> None:
    written, metrics = results(tmp_path, "predictions")

    tokens = {"prompt_tokens": 2, "total_tokens": 6, "completion_tokens": 4, "reasoning_tokens": 1, "answer_tokens": 3}
    assert written["parameters"] == {"name": "n"}
    assert written["metrics"] == metrics == {f"avg_{name}": count for name, count in tokens.items()}
    assert written["artifacts"] == {
        "examples": ["a", "b", "c"],
        "predictions": ["A", None, "C"],
        "ground_truth": ["1", "2", "3"],
        "reasoning": ["hm", None, None],
        "inference_metrics": [None, None, tokens],
        "latency_seconds": [None, None, 0.5],
        "errors": [None, "no", None],
        "totals": {
            "answered": 2,
            "failed": 1,
            "counted": 1,
            "tokens": tokens,
            "latency_seconds": {"mean": 0.5, "median": 0.5, "p95": 0.5, "most": 0.5},
            "cost_usd": None,
        },
        "model": "m",
        "inference_time": 1.5,
    }


def test_a_models_tokens_on_the_cluster_are_no_metrics_but_stand_beside_the_answers(tmp_path: Path) -> None:
    written, metrics = results(tmp_path, provider="hf")

    assert written["metrics"] == metrics == {}
    assert written["artifacts"]["inference_metrics"][2]["prompt_tokens"] == 2
    assert written["artifacts"]["totals"]["tokens"]["total_tokens"] == 6


def test_what_was_paid_is_told_of_each_answer_and_of_all(tmp_path: Path) -> None:
    written, metrics = results(tmp_path, prices=wire.Prices(1.0, 10.0))

    # by hand: two tokens read at a millionth, four written at ten
    assert written["artifacts"]["cost_usd"] == [None, None, pytest.approx(0.000042)]
    assert written["artifacts"]["totals"]["cost_usd"] == metrics["cost_usd"] == pytest.approx(0.000042)
    assert written["artifacts"]["prices"]["source"] == "the job"
    assert flat_metrics(metrics)["cost_usd"] == 0.000042


@pytest.mark.parametrize(
    ("provider", "model", "base_url", "known"),
    [
        ("openai", "gpt-4o-mini", None, True),
        ("openai", "gpt-4o-mini", "https://api.openai.com/v1", True),
        ("openai", "gpt-4o-mini", "http://my-own:8000/v1", False),
        ("openai", "gpt-99", None, False),
        ("hosted_vllm", "gpt-4o", None, False),
    ],
)
def test_list_prices_are_for_a_providers_own_address(
    provider: str, model: str, base_url: str | None, known: bool
) -> None:
    task, generation = wire.TaskDefinition(), wire.GenerationSettings()
    settings = wire.InferenceSettings(model, provider, task, generation, base_url=base_url)
    found = prices_of(settings)

    assert (found is not None) == known
    assert found is None or found[1] == f"list prices of {TABLE_DATE}"


def test_latencies_are_summed_up_by_rank() -> None:
    answers = [Answer(row=row, text="x", seconds=float(row)) for row in range(1, 101)]

    assert totals(answers, None).latency_seconds == Latency(mean=50.5, median=51.0, p95=95.0, most=100.0)
    assert totals([None, Answer(row=0, error="no")], None).latency_seconds is None


def test_annotations_are_the_ground_truth_and_other_fields_stand_beside_the_predictions(tmp_path: Path) -> None:
    annotated, _ = results(tmp_path, "ground_truth")
    assert annotated["artifacts"]["predictions"] is None
    assert annotated["artifacts"]["ground_truth"] == ["A", None, "C"]

    named, _ = results(tmp_path, "summary")
    assert named["artifacts"]["summary"] == named["artifacts"]["predictions"] == ["A", None, "C"]


def test_the_dataset_gains_the_answers_or_has_them_replaced(tmp_path: Path) -> None:
    work = Work(tmp_path)
    gained = pa.Table.from_batches(with_answers(work.source, work.answers, "p")).to_pydict()
    assert gained == {"examples": ["a", "b", "c"], "ground_truth": ["1", "2", "3"], "p": ["A", None, "C"]}

    replaced = pa.Table.from_batches(with_answers(work.source, work.answers, "ground_truth")).to_pydict()
    assert replaced == {"examples": ["a", "b", "c"], "ground_truth": ["A", None, "C"]}


@pytest.mark.parametrize(("most", "rows"), [(-1, 3), (0, 3), (2, 2), (9, 3)])
def test_a_source_ends_at_the_samples_asked_for(tmp_path: Path, most: int, rows: int) -> None:
    Work(tmp_path)
    source = Source(tmp_path / dataset_files.ARROW_FILE, most)

    assert source.rows == rows
    assert len(list(source.values("examples"))) == rows
    assert len(list(source.keys())) == rows
