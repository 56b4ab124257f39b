-- Work that is done again and again: schedules that workers lease, and what came of each run.

create table periodic_work (
    name text primary key,
    every_seconds double precision not null constraint periodic_work_has_an_interval check (every_seconds > 0),
    is_enabled boolean not null,
    next_at timestamptz not null default now(),
    failures integer not null default 0,
    leased_until timestamptz,
    leased_by text,
    triggered_by text,
    triggered_at timestamptz,
    registered_at timestamptz not null default now()
);
comment on table periodic_work is 'What workers do again and again; a lease keeps two from doing one thing at once.';
comment on column periodic_work.failures is 'Runs in a row that failed or were lost; the more, the longer the pause.';
comment on column periodic_work.triggered_by is 'Who asked for a run that has not begun yet, beside those that are due.';
comment on column periodic_work.registered_at is 'When a worker last said that it does this.';

create table periodic_run (
    id bigint generated always as identity primary key,
    name text not null references periodic_work on delete cascade,
    worker text not null,
    triggered_by text,
    started_at timestamptz not null default now(),
    ended_at timestamptz,
    outcome text constraint periodic_run_outcome_known check (outcome in ('succeeded', 'failed', 'lost')),
    detail jsonb,
    error text,
    constraint periodic_run_ends_with_an_outcome check ((ended_at is null) = (outcome is null))
);
comment on table periodic_run is 'When periodic work was done, for how long, and what came of it. Old runs are deleted.';
comment on column periodic_run.triggered_by is 'Who asked for it; null where it was due.';
create index periodic_run_name_idx on periodic_run (name, id desc);
create unique index periodic_run_going_on_key on periodic_run (name) where ended_at is null;
create index periodic_run_ended_idx on periodic_run (ended_at);
