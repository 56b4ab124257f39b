-- The tables of a Test Observer, from section 1 of the observation contract.

create type familyname as enum ('snap', 'deb', 'charm', 'image', 'solution');
create type artefactstatus as enum ('APPROVED', 'MARKED_AS_FAILED', 'UNDECIDED');
create type testexecutionstatus as enum
    ('NOT_STARTED', 'IN_PROGRESS', 'PASSED', 'FAILED', 'NOT_TESTED', 'ENDED_PREMATURELY');
create type testresultstatus as enum ('PASSED', 'FAILED', 'SKIPPED');
create type artefactbuildenvironmentreviewdecision as enum ('REJECTED', 'APPROVED_INCONSISTENT_TEST',
    'APPROVED_UNSTABLE_PHYSICAL_INFRA', 'APPROVED_CUSTOMER_PREREQUISITE_FAIL', 'APPROVED_FAULTY_HARDWARE',
    'APPROVED_ALL_TESTS_PASS');
create type issuesource as enum ('JIRA', 'GITHUB', 'LAUNCHPAD');
create type issuestatus as enum ('UNKNOWN', 'OPEN', 'CLOSED');
create type notificationtype as enum ('USER_ASSIGNED_ARTEFACT_REVIEW', 'USER_ASSIGNED_ENVIRONMENT_REVIEW');
create type permission as enum ('change_artefact', 'change_rerun', 'change_test', 'view_artefact', 'view_issue',
    'view_report', 'view_test', 'view_user');

create table app_user (
    id serial primary key, created_at timestamp not null, updated_at timestamp not null, email varchar not null unique,
    launchpad_handle varchar, name varchar not null, is_admin boolean not null default false
);
create table user_session (
    id serial primary key, created_at timestamp not null, updated_at timestamp not null, expires_at timestamp not null,
    user_id integer not null references app_user on delete cascade
);
create table application (
    id serial primary key, created_at timestamp not null, updated_at timestamp not null, name varchar not null unique,
    permissions permission[] not null, api_key varchar not null unique
);
create table team (
    id serial primary key, created_at timestamp not null, updated_at timestamp not null, name varchar not null unique,
    permissions permission[] not null default '{}'
);
create table team_users_association (
    user_id integer references app_user, team_id integer references team, primary key (user_id, team_id)
);
create table artefact_matching_rule (
    id serial primary key, created_at timestamp not null, updated_at timestamp not null, family familyname not null,
    name varchar(200) not null default '', stage varchar(100) not null default '', track varchar(200) not null default '',
    branch varchar(200) not null default '', store varchar(200) not null default '',
    series varchar(200) not null default '', os varchar(200) not null default '',
    release varchar(200) not null default '', owner varchar(200) not null default '',
    grant_permissions permission[] not null default '{}',
    unique (name, family, stage, track, branch, store, series, os, release, owner)
);
create table artefact_matching_rule_team_association (
    artefact_matching_rule_id integer references artefact_matching_rule on delete cascade,
    team_id integer references team, primary key (artefact_matching_rule_id, team_id)
);
create table artefact (
    id serial primary key, created_at timestamp not null, updated_at timestamp not null, name varchar(200) not null,
    version varchar not null, stage varchar(100) not null, family familyname not null, due_date date,
    bug_link varchar not null default '', status artefactstatus not null default 'UNDECIDED',
    archived boolean not null default false, comment varchar not null default '', store varchar not null default '',
    track varchar not null default '', series varchar not null default '', repo varchar not null default '',
    branch varchar(200) not null default '', source varchar(200) not null default '',
    os varchar(200) not null default '', release varchar(200) not null default '',
    sha256 varchar(200) not null default '', owner varchar(200) not null default '',
    image_url varchar(200) not null default '', jira_issue varchar, bundled_builds_hash varchar(64)
);
create unique index unique_snap on artefact (name, version, track, branch) where family = 'snap';
create table artefact_build (
    id serial primary key, created_at timestamp not null, updated_at timestamp not null,
    architecture varchar(100) not null, revision integer,
    artefact_id integer not null references artefact on delete cascade
);
create table artefact_bundled_builds_association (
    artefact_id integer references artefact on delete cascade,
    artefact_build_id integer references artefact_build on delete cascade, primary key (artefact_id, artefact_build_id)
);
create table artefact_reviewers_association (
    artefact_id integer references artefact on delete cascade, user_id integer references app_user on delete cascade,
    primary key (artefact_id, user_id)
);
create table environment (
    id serial primary key, created_at timestamp not null, updated_at timestamp not null, name varchar(200) not null,
    architecture varchar(100) not null, unique (name, architecture)
);
create table test_plan (
    id serial primary key, created_at timestamp not null default now(), updated_at timestamp not null default now(),
    name varchar(200) not null unique
);
create table test_execution (
    id serial primary key, created_at timestamp not null, updated_at timestamp not null, ci_link varchar(200) unique,
    c3_link varchar(200), status testexecutionstatus not null, checkbox_version varchar(200),
    resource_url varchar not null default '',
    artefact_build_id integer not null references artefact_build on delete cascade,
    environment_id integer not null references environment,
    test_plan_id integer not null references test_plan on delete cascade
);
create table test_execution_relevant_link (
    id serial primary key, created_at timestamp not null, updated_at timestamp not null, label varchar not null,
    url varchar not null, test_execution_id integer not null references test_execution on delete cascade
);
create table test_execution_metadata (
    id serial primary key, created_at timestamp not null, updated_at timestamp not null,
    category varchar(200) not null, value varchar(200) not null, unique (category, value)
);
create table test_execution_metadata_association_table (
    test_execution_id integer references test_execution,
    test_execution_metadata_id integer references test_execution_metadata,
    primary key (test_execution_id, test_execution_metadata_id)
);
create table test_execution_rerun_request (
    id serial primary key, created_at timestamp not null, updated_at timestamp not null,
    test_plan_id integer not null references test_plan on delete cascade,
    artefact_build_id integer not null references artefact_build on delete cascade,
    environment_id integer not null references environment on delete cascade, priority integer not null default 0,
    unique (test_plan_id, artefact_build_id, environment_id)
);
create table test_case (
    id serial primary key, created_at timestamp not null, updated_at timestamp not null, name varchar not null unique,
    category varchar not null, template_id varchar not null default ''
);
create table test_result (
    id serial primary key, created_at timestamp not null, updated_at timestamp not null,
    status testresultstatus not null, comment varchar not null, io_log varchar not null,
    test_execution_id integer not null references test_execution on delete cascade,
    test_case_id integer not null references test_case on delete cascade
);
create table test_event (
    id serial primary key, created_at timestamp not null, updated_at timestamp not null, event_name varchar not null,
    "timestamp" timestamp not null, detail varchar not null,
    test_execution_id integer not null references test_execution on delete cascade
);
create table artefact_build_environment_review (
    id serial primary key, created_at timestamp not null, updated_at timestamp not null,
    review_decision artefactbuildenvironmentreviewdecision[] not null, review_comment varchar not null,
    environment_id integer not null references environment on delete cascade,
    artefact_build_id integer not null references artefact_build on delete cascade,
    unique (artefact_build_id, environment_id)
);
create table environment_review_reviewers_association (
    environment_review_id integer references artefact_build_environment_review on delete cascade,
    user_id integer references app_user on delete cascade, primary key (environment_review_id, user_id)
);
create table notification (
    id serial primary key, created_at timestamp not null, updated_at timestamp not null,
    user_id integer not null references app_user on delete cascade, notification_type notificationtype not null,
    target_url varchar, dismissed_at timestamp
);
create table test_case_issue (
    id serial primary key, created_at timestamp not null, updated_at timestamp not null, template_id varchar not null,
    case_name varchar not null, url varchar not null, description varchar not null
);
create table environment_issue (
    id serial primary key, created_at timestamp not null, updated_at timestamp not null,
    environment_name varchar not null, url varchar, description varchar not null, is_confirmed boolean not null
);
create table issue (
    id serial primary key, created_at timestamp not null, updated_at timestamp not null, source issuesource not null,
    project varchar(200) not null, key varchar(200) not null, title varchar not null, status issuestatus not null,
    labels varchar[], last_synced_at timestamp, auto_rerun_enabled boolean not null default false,
    unique (project, source, key)
);
create table issue_test_result_attachment_rule (
    id serial primary key, created_at timestamp not null, updated_at timestamp not null,
    issue_id integer not null references issue on delete cascade, enabled boolean not null,
    families familyname[] not null, artefacts varchar[] not null default '{}',
    artefact_versions varchar[] not null default '{}', artefact_stages varchar[] not null default '{}',
    artefact_tracks varchar[] not null default '{}', environment_names varchar[] not null,
    test_case_names varchar[] not null, template_ids varchar[] not null,
    test_result_statuses testresultstatus[] not null
);
create table issue_test_result_attachment (
    id serial primary key, created_at timestamp not null, updated_at timestamp not null,
    issue_id integer not null references issue on delete cascade,
    test_result_id integer not null references test_result on delete cascade,
    attachment_rule_id integer references issue_test_result_attachment_rule on delete set null,
    unique (issue_id, test_result_id)
);
create table issue_test_result_attachment_rule_execution_metadata (
    id serial primary key, created_at timestamp not null, updated_at timestamp not null,
    attachment_rule_id integer not null references issue_test_result_attachment_rule on delete cascade,
    category varchar(200) not null, value varchar(200) not null, unique (attachment_rule_id, category, value)
);
