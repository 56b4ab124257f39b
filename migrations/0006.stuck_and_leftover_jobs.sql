-- Counts looks at a job that failed for no reason anybody knows, so that they end; and tells whose working files are gone.

alter table job
    add column broken_looks integer not null default 0,
    add column is_work_removed boolean not null default false;
comment on column job.broken_looks is 'Looks in a row that met an error of our own; bounds them.';
comment on column job.is_work_removed is 'Whether what its attempts worked with is gone from the object store.';
create index job_work_to_remove_idx on job (finished_at) where not is_work_removed and finished_at is not null;
