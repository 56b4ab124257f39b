-- The evaluation half: datasets, experiments, workflows, jobs with their logs and events, secrets, idempotency keys.

create table dataset (
    id uuid primary key,
    filename text not null,
    format text not null default 'job' constraint dataset_format_known check (format in ('job')),
    folder text not null,
    size bigint not null,
    row_count bigint not null,
    columns text[] not null,
    digest text not null,
    ground_truth boolean not null,
    run_id uuid,
    generated boolean not null default false,
    generated_by text,
    created_at timestamptz not null default now(),
    deleted_at timestamptz,
    purged_at timestamptz
);
comment on table dataset is
    'A deleted row stays as a tombstone, so that finished records keep its name and digest; its objects go (purged_at).';
comment on column dataset.folder is 'Key prefix of its four files in the object store, with the slash at the end.';
comment on column dataset.run_id is 'The job that made it.';
create index dataset_oldest_idx on dataset (created_at, id) where deleted_at is null;
create unique index dataset_run_key on dataset (run_id);
create index dataset_to_purge_idx on dataset (deleted_at) where deleted_at is not null and purged_at is null;

create table unfinished_dataset (
    folder text primary key,
    began_at timestamptz not null default now(),
    is_abandoned boolean not null default false
);
comment on table unfinished_dataset is
    'Where objects may lie of no dataset: uploads under way, and attempts that were lost. A worker removes them later.';
comment on column unfinished_dataset.is_abandoned is 'Its objects are being removed, so that it can make no dataset any more.';

create table experiment (
    id bigint generated always as identity primary key,
    name text not null constraint experiment_name_key unique,
    description text not null,
    dataset_id uuid not null references dataset on delete restrict,
    max_samples integer not null,
    task_definition jsonb not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz
);
comment on table experiment is 'Workflows that share a dataset and a task. The name of a deleted one stays taken.';
create index experiment_newest_idx on experiment (created_at desc, id desc) where deleted_at is null;
create index experiment_dataset_idx on experiment (dataset_id);

create table workflow (
    id uuid primary key,
    experiment_id bigint not null references experiment on delete cascade,
    name text not null,
    description text not null,
    model text not null,
    provider text not null,
    system_prompt text not null,
    request jsonb not null,
    status text not null default 'created'
        constraint workflow_status_known check (status in ('created', 'running', 'failed', 'succeeded')),
    failure_reason jsonb,
    compiled_key text,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz,
    updated_at timestamptz,
    deleted_at timestamptz
);
comment on table workflow is 'An inference job and, in the transaction that finishes it, an evaluation job of what it made.';
create index workflow_experiment_idx on workflow (experiment_id, created_at desc, id desc);
create index workflow_newest_idx on workflow (created_at desc, id desc) where deleted_at is null;

create table job (
    id uuid primary key,
    kind text not null constraint job_kind_known check (kind in ('inference', 'annotate', 'evaluator')),
    name text not null,
    description text not null,
    status text not null default 'created' constraint job_status_known
        check (status in ('created', 'pending', 'running', 'failed', 'succeeded', 'stopped')),
    dataset_id uuid not null references dataset on delete restrict,
    workflow_id uuid references workflow on delete cascade,
    step text constraint job_step_known check (step in ('inference', 'evaluation')),
    max_samples integer not null,
    batch_size integer not null,
    config jsonb not null,
    timeout_seconds integer not null,
    attempt integer not null default 1,
    failures integer not null default 0,
    look_at timestamptz not null default now(),
    leased_by text,
    leased_until timestamptz,
    stop_reason text constraint job_stop_reason_known check (stop_reason in ('cancelled', 'timeout', 'workflow')),
    run jsonb,
    log_size bigint not null default 0,
    log_archived bigint not null default 0,
    attempt_log_size bigint not null default 0,
    progress jsonb,
    metrics jsonb not null default '{}',
    results_key text,
    failure_reason jsonb,
    created_at timestamptz not null default now(),
    submitted_at timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    updated_at timestamptz,
    constraint job_step_of_a_workflow check ((workflow_id is null) = (step is null))
);
comment on table job is 'One piece of work for the cluster; the dispatcher moves it by guarded statements.';
comment on column job.attempt is 'Submitted under the id {id}-{attempt}; writes of a lower attempt have no effect.';
comment on column job.failures is 'How many attempts were lost to the cluster; bounds the automatic ones.';
comment on column job.log_archived is 'Up to this position the log lies in the object store, from there on in job_log.';
comment on column job.look_at is 'Not before this time need a worker look at it again.';
comment on column job.config is 'The job_config as accepted; names a secret, never holds one.';
create index job_newest_idx on job (created_at desc, id desc);
create index job_kind_newest_idx on job (kind, created_at desc, id desc);
create index job_waiting_idx on job (look_at) where status = 'created';
create index job_being_submitted_idx on job (leased_until) where status = 'created';
create index job_submitted_idx on job (look_at)
    where status in ('pending', 'running') or status = 'created' and stop_reason is not null;
create index job_dataset_idx on job (dataset_id);
create unique index job_workflow_step_key on job (workflow_id, step);
create trigger job_waiting after insert on job for each statement execute function hint_job_waiting();

create table job_log (
    job_id uuid not null references job on delete cascade,
    position bigint not null,
    text text not null,
    primary key (job_id, position)
);
comment on table job_log is 'What a job printed, in chunks; position counts characters from the first attempt on.';

create table job_event (
    id bigint generated always as identity primary key,
    job_id uuid not null references job on delete cascade,
    kind text not null,
    data jsonb not null,
    created_at timestamptz not null default now()
);
comment on table job_event is 'What happened to a job, in order; the id is the event id of the stream.';
create index job_event_job_idx on job_event (job_id, id);

create table secret (
    name text primary key constraint secret_name_length check (length(name) between 1 and 255),
    description text not null,
    value bytea not null,
    allowed_hosts text[] not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table secret is 'Keys of providers, encrypted; jobs name them, nobody reads them.';
comment on column secret.value is 'Fernet token; the keys are in the settings.';

create table idempotent_request (
    caller text not null,
    route text not null,
    key text not null,
    body_digest bytea not null,
    body text not null,
    created_at timestamptz not null default now(),
    primary key (caller, route, key)
);
comment on table idempotent_request is 'Answers of creating POSTs that carried an Idempotency-Key, kept for 24 hours.';
create index idempotent_request_oldest_idx on idempotent_request (created_at);
