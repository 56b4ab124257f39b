-- Keeping house: how long what is kept, objects that no row refers to, and the place where the audit's chain was cut.

create table retention_rule (
    kind text not null constraint retention_rule_kind_known check (kind in (
        'jobs', 'job_logs', 'test_executions', 'test_result_logs', 'raw_result_files', 'notifications', 'audit_events'
    )),
    family text not null default '',
    stage text not null default '',
    kept_days integer constraint retention_rule_days_are_positive check (kept_days > 0),
    keeps_newest boolean not null default true,
    primary key (kind, family, stage)
);
comment on table retention_rule is 'How long what is kept. Without a rule: for ever.';
comment on column retention_rule.family is 'Empty for any. Of two rules that fit, that of the family counts, then that of the stage.';
comment on column retention_rule.kept_days is 'Null is for ever, as an exception from a wider rule.';
comment on column retention_rule.keeps_newest is
    'Whether the newest execution of a test plan on a build in an environment stays, however old.';

create index job_ended_idx on job (finished_at, id) where finished_at is not null;

create table orphaned_object (
    key text primary key,
    size bigint not null,
    modified_at timestamptz not null,
    found_at timestamptz not null default now(),
    doomed_at timestamptz
);
comment on table orphaned_object is 'Objects in the store that no row refers to. Those found long enough ago are removed.';
comment on column orphaned_object.doomed_at is 'From then on no row may refer to it: its object is being removed.';
create index orphaned_object_oldest_idx on orphaned_object (found_at) where doomed_at is null;
create index orphaned_object_doomed_idx on orphaned_object (doomed_at) where doomed_at is not null;

create table object_walk (
    place text primary key,
    after_key text not null,
    walked_at timestamptz not null default now()
);
comment on table object_walk is 'How far workers have looked through each place of the object store; the empty key is its beginning.';

create table audit_cut (
    is_only boolean primary key default true constraint audit_cut_is_one_row check (is_only),
    number bigint not null,
    digest bytea not null,
    signature bytea not null,
    cut_at timestamptz not null default now()
);
comment on table audit_cut is
    'The last link that was pruned: the chain goes on from it. Signed like the head, so that nobody else cuts it shorter.';
