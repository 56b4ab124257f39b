-- Totals of the long lists, kept while rows come and go: counting the rows takes longer than reading a page of them.

create table list_total (
    list text not null,
    part integer not null,
    total bigint not null,
    primary key (list, part)
);
comment on table list_total is
    'How many rows a list has, the sum over its parts; sessions write to different parts, so that few wait for each other.';
comment on column list_total.list is 'A table whose deleted rows do not count, or job/ and a kind of job.';

create function add_to_total(list text, change bigint) returns void
language sql as $$
    insert into list_total (list, part, total) select $1, pg_backend_pid() % 16, $2 where $2 <> 0
    on conflict (list, part) do update set total = list_total.total + excluded.total
$$;
comment on function add_to_total is 'The row stays locked until the transaction ends: to be called late in it.';

create function keep_total_of_jobs() returns trigger
language plpgsql as $$
begin
    perform add_to_total('job/' || kind, case tg_op when 'INSERT' then number else -number end)
    from (select kind, count(*) as number from changed group by kind order by kind) as kinds;
    return null;
end
$$;
comment on function keep_total_of_jobs is 'By kind, because lists of jobs are filtered by it.';

create function keep_total() returns trigger
language plpgsql as $$
begin
    perform add_to_total(tg_table_name, case tg_op when 'INSERT' then number else -number end)
    from (select count(*) as number from changed where deleted_at is null) as rows;
    return null;
end
$$;
comment on function keep_total is 'For tables that mark rows as deleted.';

create function keep_total_of_marked() returns trigger
language plpgsql as $$
begin
    perform add_to_total(tg_table_name, case when new.deleted_at is null then 1 else -1 end);
    return null;
end
$$;
comment on function keep_total_of_marked is 'When a row is marked as deleted, or no longer.';

create trigger job_total_grows after insert on job referencing new table as changed
    for each statement execute function keep_total_of_jobs();
create trigger job_total_shrinks after delete on job referencing old table as changed
    for each statement execute function keep_total_of_jobs();

create trigger workflow_total_grows after insert on workflow referencing new table as changed
    for each statement execute function keep_total();
create trigger workflow_total_shrinks after delete on workflow referencing old table as changed
    for each statement execute function keep_total();
create trigger workflow_total_of_marked after update of deleted_at on workflow
    for each row when ((old.deleted_at is null) <> (new.deleted_at is null)) execute function keep_total_of_marked();

create trigger experiment_total_grows after insert on experiment referencing new table as changed
    for each statement execute function keep_total();
create trigger experiment_total_shrinks after delete on experiment referencing old table as changed
    for each statement execute function keep_total();
create trigger experiment_total_of_marked after update of deleted_at on experiment
    for each row when ((old.deleted_at is null) <> (new.deleted_at is null)) execute function keep_total_of_marked();

-- the triggers hold writers off until the end of this transaction, so nothing is counted twice or not at all
insert into list_total (list, part, total) select 'job/' || kind, 0, count(*) from job group by kind;
insert into list_total (list, part, total) select 'workflow', 0, count(*) from workflow where deleted_at is null;
insert into list_total (list, part, total) select 'experiment', 0, count(*) from experiment where deleted_at is null;
