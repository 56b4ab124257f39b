-- 20,000 versions of debs that are archived but for the last of each name, 200 snaps in two versions, and what hangs
-- on them: 2 builds of each version in 3 environments, reviewed and tested.

insert into app_user (email, name)
select 'reviewer-' || number || '@example.test', 'Reviewer ' || number from generate_series(1, 5000) as number;
insert into environment (name, architecture)
select 'environment-' || number, architecture
from generate_series(1, 100) as number, unnest('{amd64,arm64}'::text[]) as architecture;
insert into test_plan (name) select 'plan-' || number from generate_series(1, 200) as number;

insert into artefact (family, name, version, stage, series, repo, is_archived, created_at)
select 'deb', 'deb-' || number % 500, '1.' || number, 'proposed', 'noble', 'main', number < 19500, minute(number)
from generate_series(0, 19999) as number;
insert into artefact (family, name, version, stage, track, store, created_at)
select 'snap', 'snap-' || number % 200, '1.' || number, 'beta', 'latest', 'ubuntu', minute(number)
from generate_series(0, 399) as number;

insert into artefact_reviewer (artefact_id, user_id)
select artefact.id, app_user.id from artefact
    join app_user on app_user.email = 'reviewer-' || artefact.id % 200 + 1 || '@example.test';
insert into artefact_build (artefact_id, architecture, revision)
select id, architecture, id from artefact, unnest('{amd64,arm64}'::text[]) as architecture;
insert into environment_review (artefact_build_id, environment_id, review_decision)
select build.id, environment.id,
    case when build.id % 2 = 0 then '{APPROVED_ALL_TESTS_PASS}'::text[] else '{}' end
from artefact_build as build
    join environment on environment.architecture = build.architecture
        and environment.name in (
            'environment-' || build.id % 98 + 1, 'environment-' || build.id % 98 + 2, 'environment-' || build.id % 98 + 3
        );
insert into environment_review_reviewer (environment_review_id, user_id)
select environment_review.id, (select min(id) from app_user) + environment_review.id % 200 from environment_review
where environment_review.id % 2 = 0;
insert into test_execution (artefact_build_id, environment_id, test_plan_id, status, started_by, created_at)
select artefact_build_id, environment_id, (select min(id) from test_plan) + environment_review.id % 200, 'PASSED',
    'application:1', minute(environment_review.id % 100000)
from environment_review join artefact_build as build on build.id = artefact_build_id
where build.id % 3 = 0;
insert into artefact_bundled_build (artefact_id, artefact_build_id, place)
select artefact.id, artefact.id * 2 - 5, 1 from artefact where artefact.id > 10;
insert into rerun_request (test_plan_id, artefact_build_id, environment_id)
select test_plan_id, artefact_build_id, environment_id from test_execution where id % 50 = 0 on conflict do nothing;
insert into execution_metadata (category, value)
select 'kernel', '6.' || number from generate_series(1, 500) as number;
insert into test_execution_metadata (test_execution_id, execution_metadata_id)
select test_execution.id, execution_metadata.id from test_execution
    join execution_metadata on execution_metadata.value = '6.' || test_execution.id % 500 + 1;
insert into artefact_decision (artefact_id, decided_by, decision, is_effective)
select artefact.id, 'user:' || number, '{APPROVED}', number % 2 = 0
from artefact, generate_series(1, 5) as number where artefact.id % 10 = 0;
insert into artefact_decision (artefact_id, decided_by, decision)
select 12345, 'user:' || number, '{UNDECIDED}' from generate_series(1, 5000) as number;
