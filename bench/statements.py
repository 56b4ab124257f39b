"""The yardstick of `reads.py`: each answer built whole by Postgres in one statement, as a bare handler would ask it.

The statements know the seeded data: every workflow has two jobs that succeeded, nothing is redacted, and no name needs
a percent sign in a URL. What SQL cannot compute, the signature of a download link, is a constant of its length.
"""

import msgspec

from touchstone.settings import Settings

SIGNED = "?expires=1795329254&key_id=00000000&filename=compiled.json&signature=" + "0" * 64

JOB = """
    json_build_object('id', job.id, 'name', job.name, 'description', job.description, 'status', job.status,
        'job_type', job.kind, 'created_at', job.created_at, 'experiment_id', null, 'updated_at', job.updated_at,
        'job_id', job.id, 'type', 'SUBMISSION', 'submission_id', job.id, 'driver_info', null,
        'config', case when job.kind = 'evaluator' then json_build_object('name', job.name || '/' || job.id,
            'evaluation', json_build_object('metrics', job.config -> 'metrics', 'max_samples', job.max_samples,
                'return_input_data', true, 'return_predictions', true, 'storage_path', '{root}/' || job.results_key),
            'predictions_field', job.config -> 'predictions_field', 'max_samples', job.max_samples,
            'model_name_or_path', null, 'dataset', json_build_object('id', job.dataset_id, 'name', dataset.filename))
        else json_build_object('name', job.name || '/' || job.id,
            'job', json_build_object('max_samples', job.max_samples, 'batch_size', job.batch_size,
                'storage_path', '{root}/' || job.results_key, 'output_field', job.config -> 'output_field',
                'enable_tqdm', true),
            'system_prompt', job.config -> 'system_prompt',
            'inference_server', json_build_object('base_url', job.config -> 'base_url',
                'model', job.config -> 'model', 'provider', job.config -> 'provider', 'max_retries', 3),
            'generation_config', job.config -> 'generation_config', 'hf_pipeline', null,
            'task_definition', job.config -> 'task_definition', 'max_samples', job.max_samples,
            'model_name_or_path', job.config -> 'model',
            'dataset', json_build_object('id', job.dataset_id, 'name', dataset.filename)) end,
        'message', coalesce(job.failure_reason ->> 'message', 'Job finished successfully.'),
        'error_type', job.run -> 'error_type', 'start_time', coalesce(job.started_at, job.submitted_at),
        'end_time', job.finished_at, 'metadata', json_build_object('job_type', job.kind),
        'runtime_env', job.run -> 'runtime_env',
        'driver_agent_http_address', job.run -> 'driver_agent_http_address',
        'driver_node_id', job.run -> 'driver_node_id', 'driver_exit_code', job.run -> 'driver_exit_code',
        'workflow_id', replace(job.workflow_id::text, '-', ''), 'attempt', job.attempt, 'progress', job.progress,
        'failure_reason', job.failure_reason, 'started_at', job.started_at, 'finished_at', job.finished_at)
"""
FROM_JOB = "from job join dataset on dataset.id = job.dataset_id"

JOB_OF_WORKFLOW = """
    json_build_object('id', {step}.id,
        'metrics', (select json_agg(json_build_object('name', key, 'value', value)) from jsonb_each({step}.metrics)),
        'parameters', json_build_array(
            json_build_object('name', 'ray_job_id', 'value', {step}.id),
            json_build_object('name', '{parameter}', 'value', '{root}/' || {step}.results_key)),
        'metric_url', '', 'artifact_url', '')
"""

WORKFLOW = """
    json_build_object('id', replace(workflow.id::text, '-', ''), 'experiment_id', workflow.experiment_id::text,
        'model', workflow.model, 'name', workflow.name, 'description', workflow.description,
        'system_prompt', workflow.system_prompt, 'status', workflow.status, 'created_at', workflow.created_at,
        'updated_at', workflow.updated_at, 'jobs', json_build_array({evaluation}, {inference}),
        'metrics', evaluation.metrics || inference.metrics,
        'parameters', json_build_object('ray_job_id', inference.id,
            'eval_output_s3_path', '{root}/' || evaluation.results_key, 'inference_ray_job_id', inference.id,
            'inference_output_s3_path', '{root}/' || inference.results_key),
        'artifacts_download_url', '{url}/api/v1/objects/' || workflow.compiled_key || '{signed}',
        'failure_reason', workflow.failure_reason,
        'progress', json_build_object(
            'done', (evaluation.progress -> 'done')::int + (inference.progress -> 'done')::int,
            'total', (evaluation.progress -> 'total')::int + (inference.progress -> 'total')::int,
            'failed', (evaluation.progress -> 'failed')::int + (inference.progress -> 'failed')::int,
            'rate_per_second', 0.0),
        'started_at', least(evaluation.started_at, inference.started_at), 'finished_at', workflow.finished_at)
"""
FROM_WORKFLOW = """
    from workflow
        join job as inference on inference.workflow_id = workflow.id and inference.step = 'inference'
        join job as evaluation on evaluation.workflow_id = workflow.id and evaluation.step = 'evaluation'
"""

EXPERIMENT = """
    json_build_object('id', experiment.id::text, 'name', experiment.name, 'description', experiment.description,
        'created_at', experiment.created_at, 'max_samples', experiment.max_samples,
        'task_definition', experiment.task_definition, 'dataset', experiment.dataset_id,
        'updated_at', experiment.updated_at,
        'workflows', (select json_agg({workflow} order by workflow.created_at desc, workflow.id desc)
            {from_workflow} where workflow.experiment_id = experiment.id and workflow.deleted_at is null))
"""


class Resource(msgspec.Struct, frozen=True):
    """One kind of thing: how Postgres builds one, and where from."""

    name: str
    built: str
    source: str
    condition: str
    total: str

    def get(self, identifier: str) -> str:
        return f"select ({self.built})::text {self.source} where {self.name}.id = '{identifier}'"

    def page(self, size: int) -> str:
        newest = f"order by {self.name}.created_at desc, {self.name}.id desc limit {size}"
        items = f"select {self.built} as item {self.source} where {self.condition} {newest}"
        return f"select json_build_object('total', ({self.total}), 'items', (select json_agg(item) from ({items}) as page))::text"  # noqa: E501


def resources(settings: Settings) -> list[Resource]:
    root = f"file://{settings.store_folder}"
    steps = {
        step: JOB_OF_WORKFLOW.replace("{step}", step).replace("{parameter}", parameter)
        for step, parameter in (
            ("evaluation", "eval_output_s3_path"),
            ("inference", "inference_output_s3_path"),
        )
    }
    workflow = _filled(WORKFLOW, **steps, url=settings.api_url, signed=SIGNED)
    experiment = _filled(EXPERIMENT, workflow=workflow, from_workflow=FROM_WORKFLOW)
    kept = "{}.deleted_at is null"
    found = [
        Resource("job", JOB, FROM_JOB, "true", "select count(*) from job"),
        Resource("workflow", workflow, FROM_WORKFLOW, kept.format("workflow"), _total("workflow")),
        Resource("experiment", experiment, "from experiment", kept.format("experiment"), _total("experiment")),
    ]
    return [msgspec.structs.replace(one, built=_filled(one.built, root=root)) for one in found]


def _total(table: str) -> str:
    return f"select count(*) from {table} where deleted_at is null"


def _filled(template: str, **values: str) -> str:
    for name, value in values.items():
        template = template.replace("{" + name + "}", value)
    return template
