"""The prompts of those who give none, and progress over two jobs."""

import uuid

import pytest

from touchstone.domains.jobs.model import JobStatus, Progress, Summarization, TextGeneration, Translation
from touchstone.domains.workflows.model import PromptMissing, WorkflowJob
from touchstone.domains.workflows.prompts import system_prompt
from touchstone.domains.workflows.service import experiment_number
from touchstone.domains.workflows.views import overall_progress


def test_a_given_prompt_is_taken_for_every_task():
    for task in (Summarization(), Translation("a", "b"), TextGeneration()):
        assert system_prompt(" Go {on}", task) == " Go {on}"


def test_languages_are_inserted_as_typed():
    assert "from {x} to de-AT" in system_prompt("", Translation("{x}", "de-AT"))


def test_text_generation_needs_a_prompt():
    with pytest.raises(PromptMissing, match="Default system_prompt not available for text-generation"):
        system_prompt("", TextGeneration())


def job(status: JobStatus, progress: Progress | None) -> WorkflowJob:
    return WorkflowJob(
        id=uuid.uuid4(), step="inference", status=status, metrics={}, results_key=None, progress=progress
    )


def test_progress_is_the_sum_at_the_rate_of_the_job_that_runs():
    jobs = [
        job(JobStatus.RUNNING, Progress(done=1, total=4, failed=0, rate_per_second=2.0)),
        job(JobStatus.SUCCEEDED, Progress(done=4, total=4, failed=1, rate_per_second=9.0)),
    ]
    assert overall_progress(jobs) == Progress(done=5, total=8, failed=1, rate_per_second=2.0)
    assert overall_progress([job(JobStatus.CREATED, None)]) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("0", 0),
        ("", None),
        ("01", None),
        ("-1", None),
        ("1.0", None),
        ("٣", None),
        ("9" * 19, None),
        (" 1", None),
    ],
)
def test_an_experiment_is_named_by_a_number_in_its_plain_form(text, number):
    assert experiment_number(text) == number
