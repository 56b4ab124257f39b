-- People and machines: users, teams, applications with keys, sessions, matching rules, notifications, the audit trail,
-- webhooks with their outbox, rate limits; and whose the things of the evaluation half are.

create function tell_principals_changed() returns trigger
language plpgsql as $$
begin
    perform pg_notify('principals_changed', '');
    return null;
end
$$;
comment on function tell_principals_changed is 'Processes drop what they remember of who may do what.';

create table app_user (
    id integer generated always as identity primary key,
    email text not null,
    name text not null,
    launchpad_handle text,
    is_admin boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table app_user is 'Somebody who signs in. E-mail addresses are compared in lower case.';
create unique index app_user_email_key on app_user (lower(email));
create index app_user_name_idx on app_user (name, id);

create table team (
    id integer generated always as identity primary key,
    name text not null constraint team_name_key unique,
    permissions text[] not null default '{}',
    joined_by_claims text[] not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table team is 'Users who share permissions.';
comment on column team.joined_by_claims is
    'Groups of an identity provider whose members join at sign-on, as {provider}:{group}; an equal name alone joins nobody.';

create table team_member (
    team_id integer not null references team on delete cascade,
    user_id integer not null references app_user on delete cascade,
    joined_by_claim text,
    created_at timestamptz not null default now(),
    primary key (team_id, user_id)
);
comment on table team_member is 'A membership by claim ends when a sign-on no longer brings the claim; one made by hand stays.';
create index team_member_user_idx on team_member (user_id);

create table application (
    id integer generated always as identity primary key,
    name text not null constraint application_name_key unique,
    permissions text[] not null default '{}',
    accepts_extensions boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table application is 'A machine that calls with a key.';
comment on column application.accepts_extensions is 'Whether it is shown words that the contract does not know.';

create table api_key (
    id integer generated always as identity primary key,
    application_id integer not null references application on delete cascade,
    digest bytea not null constraint api_key_digest_key unique,
    masked text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    last_used_at timestamptz
);
comment on table api_key is 'SHA-256 of the keys; two of an application live while one replaces the other.';
create index api_key_application_idx on api_key (application_id, id desc);

create table user_session (
    id bigint generated always as identity primary key,
    token_digest bytea not null constraint user_session_token_digest_key unique,
    user_id integer not null references app_user on delete cascade,
    method text not null,
    address text,
    user_agent text,
    provider_subject text,
    provider_session text,
    provider_details bytea,
    created_at timestamptz not null default now(),
    seen_at timestamptz not null default now(),
    idle_until timestamptz not null,
    expires_at timestamptz not null
);
comment on table user_session is 'SHA-256 of the cookies'' tokens, and what the identity provider calls the user and the session.';
comment on column user_session.provider_details is 'What ending the session at the provider takes, encrypted.';
create index user_session_user_idx on user_session (user_id, created_at desc);
create index user_session_expired_idx on user_session (least(idle_until, expires_at));
create index user_session_provider_idx on user_session (provider_subject, method) where provider_subject is not null;

create table sign_on (
    state_digest bytea primary key,
    method text not null,
    purpose text not null constraint sign_on_purpose_known check (purpose in ('sign-in', 'sign-out')),
    request_id text not null,
    secrets bytea,
    return_to text,
    replaces bytea,
    expires_at timestamptz not null
);
comment on table sign_on is 'Sign-ons and sign-offs under way: what the provider''s answer must refer to. Taken once.';
comment on column sign_on.state_digest is 'Of the browser''s secret and what the answer names, so that only this browser can finish.';
comment on column sign_on.replaces is 'The session of the browser that the new one ends; the provider''s answer does not bring its cookie.';
create index sign_on_expired_idx on sign_on (expires_at);

create unlogged table seen_assertion (
    digest bytea primary key,
    expires_at timestamptz not null
);
comment on table seen_assertion is 'Assertions that were accepted, so that none is accepted again.';
create index seen_assertion_expired_idx on seen_assertion (expires_at);

create table artefact_matching_rule (
    id integer generated always as identity primary key,
    family text not null,
    name text not null default '',
    stage text not null default '',
    track text not null default '',
    branch text not null default '',
    store text not null default '',
    series text not null default '',
    os text not null default '',
    release text not null default '',
    owner text not null default '',
    grant_permissions text[] not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint artefact_matching_rule_fields_key
        unique (family, name, stage, track, branch, store, series, os, release, owner),
    constraint artefact_matching_rule_fits_its_index check (
        octet_length(name || stage || track || branch || store || series || os || release || owner) <= 2000
    )
);
comment on table artefact_matching_rule is 'Which teams review artefacts of a kind. An empty text matches any.';

create table artefact_matching_rule_team (
    rule_id integer not null references artefact_matching_rule on delete cascade,
    team_id integer not null references team on delete cascade,
    primary key (rule_id, team_id)
);
comment on table artefact_matching_rule_team is 'The teams of a rule.';
create index artefact_matching_rule_team_team_idx on artefact_matching_rule_team (team_id);

create table notification (
    id integer generated always as identity primary key,
    user_id integer not null references app_user on delete cascade,
    notification_type text not null,
    target_url text,
    created_at timestamptz not null default now(),
    dismissed_at timestamptz
);
comment on table notification is 'What a user should know.';
create index notification_user_newest_idx on notification (user_id, created_at desc, id desc);
create index notification_unread_idx on notification (user_id, created_at desc, id desc) where dismissed_at is null;

create table audit_event (
    id bigint generated always as identity primary key,
    at timestamptz not null default clock_timestamp(),
    transaction_id xid8 not null default pg_current_xact_id(),
    actor text not null,
    actor_name text,
    credential text not null,
    request_id text,
    action text not null,
    subject text not null,
    before jsonb,
    after jsonb
);
comment on table audit_event is 'Who changed what, by what credential, from which request. Rows are only ever added.';
create index audit_event_newest_idx on audit_event (at desc, id desc);
create index audit_event_subject_idx on audit_event (subject, at desc, id desc);
create index audit_event_actor_idx on audit_event (actor, at desc, id desc);
create index audit_event_action_idx on audit_event (action, at desc, id desc);
create index audit_event_transaction_idx on audit_event (transaction_id, id);

create table audit_seal (
    number bigint primary key,
    event_id bigint not null constraint audit_seal_event_key unique references audit_event on delete restrict,
    digest bytea not null,
    sealed_at timestamptz not null default clock_timestamp()
);
comment on table audit_seal is 'The chain: each digest covers the event and the digest before it, so that a cut or an edit shows.';

create table audit_head (
    is_only boolean primary key default true constraint audit_head_is_one_row check (is_only),
    number bigint not null,
    digest bytea not null,
    signature bytea not null,
    sealed_before xid8 not null
);
comment on table audit_head is
    'The last link of the chain, signed with a key that the database does not have, so that a shortened chain shows.';
comment on column audit_head.sealed_before is 'The events of all transactions before this one are sealed.';

create table webhook (
    id integer generated always as identity primary key,
    url text not null,
    description text not null default '',
    events text[] not null,
    is_enabled boolean not null default true,
    failing_since timestamptz,
    disabled_reason text,
    owner text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table webhook is 'Who wants to be told of events.';
comment on column webhook.owner is 'Whoever set the address; it is told of what he may see.';
comment on column webhook.failing_since is 'No delivery has succeeded since one failed at this time.';

create table webhook_secret (
    id bigint generated always as identity primary key,
    webhook_id integer not null references webhook on delete cascade,
    value bytea not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz
);
comment on table webhook_secret is 'Encrypted. All that have not expired sign; the one without an end is the newest.';
create index webhook_secret_webhook_idx on webhook_secret (webhook_id, id desc);
create index webhook_secret_expired_idx on webhook_secret (expires_at) where expires_at is not null;

create table outbox (
    id bigint generated always as identity primary key,
    event text not null,
    subject text not null,
    payload jsonb not null,
    visibility text not null default 'everyone'
        constraint outbox_visibility_known check (visibility in ('private', 'team', 'everyone')),
    owner text,
    team_id integer,
    created_at timestamptz not null default now(),
    handled_at timestamptz
);
comment on table outbox is 'Events written in the transaction that made them, for whoever is to be told.';
comment on column outbox.visibility is 'Who may be told, with owner and team_id: as the subject had it at the time.';
create index outbox_waiting_idx on outbox (id) where handled_at is null;
create index outbox_handled_idx on outbox (handled_at) where handled_at is not null;

create table webhook_delivery (
    id bigint generated always as identity primary key,
    webhook_id integer not null references webhook on delete cascade,
    outbox_id bigint references outbox on delete set null,
    message_id text not null,
    event text not null,
    payload jsonb not null,
    status text not null default 'waiting'
        constraint webhook_delivery_status_known check (status in ('waiting', 'delivered', 'failed')),
    attempts integer not null default 0,
    next_attempt_at timestamptz not null default now(),
    give_up_at timestamptz not null default now() + interval '1 day',
    leased_until timestamptz,
    last_status integer,
    last_error text,
    created_at timestamptz not null default now(),
    ended_at timestamptz
);
comment on table webhook_delivery is 'One message to one webhook, tried again for a day; the delivery log.';
create index webhook_delivery_due_idx on webhook_delivery (webhook_id, next_attempt_at, id) where status = 'waiting';
create index webhook_delivery_leased_idx on webhook_delivery (webhook_id, leased_until) where leased_until is not null;
create index webhook_delivery_ended_idx on webhook_delivery (ended_at) where ended_at is not null;
create index webhook_delivery_webhook_idx on webhook_delivery (webhook_id, id desc);
create index webhook_delivery_outbox_idx on webhook_delivery (outbox_id);

create table webhook_attempt (
    delivery_id bigint not null references webhook_delivery on delete cascade,
    number integer not null,
    at timestamptz not null default now(),
    duration_ms integer not null,
    status integer,
    error text,
    primary key (delivery_id, number)
);
comment on table webhook_attempt is 'What came of each attempt at a delivery; status is what the receiver answered, if it did.';

create unlogged table rate_allowance (
    subject text primary key,
    tokens double precision not null,
    leased double precision not null,
    refilled_at timestamptz not null default clock_timestamp()
);
comment on table rate_allowance is 'Token buckets; processes lease tokens from them in batches. Lost in a crash, which does no harm.';
comment on column rate_allowance.leased is 'How many the latest lease was given.';
create index rate_allowance_oldest_idx on rate_allowance (refilled_at);

alter table dataset
    add column owner text, add column team_id integer references team on delete set null,
    add column visibility text not null default 'everyone'
        constraint dataset_visibility_known check (visibility in ('private', 'team', 'everyone'));
alter table experiment
    add column owner text, add column team_id integer references team on delete set null,
    add column visibility text not null default 'everyone'
        constraint experiment_visibility_known check (visibility in ('private', 'team', 'everyone'));
alter table workflow
    add column owner text, add column team_id integer references team on delete set null,
    add column visibility text not null default 'everyone'
        constraint workflow_visibility_known check (visibility in ('private', 'team', 'everyone'));
alter table job
    add column owner text, add column team_id integer references team on delete set null,
    add column visibility text not null default 'everyone'
        constraint job_visibility_known check (visibility in ('private', 'team', 'everyone'));
alter table secret
    add column owner text, add column team_id integer references team on delete set null,
    add column visibility text not null default 'everyone'
        constraint secret_visibility_known check (visibility in ('private', 'team', 'everyone'));
alter table job add column tokens_spent bigint not null default 0;
comment on column job.tokens_spent is 'By all its attempts that told, as the providers counted them.';
create index dataset_restricted_idx on dataset (owner, team_id, visibility) where visibility <> 'everyone';
create index experiment_restricted_idx on experiment (owner, team_id, visibility) where visibility <> 'everyone';
create index workflow_restricted_idx on workflow (owner, team_id, visibility) where visibility <> 'everyone';
create index job_restricted_idx on job (owner, team_id, visibility, kind) where visibility <> 'everyone';
create index dataset_owner_idx on dataset (owner) include (size) where deleted_at is null;
create index job_owner_newest_idx on job (owner, created_at desc) include (tokens_spent);
create index dataset_team_idx on dataset (team_id);
create index experiment_team_idx on experiment (team_id);
create index workflow_team_idx on workflow (team_id);
create index job_team_idx on job (team_id);
create index job_owner_active_idx on job (owner) where status in ('created', 'pending', 'running');
create index secret_team_idx on secret (team_id);

create trigger principals_changed after insert or update or delete on app_user
    for each statement execute function tell_principals_changed();
create trigger principals_changed after update or delete on team
    for each statement execute function tell_principals_changed();
create trigger principals_changed after insert or update or delete on team_member
    for each statement execute function tell_principals_changed();
create trigger principals_changed after update of permissions, accepts_extensions or delete on application
    for each statement execute function tell_principals_changed();
create trigger principals_changed after update of expires_at or delete on api_key
    for each statement execute function tell_principals_changed();
create trigger principals_changed after delete on user_session
    for each statement execute function tell_principals_changed();
