-- A service that was used for a while: 5,000 datasets, 1,000 experiments, 5,000 workflows, 20,000 jobs, 50,000 events.

create function dataset_number(number int) returns uuid language sql immutable as
    $$ select ('00000000-0000-4000-8000-' || lpad(to_hex(number), 12, '0'))::uuid $$;
create function workflow_number(number int) returns uuid language sql immutable as
    $$ select ('00000000-0000-4000-9000-' || lpad(to_hex(number), 12, '0'))::uuid $$;
create function job_number(number int) returns uuid language sql immutable as
    $$ select ('00000000-0000-4000-a000-' || lpad(to_hex(number), 12, '0'))::uuid $$;
create function minute(number int) returns timestamptz language sql immutable as
    $$ select '2026-01-01 00:00:00+00'::timestamptz + number * interval '1 minute' $$;

-- one in ten is deleted, and purged but for the last ones
insert into dataset (id, filename, folder, size, row_count, columns, digest, ground_truth, created_at, deleted_at,
    purged_at)
select dataset_number(number), 'texts-' || number || '.csv', 'datasets/' || number || '/', 10000, 100,
    '{examples,ground_truth}', repeat('0', 64), true, minute(number),
    case when number % 10 = 0 then minute(number + 1) end,
    case when number % 10 = 0 and number < 4900 then minute(number + 2) end
from generate_series(1, 5000) as number;

insert into experiment (name, description, dataset_id, max_samples, task_definition, created_at, deleted_at)
select 'experiment ' || number, '', dataset_number(number * 5 - 1), -1, '{"task": "summarization"}', minute(number),
    case when number % 10 = 0 then minute(number + 1) end
from generate_series(1, 1000) as number;

insert into workflow (id, experiment_id, name, description, model, provider, system_prompt, request, status,
    created_at, finished_at, deleted_at)
select workflow_number(number), (number + 4) / 5, 'workflow ' || number, '', 'lead-1', 'baseline', '', '{}',
    case when number > 4900 then 'running' when number % 7 = 0 then 'failed' else 'succeeded' end, minute(number),
    case when number <= 4900 then minute(number + 10) end, case when number % 50 < 5 then minute(number + 20) end
from generate_series(1, 5000) as number;

-- two of each workflow, then as many of their own, of which every hundredth annotates; the last hundreds are not done
insert into job (id, kind, name, description, status, dataset_id, workflow_id, step, max_samples, batch_size, config,
    timeout_seconds, look_at, created_at, submitted_at, finished_at)
select job_number(number),
    case when number > 10000 and number % 100 = 0 then 'annotate' when number % 2 = 0 then 'evaluator'
        else 'inference' end,
    'job ' || number, '',
    case when number > 19500 then 'created' when number > 19450 then 'running' when number > 19400 then 'pending'
        when number % 9 = 0 then 'failed' else 'succeeded' end,
    dataset_number(number % 5000 + 1),
    case when number <= 10000 then workflow_number((number + 1) / 2) end,
    case when number > 10000 then null when number % 2 = 0 then 'evaluation' else 'inference' end,
    -1, 1, jsonb_build_object('model', 'lead-1', 'provider', 'baseline', 'system_prompt', repeat('words ', 50)), 3600,
    minute(number), minute(number), case when number <= 19500 then minute(number + 1) end,
    case when number <= 19400 then minute(number + 5) end
from generate_series(1, 20000) as number;

insert into job_event (job_id, kind, data, created_at)
select job_number(number % 19000 + 1), 'status', '{"status": "pending", "attempt": 1}', minute(number)
from generate_series(1, 40000) as number;
-- one that told of its progress very often, and printed much
insert into job_event (job_id, kind, data, created_at)
select job_number(19451), 'progress', '{"done": 1, "total": 10000}', minute(number)
from generate_series(1, 10000) as number;
insert into job_log (job_id, position, text)
select job_number(number), 0, repeat('a line that was printed' || chr(10), 40) from generate_series(1, 19000) as number;
insert into job_log (job_id, position, text)
select job_number(19451), number * 1000, repeat('x', 1000) from generate_series(0, 4999) as number;

insert into idempotent_request (caller, route, key, body_digest, body)
select 'somebody', 'POST /api/v1/jobs/inference', 'key ' || number, '\x00', '{}'
from generate_series(1, 10000) as number;

-- what people and machines leave behind: 20,000 audit events of which the last ten wait for their seal, 20,000
-- notifications of two users, 20,000 events of which ten wait, 20,000 deliveries to two webhooks of which some are due
insert into app_user (email, name) select 'user' || number || '@example.test', 'User ' || number
from generate_series(1, 100) as number;
insert into audit_event (at, transaction_id, actor, credential, action, subject)
select minute(number), (1000 + number)::text::xid8, 'user:' || number % 100, 'none',
    case when number % 500 = 0 then 'delete_team' else 'change_team' end, 'team:' || number % 1000
from generate_series(1, 20000) as number;
insert into audit_seal (number, event_id, digest)
select row_number() over (order by id), id, '\x00' from audit_event order by id limit 19990;
insert into audit_head (number, digest, signature, sealed_before) values (19990, '\x00', '\x00', '20991');
insert into notification (user_id, notification_type, created_at, dismissed_at)
select 1 + number % 2, 'USER_ASSIGNED_ARTEFACT_REVIEW', minute(number), case when number % 100 > 0 then minute(number) end
from generate_series(1, 20000) as number;
insert into outbox (event, subject, payload, created_at, handled_at)
select 'job.failed', 'job:1', '{}', minute(number), case when number <= 19990 then minute(number) end
from generate_series(1, 20000) as number;
insert into webhook (url, events, owner) select 'https://hooks.example.com', '{*}', 'user:1'
from generate_series(1, 2);
insert into webhook_secret (webhook_id, value) select id, '\x00' from webhook;
insert into webhook_delivery (webhook_id, message_id, event, payload, status, next_attempt_at, created_at, ended_at)
select 1 + number % 2, 'msg_' || number, 'job.failed', '{}', case when number <= 19000 then 'delivered' else 'waiting' end,
    case when number <= 19500 then minute(number) else now() + interval '1 hour' end, minute(number),
    case when number <= 19000 then minute(number) end
from generate_series(1, 20000) as number;

-- most is nobody's and everyone's; some has an owner, and some of that is hidden from others
update dataset set owner = 'user:3' where id in (dataset_number(4001), dataset_number(4002), dataset_number(4003));
update job set owner = 'user:3', visibility = 'private', created_at = now() - interval '1 day'
where id in (job_number(101), job_number(102), job_number(103));
update job set owner = 'user:4', visibility = 'private' where id in (job_number(104), job_number(105));
