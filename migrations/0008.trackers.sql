-- What workers do with the trackers of others: whom they leave alone for a while, the issues that they are to make
-- there, and the cards for reviews.

create table tracker_pause (
    source text not null
        constraint tracker_pause_source_known check (source in ('jira', 'github', 'launchpad', 'gitlab')),
    host text not null,
    until timestamptz not null,
    reason text not null,
    primary key (source, host)
);
comment on table tracker_pause is 'Until when a tracker is not asked about issues, and why.';

create table issue_order (
    id integer generated always as identity primary key,
    test_result_id bigint references test_result on delete set null,
    source text not null
        constraint issue_order_source_known check (source in ('jira', 'github', 'launchpad', 'gitlab')),
    host text not null,
    project text not null,
    marker text not null default 'order-' || replace(gen_random_uuid()::text, '-', ''),
    title text not null,
    text text not null,
    labels text[] not null default '{}',
    status text not null default 'wanted'
        constraint issue_order_status_known check (status in ('wanted', 'made', 'failed')),
    issue_id integer references issue on delete set null,
    ordered_by text not null,
    attempts integer not null default 0,
    try_at timestamptz not null default now(),
    leased_until timestamptz,
    error text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint issue_order_once_key unique (test_result_id, source, host, project)
);
comment on table issue_order is 'Issues that a worker is to make in a tracker, of results that failed.';
comment on column issue_order.marker is 'Written into the issue, so that trying again finds it.';
comment on column issue_order.attempts is 'Since it was last wanted.';
create index issue_order_due_idx on issue_order (try_at) where status = 'wanted';
create index issue_order_issue_idx on issue_order (issue_id);

create table review_card (
    id integer generated always as identity primary key,
    artefact_id integer not null references artefact on delete cascade,
    user_id integer not null references app_user on delete cascade,
    parent text not null,
    marker text not null default 'review-' || replace(gen_random_uuid()::text, '-', ''),
    status text not null default 'wanted'
        constraint review_card_status_known check (status in ('wanted', 'made', 'failed')),
    key text,
    url text,
    is_assigned boolean,
    attempts integer not null default 0,
    try_at timestamptz not null default now(),
    leased_until timestamptz,
    error text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint review_card_once_key unique (artefact_id, user_id, parent)
);
comment on table review_card is 'Cards in Jira for people who review artefacts, under the issue of the artefact.';
comment on column review_card.marker is 'A label of the card, so that trying again finds it.';
create index review_card_due_idx on review_card (try_at) where status = 'wanted';
create index review_card_user_idx on review_card (user_id);
