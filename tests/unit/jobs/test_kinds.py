"""Configs as accepted and shown; names and places."""

from uuid import UUID

import pytest

from touchstone.domains.datasets.naming import safe_name
from touchstone.domains.jobs.kinds import DEFAULT_METRICS, KINDS, Layout, redacted
from touchstone.domains.jobs.model import MOVES, JobKind, JobStatus
from touchstone.domains.jobs.schemas import EvaluatorConfig, InferenceConfig
from touchstone.errors import InvalidValue
from touchstone_jobs.wire import KNOWN_METRICS

JOB = UUID(int=7)


def test_every_kind_of_job_has_its_class():
    assert set(KINDS) == set(JobKind)


def test_default_metrics_are_known():
    assert {metric for metrics in DEFAULT_METRICS.values() for metric in metrics} <= set(KNOWN_METRICS)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ({"api_key": "x"}, {"api_key": "<REDACTED>"}),
        ({"OPENAI_API_KEY": "x", "hf_token": "y"}, {"OPENAI_API_KEY": "<REDACTED>", "hf_token": "<REDACTED>"}),
        ({"a": {"b": [{"my_api_key_name": "x"}]}}, {"a": {"b": [{"my_api_key_name": "<REDACTED>"}]}}),
        ({"api_key": ["x", 1, None]}, {"api_key": ["<REDACTED>", 1, None]}),
        ({"max_new_tokens": 1024, "some_token": 3}, {"max_new_tokens": 1024, "some_token": 3}),
        ({"token": "x", "apikey": "y"}, {"token": "x", "apikey": "y"}),
    ],
)
def test_text_under_a_key_that_smells_of_a_credential_is_masked(shown, expected):
    assert redacted(shown) == expected


def test_metrics_are_kept_sorted_and_once():
    config = EvaluatorConfig(metrics={"rouge", "bleu"})
    assert KINDS[JobKind.EVALUATOR].accept(config)["metrics"] == ["bleu", "rouge"]


def test_an_unknown_metric_is_refused():
    with pytest.raises(InvalidValue, match="blue"):
        KINDS[JobKind.EVALUATOR].accept(EvaluatorConfig(metrics={"blue"}))


@pytest.mark.parametrize("field", [None, ""])
def test_an_empty_output_field_is_the_default(field):
    config = InferenceConfig(model="m", provider="p", output_field=field)
    assert KINDS[JobKind.INFERENCE].accept(config)["output_field"] == "predictions"


def test_things_of_a_job_lie_where_the_contract_says():
    layout = Layout(results_prefix="jobs/results", datasets_prefix="datasets")
    assert layout.results(JOB, "a/b c") == f"jobs/results/a-b-c/{JOB}/results.json"
    assert layout.dataset(JOB, "ä.csv") == f"datasets/{JOB}/ä.csv/"
    assert layout.compiled(JOB) == f"workflows/results/{JOB.hex}/compiled.json"
    assert layout.attempt(JOB, 2).startswith(layout.work(JOB))


@pytest.mark.parametrize(
    ("name", "kept"),
    [("a b", "a-b"), ("..", "-."), ("../../x", "-.-..-x"), ("", "-"), ("\n\x00", "--"), ("x" * 100, "x" * 60)],
)
def test_names_become_harmless_parts_of_keys(name, kept):
    assert safe_name(name) == kept


def test_a_state_without_a_way_out_is_final():
    assert {status for status in JobStatus if status.is_final} == {"failed", "succeeded", "stopped"}
    assert all(target in MOVES for targets in MOVES.values() for target in targets)
    assert JobStatus.CREATED in MOVES[JobStatus.RUNNING], "an attempt that was lost is queued again"
