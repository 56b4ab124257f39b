-- 1,000,000 results in 5,000 executions of 250 artefacts, some of everything that searches ask for.
-- `:executions` is replaced by how many executions there are to be.

insert into app_user (email, name) select format('reviewer-%s@bench.test', n), format('Reviewer %s', n)
from generate_series(1, 10) as n;

insert into artefact (family, name, version, stage, track, store, series, repo, source, os, release, sha256, is_archived,
    bundle_digest, created_at)
select family, format('artefact-%s', n % 50), (n / 50)::text,
    (array['edge', 'beta', 'candidate', 'stable'])[1 + n / 6 % 4], case when n % 3 = 0 then 'latest' else '24' end,
    case family when 'snap' then 'ubuntu' else '' end, case family when 'deb' then 'noble' else '' end,
    case family when 'deb' then 'main' else '' end,
    case when family in ('solution', 'model') then format('source-%s', n) else '' end, '', '',
    case family when 'image' then format('sha-%s', n) else '' end, n % 10 = 0,
    case family when 'solution' then '' end, timestamptz '2026-01-01' + n * interval '1 day'
from generate_series(0, 249) as n
    cross join lateral (select (array['snap', 'deb', 'charm', 'image', 'snap', 'solution', 'snap', 'deb', 'model', 'snap']
    )[1 + n % 10] as family) as chosen;

insert into artefact_reviewer (artefact_id, user_id)
select artefact.id, app_user.id from artefact
    join app_user on app_user.email = format('reviewer-%s@bench.test', 1 + artefact.id % 10) where artefact.id % 4 <> 0;

insert into artefact_build (artefact_id, architecture, revision)
select id, architecture, case when family in ('snap', 'charm') then id end
from artefact cross join (values ('amd64'), ('arm64')) as known (architecture);

insert into environment (name, architecture)
select format('environment-%s', n), case when n % 2 = 0 then 'amd64' else 'arm64' end from generate_series(0, 39) as n;

insert into test_plan (name) select format('plan-%s', n) from generate_series(0, 7) as n;

insert into test_case (name, template_id, category)
select format('case-%s', n), case when n % 3 = 0 then '' else format('template-%s', n % 40) end, format('category-%s', n % 5)
from generate_series(0, 399) as n;

insert into execution_metadata (category, value)
select category, format('%s-%s', category, n)
from (values ('kernel'), ('lab'), ('image')) as known (category) cross join generate_series(0, 9) as n;

insert into test_execution (artefact_build_id, environment_id, test_plan_id, status, ci_link, created_at, updated_at, seen_at)
select builds.ids[1 + n * 7 % array_length(builds.ids, 1)], places.ids[1 + n * 11 % array_length(places.ids, 1)],
    plans.ids[1 + n % array_length(plans.ids, 1)],
    (array['PASSED', 'FAILED', 'PASSED', 'IN_PROGRESS', 'PASSED', 'ENDED_PREMATURELY'])[1 + n % 6],
    format('https://ci.bench.test/%s', n), at, at + interval '40 minutes', at
from generate_series(1, :executions) as n
    cross join lateral (select timestamptz '2026-01-01' + n * interval '1 hour' as at) as moment
    cross join (select array_agg(id order by id) as ids from artefact_build) as builds
    cross join (select array_agg(id order by id) as ids from environment) as places
    cross join (select array_agg(id order by id) as ids from test_plan) as plans;

insert into test_execution_metadata (test_execution_id, execution_metadata_id)
select execution.id, pair.id from test_execution as execution
    join execution_metadata as pair on pair.value = format('%s-%s', pair.category, execution.id * 13 % 10);

insert into test_execution_relevant_link (test_execution_id, label, url)
select id, 'log', format('https://logs.bench.test/%s', id) from test_execution;

insert into test_event (test_execution_id, event_name, at)
select id, event_name, created_at from test_execution cross join (values ('job_start'), ('job_end')) as known (event_name)
where id % 3 <> 0 or event_name = 'job_start';

insert into rerun_request (test_plan_id, artefact_build_id, environment_id, priority)
select test_plan_id, artefact_build_id, environment_id, id % 5 from test_execution where id % 15 = 0
on conflict do nothing;

insert into test_result (test_execution_id, test_case_id, status, created_at, comment)
select execution.id, cases.ids[1 + (execution.id * 17 + k) % 400],
    case when chance % 20 = 0 then 'FAILED' when chance % 20 = 1 then 'SKIPPED' else 'PASSED' end,
    execution.created_at + interval '30 minutes', case when k % 10 = 0 then 'seen on the bench' else '' end
from test_execution as execution cross join generate_series(1, 200) as k
    cross join (select array_agg(id order by id) as ids from test_case) as cases
    cross join lateral (select abs(hashint8(execution.id * 1000 + k)::bigint) as chance) as thrown
order by execution.created_at, k;

insert into test_result_log (test_result_id, io_log)
select id, repeat(md5(id::text) || chr(10), 15) from test_result where status = 'FAILED' or id % 10 = 0;

insert into issue (source, project, key, title, status)
select 'github', 'bench/bench', n::text, format('What goes wrong, number %s', n), 'open' from generate_series(1, 50) as n;

insert into attachment_rule (issue_id, families) select id, array['snap'] from issue where id % 5 = 0;

insert into issue_attachment (issue_id, test_result_id, attachment_rule_id)
select issues.ids[1 + result.id % 50], result.id, null from test_result as result
    cross join (select array_agg(id order by id) as ids from issue) as issues
where result.status = 'FAILED' and result.id % 5 < 3;
