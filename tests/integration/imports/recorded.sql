-- What a small team has recorded: ids with gaps, and some of everything.

insert into app_user (id, created_at, updated_at, email, launchpad_handle, name, is_admin) values
    (3, '2025-01-02 03:04:05.678901', '2025-01-02 03:04:05', 'ada@example.test', 'ada', 'Ada', true),
    (5, '2025-01-03', '2025-01-03', 'bob@example.test', null, 'Bob', false),
    (9, '2025-01-04', '2025-01-04', 'Bob@Example.test', 'bob', 'Bob again', false);
insert into user_session (created_at, updated_at, expires_at, user_id) values
    ('2025-01-02', '2025-01-02', '2025-01-16', 3), ('2025-01-02', '2025-01-02', '2025-01-16', 5);
insert into team (id, created_at, updated_at, name, permissions) values
    (2, '2025-01-02', '2025-01-02', 'certification', '{view_test,change_test}');
insert into team_users_association (team_id, user_id) values (2, 3), (2, 5), (2, 9);
insert into artefact_matching_rule (id, created_at, updated_at, family, name, grant_permissions) values
    (4, '2025-01-02', '2025-01-02', 'snap', 'core', '{change_artefact}');
insert into artefact_matching_rule_team_association (artefact_matching_rule_id, team_id) values (4, 2);
insert into application (id, created_at, updated_at, name, permissions, api_key) values
    (7, '2025-01-02', '2025-01-02', 'ci', '{view_artefact,view_test,view_report,view_issue}',
     'to_0123456789012345678901234567890123456789012');
insert into notification (id, created_at, updated_at, user_id, notification_type, target_url, dismissed_at) values
    (6, '2025-01-02', '2025-01-02', 9, 'USER_ASSIGNED_ARTEFACT_REVIEW', 'http://front/#/snaps/10', '2025-01-03');

insert into artefact (id, created_at, updated_at, name, version, stage, family, store, track, status, comment, due_date)
values (10, '2025-02-03 04:05:06.789', '2025-02-03 04:05:07', 'core', '7', 'beta', 'snap', 'ubuntu', 'latest',
    'APPROVED', E'two\nlines\t\\', '2025-02-13'),
    (12, '2025-02-04', '2025-02-04', 'core', '8', 'candidate', 'snap', 'ubuntu', 'latest', 'UNDECIDED', '', null);
insert into artefact (id, created_at, updated_at, name, version, stage, family, source, track, bundled_builds_hash) values
    (13, '2025-02-05', '2025-02-05', 'bundle', '1', 'stable', 'solution', 'somewhere', 'latest',
     encode(sha256('20,21'), 'hex'));
insert into artefact (id, created_at, updated_at, name, version, stage, family) values
    (14, '2025-02-05', '2025-02-05', 'endless',
     (select string_agg(md5(n::text), '') from generate_series(1, 100) as n), 'edge', 'charm');
insert into artefact_build (id, created_at, updated_at, architecture, revision, artefact_id) values
    (20, '2025-02-03', '2025-02-03', 'amd64', 1, 10), (21, '2025-02-03', '2025-02-03', 'arm64', null, 10),
    (22, '2025-02-04', '2025-02-04', 'amd64', 2, 12), (24, '2025-02-05', '2025-02-05', 'amd64', 1, 14);
insert into artefact_bundled_builds_association (artefact_id, artefact_build_id) values (13, 21), (13, 20);
insert into artefact_reviewers_association (artefact_id, user_id) values (10, 9), (10, 3), (10, 5);
insert into environment (id, created_at, updated_at, name, architecture) values
    (30, '2025-02-03', '2025-02-03', 'laptop', 'amd64'), (31, '2025-02-03', '2025-02-03', 'laptop', 'arm64');
insert into test_plan (id, name) values (40, 'smoke'), (42, 'sru');
insert into artefact_build_environment_review (id, created_at, updated_at, review_decision, review_comment,
    environment_id, artefact_build_id) values
    (50, '2025-02-03', '2025-02-04', '{APPROVED_FAULTY_HARDWARE,APPROVED_INCONSISTENT_TEST}', 'as ever', 30, 20),
    (51, '2025-02-03', '2025-02-03', '{}', '', 31, 21), (53, '2025-02-05', '2025-02-05', '{}', '', 30, 24);
insert into environment_review_reviewers_association (environment_review_id, user_id) values (50, 9), (51, 3);

insert into test_execution (id, created_at, updated_at, ci_link, c3_link, status, checkbox_version, artefact_build_id,
    environment_id, test_plan_id) values
    (60, '2025-02-03 10:00', '2025-02-03 11:00', 'https://ci.test/1', 'https://c3.test/1', 'PASSED', '2.0', 20, 30, 40),
    (61, '2025-02-03 10:00', '2025-02-03 10:30', 'https://CI.test/1', null, 'IN_PROGRESS', null, 21, 31, 40),
    (62, '2025-02-04 10:00', '2025-02-04 10:30', null, null, 'ENDED_PREMATURELY', null, 22, 30, 42),
    (64, '2025-02-05 10:00', '2025-02-05 10:30', null, null, 'NOT_STARTED', null, 24, 30, 40);
insert into test_execution_relevant_link (created_at, updated_at, label, url, test_execution_id) values
    ('2025-02-03', '2025-02-03', 'log', 'https://log.test/1', 60), ('2025-02-03', '2025-02-03', 'log', 'https://log.test/1', 60);
insert into test_execution_metadata (id, created_at, updated_at, category, value) values
    (70, '2025-02-03', '2025-02-03', 'kernel', '6.8'), (72, '2025-02-03', '2025-02-03', 'lab', 'north');
insert into test_execution_metadata_association_table values (60, 70), (60, 72), (61, 70), (64, 70);
insert into test_execution_rerun_request (id, created_at, updated_at, test_plan_id, artefact_build_id, environment_id,
    priority) values (80, '2025-02-03', '2025-02-03', 40, 20, 30, 3);
insert into test_event (created_at, updated_at, event_name, "timestamp", detail, test_execution_id) values
    ('2025-02-03', '2025-02-03', 'job_start', '2025-02-03 10:00:00.25', 'begun', 60),
    ('2025-02-03', '2025-02-03', 'job_end', '2025-02-03 11:00:00', '', 60);
insert into test_case (id, created_at, updated_at, name, category, template_id)
select 100 + n, '2025-02-03', '2025-02-03', 'case ' || n, 'power', 'template ' || n % 3 from generate_series(1, 40) as n;
insert into test_case (id, created_at, updated_at, name, category)
select 200, '2025-02-03', '2025-02-03', string_agg(md5(n::text), ''), 'power' from generate_series(1, 83) as n;
insert into test_result (id, created_at, updated_at, status, comment, io_log, test_execution_id, test_case_id)
select 1000 * (execution - 59) + 2 * n, timestamp '2025-02-03 10:30' + n * interval '1 second', '2025-02-03 10:30',
    (case n % 10 when 0 then 'FAILED' when 1 then 'SKIPPED' else 'PASSED' end)::testresultstatus,
    case when n % 10 = 0 then 'as before' else '' end,
    case when n % 10 = 0 then E'it said:\n\\N\tno' else '' end, execution, 100 + n
from generate_series(1, 40) as n cross join generate_series(60, 62) as execution;
insert into test_result (id, created_at, updated_at, status, comment, io_log, test_execution_id, test_case_id) values
    (9000, '2025-02-03', '2025-02-03', 'PASSED', '', '', 60, 200), (9001, '2025-02-03', '2025-02-03', 'PASSED', '', '', 64, 101);

insert into issue (id, created_at, updated_at, source, project, key, title, status, labels, auto_rerun_enabled) values
    (90, '2025-02-03', '2025-02-03', 'GITHUB', 'canonical/core', '17', 'It fails', 'OPEN', '{bug,old}', true),
    (91, '2025-02-03', '2025-02-03', 'JIRA', 'CERT', '5', 'It fails, too', 'UNKNOWN', null, false);
insert into issue_test_result_attachment_rule (id, created_at, updated_at, issue_id, enabled, families,
    environment_names, test_case_names, template_ids, test_result_statuses) values
    (95, '2025-02-03', '2025-02-03', 90, true, '{snap}', '{}', '{"case 10"}', '{}', '{FAILED}');
insert into issue_test_result_attachment_rule_execution_metadata (created_at, updated_at, attachment_rule_id, category,
    value) values ('2025-02-03', '2025-02-03', 95, 'kernel', '6.8');
insert into issue_test_result_attachment (created_at, updated_at, issue_id, test_result_id, attachment_rule_id) values
    ('2025-02-03', '2025-02-03', 90, 1020, 95), ('2025-02-03', '2025-02-03', 91, 1040, null),
    ('2025-02-03', '2025-02-03', 91, 9000, null);
insert into test_case_issue (id, created_at, updated_at, template_id, case_name, url, description) values
    (96, '2025-02-03', '2025-02-03', '', 'case 1', 'https://issues.test/1', 'Known');
insert into environment_issue (id, created_at, updated_at, environment_name, url, description, is_confirmed) values
    (97, '2025-02-03', '2025-02-03', 'laptop', null, 'No fan', true);
select setval('test_result_id_seq', 9001), setval('artefact_id_seq', 14);
