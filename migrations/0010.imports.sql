-- How far the import of another service's database is, and what it left.

create table import_progress (
    source text not null,
    source_table text not null,
    last_key bigint not null default 0,
    taken bigint not null default 0,
    updated_at timestamptz not null default now(),
    primary key (source, source_table)
);
comment on table import_progress is 'Written with the rows that were taken: a run that ends in between is resumed by the next.';
comment on column import_progress.source is 'Tells one source from another: a digest of its oldest rows.';
comment on column import_progress.last_key is 'All rows of the source up to this id have been looked at.';

create table import_leftover (
    source text not null,
    source_table text not null,
    reason text not null,
    is_taken boolean not null,
    times bigint not null,
    examples bigint[] not null,
    primary key (source, source_table, reason)
);
comment on table import_leftover is 'What an import did not take, or took with a change, and why.';
comment on column import_leftover.examples is 'The first ids.';
