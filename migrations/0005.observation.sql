-- What was tested, where and with what outcome: artefacts, builds, environments, reviews, executions, results, known
-- issues and the rules that tie results to them.

create extension if not exists pg_trgm;

create function wire_time(at timestamptz) returns text
language sql stable parallel safe
return to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US');
comment on function wire_time is 'As the observation contract writes times: UTC that says no zone.';

create table artefact (
    id integer generated always as identity primary key,
    family text not null
        constraint artefact_family_known check (family in ('snap', 'deb', 'charm', 'image', 'solution', 'model')),
    name text not null,
    version text not null,
    stage text not null default '',
    status text not null default 'UNDECIDED'
        constraint artefact_status_known check (status in ('APPROVED', 'MARKED_AS_FAILED', 'UNDECIDED')),
    is_archived boolean not null default false,
    is_important boolean not null default false,
    comment text not null default '',
    bug_link text not null default '',
    jira_issue text,
    due_date date,
    store text not null default '',
    track text not null default '',
    series text not null default '',
    repo text not null default '',
    branch text not null default '',
    source text not null default '',
    os text not null default '',
    release text not null default '',
    sha256 text not null default '',
    owner text not null default '',
    image_url text not null default '',
    bundle_digest text,
    edition integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint artefact_bundle_of_solutions check ((family = 'solution') = (bundle_digest is not null)),
    constraint artefact_fits_its_index check (
        octet_length(name || version || track || branch || store || series || repo || source || sha256 || stage) <= 2600
    )
);
comment on table artefact is 'A version of what is shipped; the families'' own fields are empty where they do not apply.';
comment on column artefact.bundle_digest is 'SHA-256 of the ascending ids of the bundled builds, joined by commas.';
comment on column artefact.edition is 'Counts the changes by people, for If-Match.';
comment on column artefact.is_important is 'Kept when rules of retention would take it.';
create unique index artefact_snap_key on artefact (name, version, track, branch, store) where family = 'snap';
create unique index artefact_charm_key on artefact (name, version, track, branch) where family = 'charm';
create unique index artefact_deb_key on artefact (name, version, series, repo, source) where family = 'deb';
create unique index artefact_image_key on artefact (sha256) where family = 'image';
create unique index artefact_solution_key on artefact (name, source, version, track, stage, bundle_digest)
    where family = 'solution';
create unique index artefact_model_key on artefact (name, version, source) where family = 'model';
create index artefact_name_idx on artefact (name, id desc);
create index artefact_listed_idx on artefact (family, name, created_at) where not is_archived;
create index artefact_name_trigram_idx on artefact using gin (name gin_trgm_ops);
create index artefact_newest_idx on artefact (created_at desc, id desc);

create table artefact_reviewer (
    artefact_id integer not null references artefact on delete cascade,
    user_id integer not null references app_user on delete cascade,
    place bigint generated always as identity,
    primary key (artefact_id, user_id)
);
comment on table artefact_reviewer is 'Who reviews an artefact, in the order of their places.';
create index artefact_reviewer_user_idx on artefact_reviewer (user_id, artefact_id);

create table artefact_build (
    id integer generated always as identity primary key,
    artefact_id integer not null references artefact on delete cascade,
    architecture text not null,
    revision integer,
    created_at timestamptz not null default now(),
    constraint artefact_build_architecture_revision_key unique nulls not distinct (artefact_id, architecture, revision)
);
comment on table artefact_build is 'What was built of an artefact for an architecture; people look at the highest revision.';

create table artefact_bundled_build (
    artefact_id integer not null references artefact on delete cascade,
    artefact_build_id integer not null references artefact_build on delete cascade,
    place integer not null,
    primary key (artefact_id, artefact_build_id)
);
comment on table artefact_bundled_build is 'Builds of other artefacts that one brings along.';
create index artefact_bundled_build_build_idx on artefact_bundled_build (artefact_build_id);

create table environment (
    id integer generated always as identity primary key,
    name text not null,
    architecture text not null,
    created_at timestamptz not null default now(),
    constraint environment_name_architecture_key unique (name, architecture)
);
comment on table environment is 'Where tests run: a machine, a cloud, an endpoint.';
create index environment_name_trigram_idx on environment using gin (name gin_trgm_ops);

create table test_plan (
    id integer generated always as identity primary key,
    name text not null constraint test_plan_name_key unique,
    created_at timestamptz not null default now()
);
comment on table test_plan is 'What is run.';

create table environment_review (
    id integer generated always as identity primary key,
    artefact_build_id integer not null references artefact_build on delete cascade,
    environment_id integer not null references environment on delete restrict,
    review_decision text[] not null default '{}' constraint environment_review_decision_known check (
        review_decision <@ array[
            'REJECTED', 'APPROVED_INCONSISTENT_TEST', 'APPROVED_UNSTABLE_PHYSICAL_INFRA',
            'APPROVED_CUSTOMER_PREREQUISITE_FAIL', 'APPROVED_FAULTY_HARDWARE', 'APPROVED_ALL_TESTS_PASS'
        ]
    ),
    review_comment text not null default '',
    edition integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint environment_review_build_environment_key unique (artefact_build_id, environment_id)
);
comment on table environment_review is 'What people decided of a build in an environment. No decision: not reviewed yet.';
create index environment_review_environment_idx on environment_review (environment_id);

create table environment_review_reviewer (
    environment_review_id integer not null references environment_review on delete cascade,
    user_id integer not null references app_user on delete cascade,
    place bigint generated always as identity,
    primary key (environment_review_id, user_id)
);
comment on table environment_review_reviewer is 'Who is to review a build in an environment.';
create index environment_review_reviewer_user_idx on environment_review_reviewer (user_id);

create table artefact_decision (
    id bigint generated always as identity primary key,
    artefact_id integer not null references artefact on delete cascade,
    environment_review_id integer references environment_review on delete cascade,
    decided_by text not null,
    decided_by_name text,
    decided_at timestamptz not null default now(),
    request_id text,
    decision text[] not null,
    comment text not null default '',
    is_effective boolean not null default true
);
comment on table artefact_decision is 'Who decided what and when, of an artefact or of one of its environment reviews. Rows stay.';
comment on column artefact_decision.decided_by is 'user:{id} or application:{id}; a pseudonym once the user is erased.';
comment on column artefact_decision.is_effective is 'False while a quorum waits for others to say the same.';
create index artefact_decision_artefact_idx on artefact_decision (artefact_id, id desc);
create index artefact_decision_review_idx on artefact_decision (environment_review_id);

create function ci_link_key(link text) returns text
language sql immutable parallel safe
return case when link ~* '^https?://[^/?#]'
    then regexp_replace(lower(substring(link from '^[^:]+://[^/?#]+')), '^(http://.*):80$|^(https://.*):443$', '\1\2')
        || case when link ~ '^[^:]+://[^/?#]+/' then '' else '/' end
        || substring(link from '^[^:]+://[^/?#]+(.*)$')
    else link end;
comment on function ci_link_key is
    'What spellings of one CI link have in common: runners send it raw and normalised, and both mean one execution.';

create table test_execution (
    id integer generated always as identity primary key,
    artefact_build_id integer not null references artefact_build on delete cascade,
    environment_id integer not null references environment on delete restrict,
    test_plan_id integer not null references test_plan on delete restrict,
    status text not null default 'IN_PROGRESS' constraint test_execution_status_known check (
        status in ('NOT_STARTED', 'IN_PROGRESS', 'PASSED', 'FAILED', 'NOT_TESTED', 'ENDED_PREMATURELY')
    ),
    ci_link text constraint test_execution_ci_link_fits_its_index check (octet_length(ci_link) <= 2600),
    c3_link text,
    resource_url text not null default '',
    checkbox_version text,
    started_by text,
    passed_count integer not null default 0,
    failed_count integer not null default 0,
    skipped_count integer not null default 0,
    edition integer not null default 1,
    seen_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
) with (fillfactor = 85);
comment on table test_execution is 'A test plan run on a build in an environment.';
comment on column test_execution.passed_count is 'Kept by triggers on test_result, as are the other two counts.';
comment on column test_execution.started_by is 'user:{id} or application:{id}.';
comment on column test_execution.seen_at is 'The last sign of life: any write to the execution.';
create unique index test_execution_ci_link_key on test_execution (ci_link_key(ci_link));
create index test_execution_build_idx on test_execution (artefact_build_id, environment_id);
create index test_execution_environment_idx on test_execution (environment_id);
create index test_execution_group_idx on test_execution (test_plan_id, artefact_build_id, environment_id, id desc);
create index test_execution_newest_idx on test_execution (created_at desc, id desc);
create index test_execution_updated_idx on test_execution (updated_at);
create index test_execution_open_idx on test_execution (seen_at) where status in ('NOT_STARTED', 'IN_PROGRESS');

create table test_execution_relevant_link (
    id integer generated always as identity primary key,
    test_execution_id integer not null references test_execution on delete cascade,
    label text not null,
    url text not null,
    created_at timestamptz not null default now()
);
comment on table test_execution_relevant_link is 'Where to read on about an execution.';
create unique index test_execution_relevant_link_once_key
    on test_execution_relevant_link (test_execution_id, md5(label || chr(10) || url));
create index test_execution_relevant_link_execution_idx on test_execution_relevant_link (test_execution_id, id);

create table test_event (
    id bigint generated always as identity primary key,
    test_execution_id integer not null references test_execution on delete cascade,
    event_name text not null,
    at timestamptz not null,
    detail text not null default ''
);
comment on table test_event is 'What the runner told of an execution''s course.';
create index test_event_execution_idx on test_event (test_execution_id, at, id);
create index test_event_name_idx on test_event (event_name, test_execution_id);

create table execution_metadata (
    id integer generated always as identity primary key,
    category text not null,
    value text not null,
    constraint execution_metadata_category_value_key unique (category, value)
);
comment on table execution_metadata is 'Pairs that describe executions.';

create table test_execution_metadata (
    test_execution_id integer not null references test_execution on delete cascade,
    execution_metadata_id integer not null references execution_metadata on delete restrict,
    primary key (test_execution_id, execution_metadata_id)
);
comment on table test_execution_metadata is 'The pairs of an execution.';
create index test_execution_metadata_metadata_idx on test_execution_metadata (execution_metadata_id, test_execution_id);

create table rerun_request (
    id integer generated always as identity primary key,
    test_plan_id integer not null references test_plan on delete cascade,
    artefact_build_id integer not null references artefact_build on delete cascade,
    environment_id integer not null references environment on delete cascade,
    priority integer not null default 0,
    requested_by text,
    claimed_by text,
    claimed_until timestamptz,
    created_at timestamptz not null default now(),
    constraint rerun_request_group_key unique (test_plan_id, artefact_build_id, environment_id)
);
comment on table rerun_request is 'A test plan to be run again on a build in an environment.';
comment on column rerun_request.claimed_until is 'Until then the scheduler that claimed it is at work on it.';
create index rerun_request_next_idx on rerun_request (priority desc, created_at, id);
create index rerun_request_build_idx on rerun_request (artefact_build_id);
create index rerun_request_environment_idx on rerun_request (environment_id);

create table automatic_rerun (
    test_plan_id integer not null references test_plan on delete cascade,
    artefact_build_id integer not null references artefact_build on delete cascade,
    environment_id integer not null references environment on delete cascade,
    times integer not null default 0,
    last_at timestamptz not null default now(),
    primary key (test_plan_id, artefact_build_id, environment_id)
);
comment on table automatic_rerun is 'How often issues have had a group of executions run again, so that it does not go on for ever.';
create index automatic_rerun_build_idx on automatic_rerun (artefact_build_id);
create index automatic_rerun_environment_idx on automatic_rerun (environment_id);

create table test_case (
    id integer generated always as identity primary key,
    name text not null constraint test_case_name_key unique,
    category text not null default '',
    template_id text not null default '',
    created_at timestamptz not null default now(),
    constraint test_case_fits_its_index check (octet_length(name) <= 2600 and octet_length(template_id) <= 2600)
);
comment on table test_case is 'What a test plan checks.';
create index test_case_name_trigram_idx on test_case using gin (name gin_trgm_ops);
create index test_case_template_idx on test_case (template_id);

create table test_result (
    id bigint generated always as identity primary key,
    test_execution_id integer not null references test_execution on delete cascade,
    test_case_id integer not null references test_case on delete restrict,
    status text not null constraint test_result_status_known check (status in ('PASSED', 'FAILED', 'SKIPPED')),
    created_at timestamptz not null default now(),
    comment text not null default ''
);
comment on table test_result is 'The outcome of a test case in an execution; what it printed is in test_result_log.';
create index test_result_execution_idx on test_result (test_execution_id, test_case_id, id);
-- with the status last, searches by it go through the entries and not to the rows
create index test_result_case_idx on test_result (test_case_id, created_at desc, id desc, status);
create index test_result_newest_idx on test_result (created_at desc, id desc, status);
create index test_result_of_execution_newest_idx on test_result (test_execution_id, created_at desc, id desc, status);
create index test_result_unsuccessful_idx on test_result (test_execution_id) where status <> 'PASSED';

create table test_result_log (
    test_result_id bigint primary key references test_result on delete cascade,
    io_log text not null
);
comment on table test_result_log is 'What a test printed, if anything; compressed, and out of the way of lists.';

create table raw_result_file (
    id bigint generated always as identity primary key,
    test_execution_id integer not null references test_execution on delete cascade,
    digest text not null,
    media_type text not null,
    size bigint not null,
    object_key text not null,
    created_at timestamptz not null default now(),
    constraint raw_result_file_execution_digest_key unique (test_execution_id, digest)
);
comment on table raw_result_file is 'Files of results as they came, in the object store by their SHA-256.';
create index raw_result_file_object_idx on raw_result_file (object_key);

create table issue (
    id integer generated always as identity primary key,
    source text not null
        constraint issue_source_known check (source in ('jira', 'github', 'launchpad', 'gitlab')),
    host text not null default '',
    project text not null,
    key text not null,
    title text not null default '',
    status text not null default 'unknown'
        constraint issue_status_known check (status in ('unknown', 'open', 'closed')),
    labels text[],
    auto_rerun_enabled boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    status_changed_at timestamptz not null default now(),
    last_synced_at timestamptz,
    sync_at timestamptz not null default now(),
    sync_leased_until timestamptz,
    sync_etag text,
    sync_failures integer not null default 0,
    sync_error text,
    constraint issue_source_host_project_key_key unique (source, host, project, key)
);
comment on table issue is 'A known problem, kept in a tracker elsewhere.';
comment on column issue.host is 'Empty for the source''s own host.';
comment on column issue.status_changed_at is 'When the tracker, or somebody, last said another status; how often it is looked at follows from it.';
comment on column issue.sync_at is 'When to look at the tracker next.';
create index issue_due_idx on issue (sync_at);
create index issue_text_trigram_idx on issue using gin ((project || ' ' || key || ' ' || title) gin_trgm_ops);

create table attachment_rule (
    id integer generated always as identity primary key,
    issue_id integer not null references issue on delete cascade,
    is_enabled boolean not null default true,
    families text[] not null default '{}',
    artefacts text[] not null default '{}',
    artefact_versions text[] not null default '{}',
    artefact_stages text[] not null default '{}',
    artefact_tracks text[] not null default '{}',
    environment_names text[] not null default '{}',
    test_case_names text[] not null default '{}',
    template_ids text[] not null default '{}',
    test_result_statuses text[] not null default '{}',
    test_plans text[] not null default '{}',
    comment_pattern text,
    comment_needed text,
    io_log_pattern text,
    io_log_needed text,
    expires_at timestamptz,
    owner text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table attachment_rule is 'Which new results belong to an issue; an empty list matches any.';
comment on column attachment_rule.comment_needed is
    'What a text must hold, in small letters, for the pattern to be found; null: nothing that is known.';
create index attachment_rule_issue_idx on attachment_rule (issue_id, id);

create table attachment_rule_metadata (
    attachment_rule_id integer not null references attachment_rule on delete cascade,
    category text not null,
    value text not null,
    primary key (attachment_rule_id, category, value)
);
comment on table attachment_rule_metadata is 'Of each category one of the values must be the execution''s.';

create table issue_attachment (
    issue_id integer not null references issue on delete cascade,
    test_result_id bigint not null references test_result on delete cascade,
    attachment_rule_id integer references attachment_rule on delete set null,
    attached_by text,
    created_at timestamptz not null default now(),
    primary key (test_result_id, issue_id)
);
comment on table issue_attachment is 'Which results an issue explains.';
comment on column issue_attachment.attached_by is 'user:{id} or application:{id}; null for what a rule attached by itself.';
create index issue_attachment_issue_idx on issue_attachment (issue_id, test_result_id);
create index issue_attachment_rule_idx on issue_attachment (attachment_rule_id, created_at) include (attached_by);

create table test_case_reported_issue (
    id integer generated always as identity primary key,
    template_id text not null default '',
    case_name text not null default '',
    url text not null,
    description text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table test_case_reported_issue is 'What people know of a test case, tied by its name or template.';
create index test_case_reported_issue_template_idx on test_case_reported_issue (template_id);
create index test_case_reported_issue_case_idx on test_case_reported_issue (case_name);

create table environment_reported_issue (
    id integer generated always as identity primary key,
    environment_name text not null,
    url text,
    description text not null,
    is_confirmed boolean not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table environment_reported_issue is 'What people know of an environment, tied by its name.';

-- how many results of each kind an execution has: counts of searches add these up, a hundredth of the rows
create function keep_result_counts() returns trigger
language plpgsql as $$
begin
    update test_execution as execution set passed_count = passed_count + change.passed,
        failed_count = failed_count + change.failed, skipped_count = skipped_count + change.skipped,
        seen_at = case tg_op when 'INSERT' then now() else seen_at end
    from (
        select test_execution_id, sum(sign) filter (where status = 'PASSED') as passed,
            sum(sign) filter (where status = 'FAILED') as failed, sum(sign) filter (where status = 'SKIPPED') as skipped
        from (select test_execution_id, status, case tg_op when 'INSERT' then 1 else -1 end as sign from changed)
            as signed
        group by test_execution_id
    ) as sums,
    lateral (select coalesce(sums.passed, 0) as passed, coalesce(sums.failed, 0) as failed,
        coalesce(sums.skipped, 0) as skipped) as change
    where execution.id = sums.test_execution_id;
    return null;
end
$$;
comment on function keep_result_counts is 'For inserted and deleted results; the status of one never changes in place. New ones are a sign of life.';

create trigger result_counts_grow after insert on test_result referencing new table as changed
    for each statement execute function keep_result_counts();
create trigger result_counts_shrink after delete on test_result referencing old table as changed
    for each statement execute function keep_result_counts();
