CREATE FUNCTION public.add_to_total(list text, change bigint) RETURNS void
    LANGUAGE sql
    AS $_$
    insert into list_total (list, part, total) select $1, pg_backend_pid() % 16, $2 where $2 <> 0
    on conflict (list, part) do update set total = list_total.total + excluded.total
$_$;

COMMENT ON FUNCTION public.add_to_total(list text, change bigint) IS 'The row stays locked until the transaction ends: to be called late in it.';

CREATE FUNCTION public.hint_job_waiting() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_notify('job_waiting', '');
    return null;
end
$$;

COMMENT ON FUNCTION public.hint_job_waiting() IS 'Only a hint: workers look at the table anyway, from time to time.';

CREATE FUNCTION public.keep_total() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform add_to_total(tg_table_name, case tg_op when 'INSERT' then number else -number end)
    from (select count(*) as number from changed where deleted_at is null) as rows;
    return null;
end
$$;

COMMENT ON FUNCTION public.keep_total() IS 'For tables that mark rows as deleted.';

CREATE FUNCTION public.keep_total_of_jobs() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform add_to_total('job/' || kind, case tg_op when 'INSERT' then number else -number end)
    from (select kind, count(*) as number from changed group by kind order by kind) as kinds;
    return null;
end
$$;

COMMENT ON FUNCTION public.keep_total_of_jobs() IS 'By kind, because lists of jobs are filtered by it.';

CREATE FUNCTION public.keep_total_of_marked() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform add_to_total(tg_table_name, case when new.deleted_at is null then 1 else -1 end);
    return null;
end
$$;

COMMENT ON FUNCTION public.keep_total_of_marked() IS 'When a row is marked as deleted, or no longer.';

CREATE FUNCTION public.tell_principals_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_notify('principals_changed', '');
    return null;
end
$$;

COMMENT ON FUNCTION public.tell_principals_changed() IS 'Processes drop what they remember of who may do what.';

CREATE TABLE public.api_key (
    id integer NOT NULL,
    application_id integer NOT NULL,
    digest bytea NOT NULL,
    masked text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone,
    last_used_at timestamp with time zone
);

COMMENT ON TABLE public.api_key IS 'SHA-256 of the keys; two of an application live while one replaces the other.';

ALTER TABLE public.api_key ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.api_key_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.app_user (
    id integer NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    launchpad_handle text,
    is_admin boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.app_user IS 'Somebody who signs in. E-mail addresses are compared in lower case.';

ALTER TABLE public.app_user ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.app_user_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.application (
    id integer NOT NULL,
    name text NOT NULL,
    permissions text[] DEFAULT '{}'::text[] NOT NULL,
    accepts_extensions boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.application IS 'A machine that calls with a key.';

COMMENT ON COLUMN public.application.accepts_extensions IS 'Whether it is shown words that the contract does not know.';

ALTER TABLE public.application ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.application_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.artefact_matching_rule (
    id integer NOT NULL,
    family text NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    stage text DEFAULT ''::text NOT NULL,
    track text DEFAULT ''::text NOT NULL,
    branch text DEFAULT ''::text NOT NULL,
    store text DEFAULT ''::text NOT NULL,
    series text DEFAULT ''::text NOT NULL,
    os text DEFAULT ''::text NOT NULL,
    release text DEFAULT ''::text NOT NULL,
    owner text DEFAULT ''::text NOT NULL,
    grant_permissions text[] DEFAULT '{}'::text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT artefact_matching_rule_fits_its_index CHECK ((octet_length(((((((((name || stage) || track) || branch) || store) || series) || os) || release) || owner)) <= 2000))
);

COMMENT ON TABLE public.artefact_matching_rule IS 'Which teams review artefacts of a kind. An empty text matches any.';

ALTER TABLE public.artefact_matching_rule ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.artefact_matching_rule_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.artefact_matching_rule_team (
    rule_id integer NOT NULL,
    team_id integer NOT NULL
);

COMMENT ON TABLE public.artefact_matching_rule_team IS 'The teams of a rule.';

CREATE TABLE public.audit_event (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    transaction_id xid8 DEFAULT pg_current_xact_id() NOT NULL,
    actor text NOT NULL,
    actor_name text,
    credential text NOT NULL,
    request_id text,
    action text NOT NULL,
    subject text NOT NULL,
    before jsonb,
    after jsonb
);

COMMENT ON TABLE public.audit_event IS 'Who changed what, by what credential, from which request. Rows are only ever added.';

ALTER TABLE public.audit_event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.audit_head (
    is_only boolean DEFAULT true NOT NULL,
    number bigint NOT NULL,
    digest bytea NOT NULL,
    signature bytea NOT NULL,
    sealed_before xid8 NOT NULL,
    CONSTRAINT audit_head_is_one_row CHECK (is_only)
);

COMMENT ON TABLE public.audit_head IS 'The last link of the chain, signed with a key that the database does not have, so that a shortened chain shows.';

COMMENT ON COLUMN public.audit_head.sealed_before IS 'The events of all transactions before this one are sealed.';

CREATE TABLE public.audit_seal (
    number bigint NOT NULL,
    event_id bigint NOT NULL,
    digest bytea NOT NULL,
    sealed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

COMMENT ON TABLE public.audit_seal IS 'The chain: each digest covers the event and the digest before it, so that a cut or an edit shows.';

CREATE TABLE public.dataset (
    id uuid NOT NULL,
    filename text NOT NULL,
    format text DEFAULT 'job'::text NOT NULL,
    folder text NOT NULL,
    size bigint NOT NULL,
    row_count bigint NOT NULL,
    columns text[] NOT NULL,
    digest text NOT NULL,
    ground_truth boolean NOT NULL,
    run_id uuid,
    generated boolean DEFAULT false NOT NULL,
    generated_by text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    purged_at timestamp with time zone,
    owner text,
    team_id integer,
    visibility text DEFAULT 'everyone'::text NOT NULL,
    CONSTRAINT dataset_format_known CHECK ((format = 'job'::text)),
    CONSTRAINT dataset_visibility_known CHECK ((visibility = ANY (ARRAY['private'::text, 'team'::text, 'everyone'::text])))
);

COMMENT ON TABLE public.dataset IS 'A deleted row stays as a tombstone, so that finished records keep its name and digest; its objects go (purged_at).';

COMMENT ON COLUMN public.dataset.folder IS 'Key prefix of its four files in the object store, with the slash at the end.';

COMMENT ON COLUMN public.dataset.run_id IS 'The job that made it.';

CREATE TABLE public.experiment (
    id bigint NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    dataset_id uuid NOT NULL,
    max_samples integer NOT NULL,
    task_definition jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    owner text,
    team_id integer,
    visibility text DEFAULT 'everyone'::text NOT NULL,
    CONSTRAINT experiment_visibility_known CHECK ((visibility = ANY (ARRAY['private'::text, 'team'::text, 'everyone'::text])))
);

COMMENT ON TABLE public.experiment IS 'Workflows that share a dataset and a task. The name of a deleted one stays taken.';

ALTER TABLE public.experiment ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.experiment_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.idempotent_request (
    caller text NOT NULL,
    route text NOT NULL,
    key text NOT NULL,
    body_digest bytea NOT NULL,
    body text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.idempotent_request IS 'Answers of creating POSTs that carried an Idempotency-Key, kept for 24 hours.';

CREATE TABLE public.job (
    id uuid NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    status text DEFAULT 'created'::text NOT NULL,
    dataset_id uuid NOT NULL,
    workflow_id uuid,
    step text,
    max_samples integer NOT NULL,
    batch_size integer NOT NULL,
    config jsonb NOT NULL,
    timeout_seconds integer NOT NULL,
    attempt integer DEFAULT 1 NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    look_at timestamp with time zone DEFAULT now() NOT NULL,
    leased_by text,
    leased_until timestamp with time zone,
    stop_reason text,
    run jsonb,
    log_size bigint DEFAULT 0 NOT NULL,
    log_archived bigint DEFAULT 0 NOT NULL,
    attempt_log_size bigint DEFAULT 0 NOT NULL,
    progress jsonb,
    metrics jsonb DEFAULT '{}'::jsonb NOT NULL,
    results_key text,
    failure_reason jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    submitted_at timestamp with time zone,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    updated_at timestamp with time zone,
    owner text,
    team_id integer,
    visibility text DEFAULT 'everyone'::text NOT NULL,
    tokens_spent bigint DEFAULT 0 NOT NULL,
    CONSTRAINT job_kind_known CHECK ((kind = ANY (ARRAY['inference'::text, 'annotate'::text, 'evaluator'::text]))),
    CONSTRAINT job_status_known CHECK ((status = ANY (ARRAY['created'::text, 'pending'::text, 'running'::text, 'failed'::text, 'succeeded'::text, 'stopped'::text]))),
    CONSTRAINT job_step_known CHECK ((step = ANY (ARRAY['inference'::text, 'evaluation'::text]))),
    CONSTRAINT job_step_of_a_workflow CHECK (((workflow_id IS NULL) = (step IS NULL))),
    CONSTRAINT job_stop_reason_known CHECK ((stop_reason = ANY (ARRAY['cancelled'::text, 'timeout'::text, 'workflow'::text]))),
    CONSTRAINT job_visibility_known CHECK ((visibility = ANY (ARRAY['private'::text, 'team'::text, 'everyone'::text])))
);

COMMENT ON TABLE public.job IS 'One piece of work for the cluster; the dispatcher moves it by guarded statements.';

COMMENT ON COLUMN public.job.config IS 'The job_config as accepted; names a secret, never holds one.';

COMMENT ON COLUMN public.job.attempt IS 'Submitted under the id {id}-{attempt}; writes of a lower attempt have no effect.';

COMMENT ON COLUMN public.job.failures IS 'How many attempts were lost to the cluster; bounds the automatic ones.';

COMMENT ON COLUMN public.job.look_at IS 'Not before this time need a worker look at it again.';

COMMENT ON COLUMN public.job.log_archived IS 'Up to this position the log lies in the object store, from there on in job_log.';

COMMENT ON COLUMN public.job.tokens_spent IS 'By all its attempts that told, as the providers counted them.';

CREATE TABLE public.job_event (
    id bigint NOT NULL,
    job_id uuid NOT NULL,
    kind text NOT NULL,
    data jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.job_event IS 'What happened to a job, in order; the id is the event id of the stream.';

ALTER TABLE public.job_event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.job_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.job_log (
    job_id uuid NOT NULL,
    "position" bigint NOT NULL,
    text text NOT NULL
);

COMMENT ON TABLE public.job_log IS 'What a job printed, in chunks; position counts characters from the first attempt on.';

CREATE TABLE public.list_total (
    list text NOT NULL,
    part integer NOT NULL,
    total bigint NOT NULL
);

COMMENT ON TABLE public.list_total IS 'How many rows a list has, the sum over its parts; sessions write to different parts, so that few wait for each other.';

COMMENT ON COLUMN public.list_total.list IS 'A table whose deleted rows do not count, or job/ and a kind of job.';

CREATE TABLE public.notification (
    id integer NOT NULL,
    user_id integer NOT NULL,
    notification_type text NOT NULL,
    target_url text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    dismissed_at timestamp with time zone
);

COMMENT ON TABLE public.notification IS 'What a user should know.';

ALTER TABLE public.notification ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.notification_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.outbox (
    id bigint NOT NULL,
    event text NOT NULL,
    subject text NOT NULL,
    payload jsonb NOT NULL,
    visibility text DEFAULT 'everyone'::text NOT NULL,
    owner text,
    team_id integer,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    handled_at timestamp with time zone,
    CONSTRAINT outbox_visibility_known CHECK ((visibility = ANY (ARRAY['private'::text, 'team'::text, 'everyone'::text])))
);

COMMENT ON TABLE public.outbox IS 'Events written in the transaction that made them, for whoever is to be told.';

COMMENT ON COLUMN public.outbox.visibility IS 'Who may be told, with owner and team_id: as the subject had it at the time.';

ALTER TABLE public.outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE UNLOGGED TABLE public.rate_allowance (
    subject text NOT NULL,
    tokens double precision NOT NULL,
    leased double precision NOT NULL,
    refilled_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

COMMENT ON TABLE public.rate_allowance IS 'Token buckets; processes lease tokens from them in batches. Lost in a crash, which does no harm.';

COMMENT ON COLUMN public.rate_allowance.leased IS 'How many the latest lease was given.';

CREATE TABLE public.secret (
    name text NOT NULL,
    description text NOT NULL,
    value bytea NOT NULL,
    allowed_hosts text[] DEFAULT '{}'::text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    owner text,
    team_id integer,
    visibility text DEFAULT 'everyone'::text NOT NULL,
    CONSTRAINT secret_name_length CHECK (((length(name) >= 1) AND (length(name) <= 255))),
    CONSTRAINT secret_visibility_known CHECK ((visibility = ANY (ARRAY['private'::text, 'team'::text, 'everyone'::text])))
);

COMMENT ON TABLE public.secret IS 'Keys of providers, encrypted; jobs name them, nobody reads them.';

COMMENT ON COLUMN public.secret.value IS 'Fernet token; the keys are in the settings.';

CREATE UNLOGGED TABLE public.seen_assertion (
    digest bytea NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.seen_assertion IS 'Assertions that were accepted, so that none is accepted again.';

CREATE TABLE public.sign_on (
    state_digest bytea NOT NULL,
    method text NOT NULL,
    purpose text NOT NULL,
    request_id text NOT NULL,
    secrets bytea,
    return_to text,
    replaces bytea,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT sign_on_purpose_known CHECK ((purpose = ANY (ARRAY['sign-in'::text, 'sign-out'::text])))
);

COMMENT ON TABLE public.sign_on IS 'Sign-ons and sign-offs under way: what the provider''s answer must refer to. Taken once.';

COMMENT ON COLUMN public.sign_on.state_digest IS 'Of the browser''s secret and what the answer names, so that only this browser can finish.';

COMMENT ON COLUMN public.sign_on.replaces IS 'The session of the browser that the new one ends; the provider''s answer does not bring its cookie.';

CREATE TABLE public.team (
    id integer NOT NULL,
    name text NOT NULL,
    permissions text[] DEFAULT '{}'::text[] NOT NULL,
    joined_by_claims text[] DEFAULT '{}'::text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.team IS 'Users who share permissions.';

COMMENT ON COLUMN public.team.joined_by_claims IS 'Groups of an identity provider whose members join at sign-on, as {provider}:{group}; an equal name alone joins nobody.';

ALTER TABLE public.team ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.team_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.team_member (
    team_id integer NOT NULL,
    user_id integer NOT NULL,
    joined_by_claim text,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.team_member IS 'A membership by claim ends when a sign-on no longer brings the claim; one made by hand stays.';

CREATE TABLE public.unfinished_dataset (
    folder text NOT NULL,
    began_at timestamp with time zone DEFAULT now() NOT NULL,
    is_abandoned boolean DEFAULT false NOT NULL
);

COMMENT ON TABLE public.unfinished_dataset IS 'Where objects may lie of no dataset: uploads under way, and attempts that were lost. A worker removes them later.';

COMMENT ON COLUMN public.unfinished_dataset.is_abandoned IS 'Its objects are being removed, so that it can make no dataset any more.';

CREATE TABLE public.user_session (
    id bigint NOT NULL,
    token_digest bytea NOT NULL,
    user_id integer NOT NULL,
    method text NOT NULL,
    address text,
    user_agent text,
    provider_subject text,
    provider_session text,
    provider_details bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    idle_until timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.user_session IS 'SHA-256 of the cookies'' tokens, and what the identity provider calls the user and the session.';

COMMENT ON COLUMN public.user_session.provider_details IS 'What ending the session at the provider takes, encrypted.';

ALTER TABLE public.user_session ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.user_session_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.webhook (
    id integer NOT NULL,
    url text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    events text[] NOT NULL,
    is_enabled boolean DEFAULT true NOT NULL,
    failing_since timestamp with time zone,
    disabled_reason text,
    owner text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.webhook IS 'Who wants to be told of events.';

COMMENT ON COLUMN public.webhook.failing_since IS 'No delivery has succeeded since one failed at this time.';

COMMENT ON COLUMN public.webhook.owner IS 'Whoever set the address; it is told of what he may see.';

CREATE TABLE public.webhook_attempt (
    delivery_id bigint NOT NULL,
    number integer NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    duration_ms integer NOT NULL,
    status integer,
    error text
);

COMMENT ON TABLE public.webhook_attempt IS 'What came of each attempt at a delivery; status is what the receiver answered, if it did.';

CREATE TABLE public.webhook_delivery (
    id bigint NOT NULL,
    webhook_id integer NOT NULL,
    outbox_id bigint,
    message_id text NOT NULL,
    event text NOT NULL,
    payload jsonb NOT NULL,
    status text DEFAULT 'waiting'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone DEFAULT now() NOT NULL,
    give_up_at timestamp with time zone DEFAULT (now() + '1 day'::interval) NOT NULL,
    leased_until timestamp with time zone,
    last_status integer,
    last_error text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT webhook_delivery_status_known CHECK ((status = ANY (ARRAY['waiting'::text, 'delivered'::text, 'failed'::text])))
);

COMMENT ON TABLE public.webhook_delivery IS 'One message to one webhook, tried again for a day; the delivery log.';

ALTER TABLE public.webhook_delivery ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.webhook_delivery_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.webhook ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.webhook_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.webhook_secret (
    id bigint NOT NULL,
    webhook_id integer NOT NULL,
    value bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone
);

COMMENT ON TABLE public.webhook_secret IS 'Encrypted. All that have not expired sign; the one without an end is the newest.';

ALTER TABLE public.webhook_secret ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.webhook_secret_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.workflow (
    id uuid NOT NULL,
    experiment_id bigint NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    model text NOT NULL,
    provider text NOT NULL,
    system_prompt text NOT NULL,
    request jsonb NOT NULL,
    status text DEFAULT 'created'::text NOT NULL,
    failure_reason jsonb,
    compiled_key text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    updated_at timestamp with time zone,
    deleted_at timestamp with time zone,
    owner text,
    team_id integer,
    visibility text DEFAULT 'everyone'::text NOT NULL,
    CONSTRAINT workflow_status_known CHECK ((status = ANY (ARRAY['created'::text, 'running'::text, 'failed'::text, 'succeeded'::text]))),
    CONSTRAINT workflow_visibility_known CHECK ((visibility = ANY (ARRAY['private'::text, 'team'::text, 'everyone'::text])))
);

COMMENT ON TABLE public.workflow IS 'An inference job and, in the transaction that finishes it, an evaluation job of what it made.';

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT api_key_digest_key UNIQUE (digest);

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT api_key_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.app_user
    ADD CONSTRAINT app_user_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.application
    ADD CONSTRAINT application_name_key UNIQUE (name);

ALTER TABLE ONLY public.application
    ADD CONSTRAINT application_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.artefact_matching_rule
    ADD CONSTRAINT artefact_matching_rule_fields_key UNIQUE (family, name, stage, track, branch, store, series, os, release, owner);

ALTER TABLE ONLY public.artefact_matching_rule
    ADD CONSTRAINT artefact_matching_rule_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.artefact_matching_rule_team
    ADD CONSTRAINT artefact_matching_rule_team_pkey PRIMARY KEY (rule_id, team_id);

ALTER TABLE ONLY public.audit_event
    ADD CONSTRAINT audit_event_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.audit_head
    ADD CONSTRAINT audit_head_pkey PRIMARY KEY (is_only);

ALTER TABLE ONLY public.audit_seal
    ADD CONSTRAINT audit_seal_event_key UNIQUE (event_id);

ALTER TABLE ONLY public.audit_seal
    ADD CONSTRAINT audit_seal_pkey PRIMARY KEY (number);

ALTER TABLE ONLY public.dataset
    ADD CONSTRAINT dataset_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.experiment
    ADD CONSTRAINT experiment_name_key UNIQUE (name);

ALTER TABLE ONLY public.experiment
    ADD CONSTRAINT experiment_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.idempotent_request
    ADD CONSTRAINT idempotent_request_pkey PRIMARY KEY (caller, route, key);

ALTER TABLE ONLY public.job_event
    ADD CONSTRAINT job_event_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.job_log
    ADD CONSTRAINT job_log_pkey PRIMARY KEY (job_id, "position");

ALTER TABLE ONLY public.job
    ADD CONSTRAINT job_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.list_total
    ADD CONSTRAINT list_total_pkey PRIMARY KEY (list, part);

ALTER TABLE ONLY public.notification
    ADD CONSTRAINT notification_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.rate_allowance
    ADD CONSTRAINT rate_allowance_pkey PRIMARY KEY (subject);

ALTER TABLE ONLY public.secret
    ADD CONSTRAINT secret_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.seen_assertion
    ADD CONSTRAINT seen_assertion_pkey PRIMARY KEY (digest);

ALTER TABLE ONLY public.sign_on
    ADD CONSTRAINT sign_on_pkey PRIMARY KEY (state_digest);

ALTER TABLE ONLY public.team_member
    ADD CONSTRAINT team_member_pkey PRIMARY KEY (team_id, user_id);

ALTER TABLE ONLY public.team
    ADD CONSTRAINT team_name_key UNIQUE (name);

ALTER TABLE ONLY public.team
    ADD CONSTRAINT team_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.unfinished_dataset
    ADD CONSTRAINT unfinished_dataset_pkey PRIMARY KEY (folder);

ALTER TABLE ONLY public.user_session
    ADD CONSTRAINT user_session_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.user_session
    ADD CONSTRAINT user_session_token_digest_key UNIQUE (token_digest);

ALTER TABLE ONLY public.webhook_attempt
    ADD CONSTRAINT webhook_attempt_pkey PRIMARY KEY (delivery_id, number);

ALTER TABLE ONLY public.webhook_delivery
    ADD CONSTRAINT webhook_delivery_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.webhook
    ADD CONSTRAINT webhook_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.webhook_secret
    ADD CONSTRAINT webhook_secret_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.workflow
    ADD CONSTRAINT workflow_pkey PRIMARY KEY (id);

CREATE INDEX api_key_application_idx ON public.api_key USING btree (application_id, id DESC);

CREATE UNIQUE INDEX app_user_email_key ON public.app_user USING btree (lower(email));

CREATE INDEX app_user_name_idx ON public.app_user USING btree (name, id);

CREATE INDEX artefact_matching_rule_team_team_idx ON public.artefact_matching_rule_team USING btree (team_id);

CREATE INDEX audit_event_action_idx ON public.audit_event USING btree (action, at DESC, id DESC);

CREATE INDEX audit_event_actor_idx ON public.audit_event USING btree (actor, at DESC, id DESC);

CREATE INDEX audit_event_newest_idx ON public.audit_event USING btree (at DESC, id DESC);

CREATE INDEX audit_event_subject_idx ON public.audit_event USING btree (subject, at DESC, id DESC);

CREATE INDEX audit_event_transaction_idx ON public.audit_event USING btree (transaction_id, id);

CREATE INDEX dataset_oldest_idx ON public.dataset USING btree (created_at, id) WHERE (deleted_at IS NULL);

CREATE INDEX dataset_owner_idx ON public.dataset USING btree (owner) INCLUDE (size) WHERE (deleted_at IS NULL);

CREATE INDEX dataset_restricted_idx ON public.dataset USING btree (owner, team_id, visibility) WHERE (visibility <> 'everyone'::text);

CREATE UNIQUE INDEX dataset_run_key ON public.dataset USING btree (run_id);

CREATE INDEX dataset_team_idx ON public.dataset USING btree (team_id);

CREATE INDEX dataset_to_purge_idx ON public.dataset USING btree (deleted_at) WHERE ((deleted_at IS NOT NULL) AND (purged_at IS NULL));

CREATE INDEX experiment_dataset_idx ON public.experiment USING btree (dataset_id);

CREATE INDEX experiment_newest_idx ON public.experiment USING btree (created_at DESC, id DESC) WHERE (deleted_at IS NULL);

CREATE INDEX experiment_restricted_idx ON public.experiment USING btree (owner, team_id, visibility) WHERE (visibility <> 'everyone'::text);

CREATE INDEX experiment_team_idx ON public.experiment USING btree (team_id);

CREATE INDEX idempotent_request_oldest_idx ON public.idempotent_request USING btree (created_at);

CREATE INDEX job_being_submitted_idx ON public.job USING btree (leased_until) WHERE (status = 'created'::text);

CREATE INDEX job_dataset_idx ON public.job USING btree (dataset_id);

CREATE INDEX job_event_job_idx ON public.job_event USING btree (job_id, id);

CREATE INDEX job_kind_newest_idx ON public.job USING btree (kind, created_at DESC, id DESC);

CREATE INDEX job_newest_idx ON public.job USING btree (created_at DESC, id DESC);

CREATE INDEX job_owner_active_idx ON public.job USING btree (owner) WHERE (status = ANY (ARRAY['created'::text, 'pending'::text, 'running'::text]));

CREATE INDEX job_owner_newest_idx ON public.job USING btree (owner, created_at DESC) INCLUDE (tokens_spent);

CREATE INDEX job_restricted_idx ON public.job USING btree (owner, team_id, visibility, kind) WHERE (visibility <> 'everyone'::text);

CREATE INDEX job_submitted_idx ON public.job USING btree (look_at) WHERE ((status = ANY (ARRAY['pending'::text, 'running'::text])) OR ((status = 'created'::text) AND (stop_reason IS NOT NULL)));

CREATE INDEX job_team_idx ON public.job USING btree (team_id);

CREATE INDEX job_waiting_idx ON public.job USING btree (look_at) WHERE (status = 'created'::text);

CREATE UNIQUE INDEX job_workflow_step_key ON public.job USING btree (workflow_id, step);

CREATE INDEX notification_unread_idx ON public.notification USING btree (user_id, created_at DESC, id DESC) WHERE (dismissed_at IS NULL);

CREATE INDEX notification_user_newest_idx ON public.notification USING btree (user_id, created_at DESC, id DESC);

CREATE INDEX outbox_handled_idx ON public.outbox USING btree (handled_at) WHERE (handled_at IS NOT NULL);

CREATE INDEX outbox_waiting_idx ON public.outbox USING btree (id) WHERE (handled_at IS NULL);

CREATE INDEX rate_allowance_oldest_idx ON public.rate_allowance USING btree (refilled_at);

CREATE INDEX secret_team_idx ON public.secret USING btree (team_id);

CREATE INDEX seen_assertion_expired_idx ON public.seen_assertion USING btree (expires_at);

CREATE INDEX sign_on_expired_idx ON public.sign_on USING btree (expires_at);

CREATE INDEX team_member_user_idx ON public.team_member USING btree (user_id);

CREATE INDEX user_session_expired_idx ON public.user_session USING btree (LEAST(idle_until, expires_at));

CREATE INDEX user_session_provider_idx ON public.user_session USING btree (provider_subject, method) WHERE (provider_subject IS NOT NULL);

CREATE INDEX user_session_user_idx ON public.user_session USING btree (user_id, created_at DESC);

CREATE INDEX webhook_delivery_due_idx ON public.webhook_delivery USING btree (webhook_id, next_attempt_at, id) WHERE (status = 'waiting'::text);

CREATE INDEX webhook_delivery_ended_idx ON public.webhook_delivery USING btree (ended_at) WHERE (ended_at IS NOT NULL);

CREATE INDEX webhook_delivery_leased_idx ON public.webhook_delivery USING btree (webhook_id, leased_until) WHERE (leased_until IS NOT NULL);

CREATE INDEX webhook_delivery_outbox_idx ON public.webhook_delivery USING btree (outbox_id);

CREATE INDEX webhook_delivery_webhook_idx ON public.webhook_delivery USING btree (webhook_id, id DESC);

CREATE INDEX webhook_secret_expired_idx ON public.webhook_secret USING btree (expires_at) WHERE (expires_at IS NOT NULL);

CREATE INDEX webhook_secret_webhook_idx ON public.webhook_secret USING btree (webhook_id, id DESC);

CREATE INDEX workflow_experiment_idx ON public.workflow USING btree (experiment_id, created_at DESC, id DESC);

CREATE INDEX workflow_newest_idx ON public.workflow USING btree (created_at DESC, id DESC) WHERE (deleted_at IS NULL);

CREATE INDEX workflow_restricted_idx ON public.workflow USING btree (owner, team_id, visibility) WHERE (visibility <> 'everyone'::text);

CREATE INDEX workflow_team_idx ON public.workflow USING btree (team_id);

CREATE TRIGGER experiment_total_grows AFTER INSERT ON public.experiment REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.keep_total();

CREATE TRIGGER experiment_total_of_marked AFTER UPDATE OF deleted_at ON public.experiment FOR EACH ROW WHEN (((old.deleted_at IS NULL) <> (new.deleted_at IS NULL))) EXECUTE FUNCTION public.keep_total_of_marked();

CREATE TRIGGER experiment_total_shrinks AFTER DELETE ON public.experiment REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.keep_total();

CREATE TRIGGER job_total_grows AFTER INSERT ON public.job REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.keep_total_of_jobs();

CREATE TRIGGER job_total_shrinks AFTER DELETE ON public.job REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.keep_total_of_jobs();

CREATE TRIGGER job_waiting AFTER INSERT ON public.job FOR EACH STATEMENT EXECUTE FUNCTION public.hint_job_waiting();

CREATE TRIGGER principals_changed AFTER DELETE OR UPDATE OF expires_at ON public.api_key FOR EACH STATEMENT EXECUTE FUNCTION public.tell_principals_changed();

CREATE TRIGGER principals_changed AFTER INSERT OR DELETE OR UPDATE ON public.app_user FOR EACH STATEMENT EXECUTE FUNCTION public.tell_principals_changed();

CREATE TRIGGER principals_changed AFTER DELETE OR UPDATE OF permissions, accepts_extensions ON public.application FOR EACH STATEMENT EXECUTE FUNCTION public.tell_principals_changed();

CREATE TRIGGER principals_changed AFTER DELETE OR UPDATE ON public.team FOR EACH STATEMENT EXECUTE FUNCTION public.tell_principals_changed();

CREATE TRIGGER principals_changed AFTER INSERT OR DELETE OR UPDATE ON public.team_member FOR EACH STATEMENT EXECUTE FUNCTION public.tell_principals_changed();

CREATE TRIGGER principals_changed AFTER DELETE ON public.user_session FOR EACH STATEMENT EXECUTE FUNCTION public.tell_principals_changed();

CREATE TRIGGER workflow_total_grows AFTER INSERT ON public.workflow REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.keep_total();

CREATE TRIGGER workflow_total_of_marked AFTER UPDATE OF deleted_at ON public.workflow FOR EACH ROW WHEN (((old.deleted_at IS NULL) <> (new.deleted_at IS NULL))) EXECUTE FUNCTION public.keep_total_of_marked();

CREATE TRIGGER workflow_total_shrinks AFTER DELETE ON public.workflow REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.keep_total();

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT api_key_application_id_fkey FOREIGN KEY (application_id) REFERENCES public.application(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.artefact_matching_rule_team
    ADD CONSTRAINT artefact_matching_rule_team_rule_id_fkey FOREIGN KEY (rule_id) REFERENCES public.artefact_matching_rule(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.artefact_matching_rule_team
    ADD CONSTRAINT artefact_matching_rule_team_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.audit_seal
    ADD CONSTRAINT audit_seal_event_id_fkey FOREIGN KEY (event_id) REFERENCES public.audit_event(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.dataset
    ADD CONSTRAINT dataset_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.experiment
    ADD CONSTRAINT experiment_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES public.dataset(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.experiment
    ADD CONSTRAINT experiment_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.job
    ADD CONSTRAINT job_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES public.dataset(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.job_event
    ADD CONSTRAINT job_event_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.job(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.job_log
    ADD CONSTRAINT job_log_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.job(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.job
    ADD CONSTRAINT job_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.job
    ADD CONSTRAINT job_workflow_id_fkey FOREIGN KEY (workflow_id) REFERENCES public.workflow(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.notification
    ADD CONSTRAINT notification_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_user(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.secret
    ADD CONSTRAINT secret_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.team_member
    ADD CONSTRAINT team_member_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.team_member
    ADD CONSTRAINT team_member_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_user(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.user_session
    ADD CONSTRAINT user_session_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_user(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.webhook_attempt
    ADD CONSTRAINT webhook_attempt_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES public.webhook_delivery(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.webhook_delivery
    ADD CONSTRAINT webhook_delivery_outbox_id_fkey FOREIGN KEY (outbox_id) REFERENCES public.outbox(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.webhook_delivery
    ADD CONSTRAINT webhook_delivery_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES public.webhook(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.webhook_secret
    ADD CONSTRAINT webhook_secret_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES public.webhook(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.workflow
    ADD CONSTRAINT workflow_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES public.experiment(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.workflow
    ADD CONSTRAINT workflow_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(id) ON DELETE SET NULL;
