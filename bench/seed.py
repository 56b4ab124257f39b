"""A database as it looks after a while: experiments of four workflows of two jobs each, and jobs of their own."""

from typing import Any

import asyncpg
import msgspec

from touchstone.domains.jobs.kinds import KINDS
from touchstone.domains.jobs.model import JobKind
from touchstone.domains.jobs.schemas import EvaluatorConfig, InferenceConfig
from touchstone.domains.workflows.schemas import NewWorkflow

WORKFLOWS_OF_AN_EXPERIMENT = 4
PROMPT = (
    "You write summaries of conversations. State what was decided and by whom in at most three sentences, "
    "in the third person and without quotations."
)
METRICS = {
    f"{metric}_{member}_mean": 0.25 + 0.01 * number
    for number, (metric, member) in enumerate(
        [("rouge", kind) for kind in ("rouge1", "rouge2", "rougeL", "rougeLsum")]
        + [("bertscore", kind) for kind in ("precision", "recall", "f1")]
        + [("meteor", "meteor"), ("bleu", "bleu")]
    )
}
TOKENS = {
    f"avg_{kind}_tokens": 100.0 + number
    for number, kind in enumerate(("prompt", "total", "completion", "reasoning", "answer"))
}


async def seed(owner_url: str, jobs: int) -> None:
    """About so many jobs, four fifths of them in workflows; all have ended well but every twentieth."""
    connection = await asyncpg.connect(owner_url)
    try:
        await _teach_json(connection)
        experiments = max(jobs * 4 // 5 // (2 * WORKFLOWS_OF_AN_EXPERIMENT), 1)
        workflows = experiments * WORKFLOWS_OF_AN_EXPERIMENT
        await connection.execute(DATASETS)
        await connection.execute(EXPERIMENTS, experiments)
        await connection.execute(WORKFLOWS, workflows, WORKFLOWS_OF_AN_EXPERIMENT, _request(), PROMPT)
        inference, evaluation = _inference(), _evaluation()
        await connection.execute(JOBS_OF_WORKFLOWS, "inference", "inference", inference, TOKENS, _run())
        await connection.execute(JOBS_OF_WORKFLOWS, "evaluator", "evaluation", evaluation, METRICS, _run())
        await connection.execute(OWN_JOBS, max(jobs - 2 * workflows, 1), inference, TOKENS, _run())
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()


DATASETS = """
    insert into dataset (id, filename, folder, size, row_count, columns, digest, ground_truth)
    select gen_random_uuid(), 'dialogues-' || number || '.csv', 'datasets/' || number || '/dialogues.csv/', 1000000,
        1000, '{examples,ground_truth}', md5(number::text) || md5(number::text), true
    from generate_series(1, 50) as number
"""

EXPERIMENTS = """
    insert into experiment (name, description, dataset_id, max_samples, task_definition, created_at, updated_at)
    select 'Experiment ' || number, 'Which model summarises our calls best?', dataset.id, -1,
        '{"task": "summarization"}', moment, moment
    from generate_series(1, $1::int) as number
        cross join lateral (select now() - ($1 - number) * interval '1 minute' as moment) as times
        join (select id, row_number() over (order by id) - 1 as place from dataset) as dataset
            on dataset.place = number % 50
"""

WORKFLOWS = """
    insert into workflow (id, experiment_id, name, description, model, provider, system_prompt, request, status,
        compiled_key, created_at, started_at, finished_at, updated_at)
    select workflow_id, experiment.id, 'workflow-' || number, '', model, 'openai', $4,
        jsonb_set($3, '{model}', to_jsonb(model)), 'succeeded',
        'workflows/results/' || replace(workflow_id::text, '-', '') || '/compiled.json',
        experiment.created_at + number % $2::int * interval '1 second', experiment.created_at + interval '2 minutes',
        experiment.created_at + interval '9 minutes', experiment.created_at + interval '9 minutes'
    from generate_series(1, $1::int) as number
        cross join lateral (select gen_random_uuid() as workflow_id, 'model-' || number % 7 as model) as made
        join (select id, created_at, row_number() over (order by id) - 1 as place from experiment) as experiment
            on experiment.place = number / $2::int % ($1::int / $2::int)
"""

JOBS_OF_WORKFLOWS = """
    insert into job (id, kind, name, description, status, dataset_id, workflow_id, step, max_samples, batch_size,
        config, timeout_seconds, run, log_size, progress, metrics, results_key, created_at, submitted_at, started_at,
        finished_at, updated_at)
    select job_id, $1, workflow.name || '-' || $2, '', 'succeeded', experiment.dataset_id, workflow.id, $2, -1, 1,
        case when $2 = 'inference' then jsonb_set($3, '{model}', to_jsonb(workflow.model)) else $3 end, 3600,
        jsonb_set($5, '{id}', to_jsonb(job_id || '-1')), 4000,
        '{"done": 1000, "total": 1000, "failed": 0, "rate_per_second": 17.5}', $4,
        'jobs/results/' || workflow.name || '-' || $2 || '/' || job_id || '/results.json', workflow.created_at,
        workflow.created_at + interval '1 second', workflow.created_at + interval '3 seconds',
        workflow.finished_at, workflow.finished_at
    from workflow join experiment on experiment.id = workflow.experiment_id
        cross join lateral (select gen_random_uuid() as job_id where workflow.id is not null) as made
"""

OWN_JOBS = """
    insert into job (id, kind, name, description, status, dataset_id, max_samples, batch_size, config, timeout_seconds,
        run, log_size, progress, metrics, results_key, failure_reason, created_at, submitted_at, started_at,
        finished_at, updated_at)
    select job_id, 'inference', 'nightly-answers-' || number, 'Made by the nightly run', status, dataset.id, 500, 8,
        jsonb_set($2, '{model}', to_jsonb('model-' || number % 7)), 86400, jsonb_set($4, '{id}', to_jsonb(job_id)),
        4000, '{"done": 500, "total": 500, "failed": 0, "rate_per_second": 17.5}',
        case when status = 'succeeded' then $3::jsonb else '{}' end,
        'jobs/results/nightly-answers-' || number || '/' || job_id || '/results.json',
        case when status = 'failed' then '{"code": "provider_failed", "message": "The provider did not answer."}'::jsonb
        end, moment, moment + interval '1 second', moment + interval '3 seconds', moment + interval '2 minutes',
        moment + interval '2 minutes'
    from generate_series(1, $1::int) as number
        cross join lateral (
            select gen_random_uuid() as job_id, now() - ($1 - number) * interval '30 seconds' as moment,
                case when number % 20 = 0 then 'failed' else 'succeeded' end as status
        ) as made
        join (select id, row_number() over (order by id) - 1 as place from dataset) as dataset
            on dataset.place = number % 50
"""


def _inference() -> dict[str, Any]:
    config = InferenceConfig(model="model-0", provider="openai", system_prompt=PROMPT, secret_key_name="openai_api_key")
    return KINDS[JobKind.INFERENCE].accept(config)


def _evaluation() -> dict[str, Any]:
    return KINDS[JobKind.EVALUATOR].accept(EvaluatorConfig(metrics={"rouge", "bertscore", "meteor", "bleu"}))


def _request() -> dict[str, Any]:
    return msgspec.to_builtins(
        NewWorkflow(name="Workflow", experiment_id="1", model="model-0", provider="openai", system_prompt=PROMPT)
    )


def _run() -> dict[str, Any]:
    return {
        "id": "",
        "status": "succeeded",
        "message": "Job finished successfully.",
        "driver_exit_code": 0,
        "driver_node_id": "b0a1" * 14,
        "driver_agent_http_address": "http://127.0.0.2:52365",
        "metadata": {},
        "runtime_env": {"env_vars": {"TOUCHSTONE_JOB_CONFIG": "file:///objects/jobs/work/config.json"}},
    }


async def _teach_json(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: msgspec.json.encode(value).decode(),
        decoder=msgspec.json.decode,
        format="text",
    )
