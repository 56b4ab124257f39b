CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

COMMENT ON EXTENSION pg_trgm IS 'text similarity measurement and index searching based on trigrams';

CREATE FUNCTION public.add_to_total(list text, change bigint) RETURNS void
    LANGUAGE sql
    AS $_$
    insert into list_total (list, part, total) select $1, pg_backend_pid() % 16, $2 where $2 <> 0
    on conflict (list, part) do update set total = list_total.total + excluded.total
$_$;

COMMENT ON FUNCTION public.add_to_total(list text, change bigint) IS 'The row stays locked until the transaction ends: to be called late in it.';

CREATE FUNCTION public.ci_link_key(link text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (link ~* '^https?://[^/?#]'::text) THEN ((regexp_replace(lower("substring"(link, '^[^:]+://[^/?#]+'::text)), '^(http://.*):80$|^(https://.*):443$'::text, '\1\2'::text) || CASE WHEN (link ~ '^[^:]+://[^/?#]+/'::text) THEN ''::text ELSE '/'::text END) || "substring"(link, '^[^:]+://[^/?#]+(.*)$'::text)) ELSE link END;

COMMENT ON FUNCTION public.ci_link_key(link text) IS 'What spellings of one CI link have in common: runners send it raw and normalised, and both mean one execution.';

CREATE FUNCTION public.hint_job_waiting() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_notify('job_waiting', '');
    return null;
end
$$;

COMMENT ON FUNCTION public.hint_job_waiting() IS 'Only a hint: workers look at the table anyway, from time to time.';

CREATE FUNCTION public.keep_result_counts() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

COMMENT ON FUNCTION public.keep_result_counts() IS 'For inserted and deleted results; the status of one never changes in place. New ones are a sign of life.';

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

CREATE FUNCTION public.wire_time(at timestamp with time zone) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN to_char((at AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD"T"HH24:MI:SS.US'::text);

COMMENT ON FUNCTION public.wire_time(at timestamp with time zone) IS 'As the observation contract writes times: UTC that says no zone.';

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

CREATE TABLE public.artefact (
    id integer NOT NULL,
    family text NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    stage text DEFAULT ''::text NOT NULL,
    status text DEFAULT 'UNDECIDED'::text NOT NULL,
    is_archived boolean DEFAULT false NOT NULL,
    is_important boolean DEFAULT false NOT NULL,
    comment text DEFAULT ''::text NOT NULL,
    bug_link text DEFAULT ''::text NOT NULL,
    jira_issue text,
    due_date date,
    store text DEFAULT ''::text NOT NULL,
    track text DEFAULT ''::text NOT NULL,
    series text DEFAULT ''::text NOT NULL,
    repo text DEFAULT ''::text NOT NULL,
    branch text DEFAULT ''::text NOT NULL,
    source text DEFAULT ''::text NOT NULL,
    os text DEFAULT ''::text NOT NULL,
    release text DEFAULT ''::text NOT NULL,
    sha256 text DEFAULT ''::text NOT NULL,
    owner text DEFAULT ''::text NOT NULL,
    image_url text DEFAULT ''::text NOT NULL,
    bundle_digest text,
    edition integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT artefact_bundle_of_solutions CHECK (((family = 'solution'::text) = (bundle_digest IS NOT NULL))),
    CONSTRAINT artefact_family_known CHECK ((family = ANY (ARRAY['snap'::text, 'deb'::text, 'charm'::text, 'image'::text, 'solution'::text, 'model'::text]))),
    CONSTRAINT artefact_fits_its_index CHECK ((octet_length((((((((((name || version) || track) || branch) || store) || series) || repo) || source) || sha256) || stage)) <= 2600)),
    CONSTRAINT artefact_status_known CHECK ((status = ANY (ARRAY['APPROVED'::text, 'MARKED_AS_FAILED'::text, 'UNDECIDED'::text])))
);

COMMENT ON TABLE public.artefact IS 'A version of what is shipped; the families'' own fields are empty where they do not apply.';

COMMENT ON COLUMN public.artefact.is_important IS 'Kept when rules of retention would take it.';

COMMENT ON COLUMN public.artefact.bundle_digest IS 'SHA-256 of the ascending ids of the bundled builds, joined by commas.';

COMMENT ON COLUMN public.artefact.edition IS 'Counts the changes by people, for If-Match.';

CREATE TABLE public.artefact_build (
    id integer NOT NULL,
    artefact_id integer NOT NULL,
    architecture text NOT NULL,
    revision integer,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.artefact_build IS 'What was built of an artefact for an architecture; people look at the highest revision.';

ALTER TABLE public.artefact_build ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.artefact_build_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.artefact_bundled_build (
    artefact_id integer NOT NULL,
    artefact_build_id integer NOT NULL,
    place integer NOT NULL
);

COMMENT ON TABLE public.artefact_bundled_build IS 'Builds of other artefacts that one brings along.';

CREATE TABLE public.artefact_decision (
    id bigint NOT NULL,
    artefact_id integer NOT NULL,
    environment_review_id integer,
    decided_by text NOT NULL,
    decided_by_name text,
    decided_at timestamp with time zone DEFAULT now() NOT NULL,
    request_id text,
    decision text[] NOT NULL,
    comment text DEFAULT ''::text NOT NULL,
    is_effective boolean DEFAULT true NOT NULL
);

COMMENT ON TABLE public.artefact_decision IS 'Who decided what and when, of an artefact or of one of its environment reviews. Rows stay.';

COMMENT ON COLUMN public.artefact_decision.decided_by IS 'user:{id} or application:{id}; a pseudonym once the user is erased.';

COMMENT ON COLUMN public.artefact_decision.is_effective IS 'False while a quorum waits for others to say the same.';

ALTER TABLE public.artefact_decision ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.artefact_decision_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.artefact ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.artefact_id_seq
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

CREATE TABLE public.artefact_reviewer (
    artefact_id integer NOT NULL,
    user_id integer NOT NULL,
    place bigint NOT NULL
);

COMMENT ON TABLE public.artefact_reviewer IS 'Who reviews an artefact, in the order of their places.';

ALTER TABLE public.artefact_reviewer ALTER COLUMN place ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.artefact_reviewer_place_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.attachment_rule (
    id integer NOT NULL,
    issue_id integer NOT NULL,
    is_enabled boolean DEFAULT true NOT NULL,
    families text[] DEFAULT '{}'::text[] NOT NULL,
    artefacts text[] DEFAULT '{}'::text[] NOT NULL,
    artefact_versions text[] DEFAULT '{}'::text[] NOT NULL,
    artefact_stages text[] DEFAULT '{}'::text[] NOT NULL,
    artefact_tracks text[] DEFAULT '{}'::text[] NOT NULL,
    environment_names text[] DEFAULT '{}'::text[] NOT NULL,
    test_case_names text[] DEFAULT '{}'::text[] NOT NULL,
    template_ids text[] DEFAULT '{}'::text[] NOT NULL,
    test_result_statuses text[] DEFAULT '{}'::text[] NOT NULL,
    test_plans text[] DEFAULT '{}'::text[] NOT NULL,
    comment_pattern text,
    comment_needed text,
    io_log_pattern text,
    io_log_needed text,
    expires_at timestamp with time zone,
    owner text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.attachment_rule IS 'Which new results belong to an issue; an empty list matches any.';

COMMENT ON COLUMN public.attachment_rule.comment_needed IS 'What a text must hold, in small letters, for the pattern to be found; null: nothing that is known.';

ALTER TABLE public.attachment_rule ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.attachment_rule_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.attachment_rule_metadata (
    attachment_rule_id integer NOT NULL,
    category text NOT NULL,
    value text NOT NULL
);

COMMENT ON TABLE public.attachment_rule_metadata IS 'Of each category one of the values must be the execution''s.';

CREATE TABLE public.audit_cut (
    is_only boolean DEFAULT true NOT NULL,
    number bigint NOT NULL,
    digest bytea NOT NULL,
    signature bytea NOT NULL,
    cut_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT audit_cut_is_one_row CHECK (is_only)
);

COMMENT ON TABLE public.audit_cut IS 'The last link that was pruned: the chain goes on from it. Signed like the head, so that nobody else cuts it shorter.';

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

CREATE TABLE public.automatic_rerun (
    test_plan_id integer NOT NULL,
    artefact_build_id integer NOT NULL,
    environment_id integer NOT NULL,
    times integer DEFAULT 0 NOT NULL,
    last_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.automatic_rerun IS 'How often issues have had a group of executions run again, so that it does not go on for ever.';

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

CREATE TABLE public.environment (
    id integer NOT NULL,
    name text NOT NULL,
    architecture text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.environment IS 'Where tests run: a machine, a cloud, an endpoint.';

ALTER TABLE public.environment ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.environment_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.environment_reported_issue (
    id integer NOT NULL,
    environment_name text NOT NULL,
    url text,
    description text NOT NULL,
    is_confirmed boolean NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.environment_reported_issue IS 'What people know of an environment, tied by its name.';

ALTER TABLE public.environment_reported_issue ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.environment_reported_issue_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.environment_review (
    id integer NOT NULL,
    artefact_build_id integer NOT NULL,
    environment_id integer NOT NULL,
    review_decision text[] DEFAULT '{}'::text[] NOT NULL,
    review_comment text DEFAULT ''::text NOT NULL,
    edition integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT environment_review_decision_known CHECK ((review_decision <@ ARRAY['REJECTED'::text, 'APPROVED_INCONSISTENT_TEST'::text, 'APPROVED_UNSTABLE_PHYSICAL_INFRA'::text, 'APPROVED_CUSTOMER_PREREQUISITE_FAIL'::text, 'APPROVED_FAULTY_HARDWARE'::text, 'APPROVED_ALL_TESTS_PASS'::text]))
);

COMMENT ON TABLE public.environment_review IS 'What people decided of a build in an environment. No decision: not reviewed yet.';

ALTER TABLE public.environment_review ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.environment_review_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.environment_review_reviewer (
    environment_review_id integer NOT NULL,
    user_id integer NOT NULL,
    place bigint NOT NULL
);

COMMENT ON TABLE public.environment_review_reviewer IS 'Who is to review a build in an environment.';

ALTER TABLE public.environment_review_reviewer ALTER COLUMN place ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.environment_review_reviewer_place_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.execution_metadata (
    id integer NOT NULL,
    category text NOT NULL,
    value text NOT NULL
);

COMMENT ON TABLE public.execution_metadata IS 'Pairs that describe executions.';

ALTER TABLE public.execution_metadata ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.execution_metadata_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

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

CREATE TABLE public.import_leftover (
    source text NOT NULL,
    source_table text NOT NULL,
    reason text NOT NULL,
    is_taken boolean NOT NULL,
    times bigint NOT NULL,
    examples bigint[] NOT NULL
);

COMMENT ON TABLE public.import_leftover IS 'What an import did not take, or took with a change, and why.';

COMMENT ON COLUMN public.import_leftover.examples IS 'The first ids.';

CREATE TABLE public.import_progress (
    source text NOT NULL,
    source_table text NOT NULL,
    last_key bigint DEFAULT 0 NOT NULL,
    taken bigint DEFAULT 0 NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.import_progress IS 'Written with the rows that were taken: a run that ends in between is resumed by the next.';

COMMENT ON COLUMN public.import_progress.source IS 'Tells one source from another: a digest of its oldest rows.';

COMMENT ON COLUMN public.import_progress.last_key IS 'All rows of the source up to this id have been looked at.';

CREATE TABLE public.issue (
    id integer NOT NULL,
    source text NOT NULL,
    host text DEFAULT ''::text NOT NULL,
    project text NOT NULL,
    key text NOT NULL,
    title text DEFAULT ''::text NOT NULL,
    status text DEFAULT 'unknown'::text NOT NULL,
    labels text[],
    auto_rerun_enabled boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    status_changed_at timestamp with time zone DEFAULT now() NOT NULL,
    last_synced_at timestamp with time zone,
    sync_at timestamp with time zone DEFAULT now() NOT NULL,
    sync_leased_until timestamp with time zone,
    sync_etag text,
    sync_failures integer DEFAULT 0 NOT NULL,
    sync_error text,
    CONSTRAINT issue_source_known CHECK ((source = ANY (ARRAY['jira'::text, 'github'::text, 'launchpad'::text, 'gitlab'::text]))),
    CONSTRAINT issue_status_known CHECK ((status = ANY (ARRAY['unknown'::text, 'open'::text, 'closed'::text])))
);

COMMENT ON TABLE public.issue IS 'A known problem, kept in a tracker elsewhere.';

COMMENT ON COLUMN public.issue.host IS 'Empty for the source''s own host.';

COMMENT ON COLUMN public.issue.status_changed_at IS 'When the tracker, or somebody, last said another status; how often it is looked at follows from it.';

COMMENT ON COLUMN public.issue.sync_at IS 'When to look at the tracker next.';

CREATE TABLE public.issue_attachment (
    issue_id integer NOT NULL,
    test_result_id bigint NOT NULL,
    attachment_rule_id integer,
    attached_by text,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.issue_attachment IS 'Which results an issue explains.';

COMMENT ON COLUMN public.issue_attachment.attached_by IS 'user:{id} or application:{id}; null for what a rule attached by itself.';

ALTER TABLE public.issue ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.issue_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.issue_order (
    id integer NOT NULL,
    test_result_id bigint,
    source text NOT NULL,
    host text NOT NULL,
    project text NOT NULL,
    marker text DEFAULT ('order-'::text || replace((gen_random_uuid())::text, '-'::text, ''::text)) NOT NULL,
    title text NOT NULL,
    text text NOT NULL,
    labels text[] DEFAULT '{}'::text[] NOT NULL,
    status text DEFAULT 'wanted'::text NOT NULL,
    issue_id integer,
    ordered_by text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    try_at timestamp with time zone DEFAULT now() NOT NULL,
    leased_until timestamp with time zone,
    error text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT issue_order_source_known CHECK ((source = ANY (ARRAY['jira'::text, 'github'::text, 'launchpad'::text, 'gitlab'::text]))),
    CONSTRAINT issue_order_status_known CHECK ((status = ANY (ARRAY['wanted'::text, 'made'::text, 'failed'::text])))
);

COMMENT ON TABLE public.issue_order IS 'Issues that a worker is to make in a tracker, of results that failed.';

COMMENT ON COLUMN public.issue_order.marker IS 'Written into the issue, so that trying again finds it.';

COMMENT ON COLUMN public.issue_order.attempts IS 'Since it was last wanted.';

ALTER TABLE public.issue_order ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.issue_order_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

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
    broken_looks integer DEFAULT 0 NOT NULL,
    is_work_removed boolean DEFAULT false NOT NULL,
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

COMMENT ON COLUMN public.job.broken_looks IS 'Looks in a row that met an error of our own; bounds them.';

COMMENT ON COLUMN public.job.is_work_removed IS 'Whether what its attempts worked with is gone from the object store.';

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

CREATE TABLE public.object_walk (
    place text NOT NULL,
    after_key text NOT NULL,
    walked_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.object_walk IS 'How far workers have looked through each place of the object store; the empty key is its beginning.';

CREATE TABLE public.orphaned_object (
    key text NOT NULL,
    size bigint NOT NULL,
    modified_at timestamp with time zone NOT NULL,
    found_at timestamp with time zone DEFAULT now() NOT NULL,
    doomed_at timestamp with time zone
);

COMMENT ON TABLE public.orphaned_object IS 'Objects in the store that no row refers to. Those found long enough ago are removed.';

COMMENT ON COLUMN public.orphaned_object.doomed_at IS 'From then on no row may refer to it: its object is being removed.';

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

CREATE TABLE public.periodic_run (
    id bigint NOT NULL,
    name text NOT NULL,
    worker text NOT NULL,
    triggered_by text,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    ended_at timestamp with time zone,
    outcome text,
    detail jsonb,
    error text,
    CONSTRAINT periodic_run_ends_with_an_outcome CHECK (((ended_at IS NULL) = (outcome IS NULL))),
    CONSTRAINT periodic_run_outcome_known CHECK ((outcome = ANY (ARRAY['succeeded'::text, 'failed'::text, 'lost'::text])))
);

COMMENT ON TABLE public.periodic_run IS 'When periodic work was done, for how long, and what came of it. Old runs are deleted.';

COMMENT ON COLUMN public.periodic_run.triggered_by IS 'Who asked for it; null where it was due.';

ALTER TABLE public.periodic_run ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.periodic_run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.periodic_work (
    name text NOT NULL,
    every_seconds double precision NOT NULL,
    is_enabled boolean NOT NULL,
    next_at timestamp with time zone DEFAULT now() NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    leased_until timestamp with time zone,
    leased_by text,
    triggered_by text,
    triggered_at timestamp with time zone,
    registered_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT periodic_work_has_an_interval CHECK ((every_seconds > (0)::double precision))
);

COMMENT ON TABLE public.periodic_work IS 'What workers do again and again; a lease keeps two from doing one thing at once.';

COMMENT ON COLUMN public.periodic_work.failures IS 'Runs in a row that failed or were lost; the more, the longer the pause.';

COMMENT ON COLUMN public.periodic_work.triggered_by IS 'Who asked for a run that has not begun yet, beside those that are due.';

COMMENT ON COLUMN public.periodic_work.registered_at IS 'When a worker last said that it does this.';

CREATE UNLOGGED TABLE public.rate_allowance (
    subject text NOT NULL,
    tokens double precision NOT NULL,
    leased double precision NOT NULL,
    refilled_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

COMMENT ON TABLE public.rate_allowance IS 'Token buckets; processes lease tokens from them in batches. Lost in a crash, which does no harm.';

COMMENT ON COLUMN public.rate_allowance.leased IS 'How many the latest lease was given.';

CREATE TABLE public.raw_result_file (
    id bigint NOT NULL,
    test_execution_id integer NOT NULL,
    digest text NOT NULL,
    media_type text NOT NULL,
    size bigint NOT NULL,
    object_key text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.raw_result_file IS 'Files of results as they came, in the object store by their SHA-256.';

ALTER TABLE public.raw_result_file ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.raw_result_file_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.rerun_request (
    id integer NOT NULL,
    test_plan_id integer NOT NULL,
    artefact_build_id integer NOT NULL,
    environment_id integer NOT NULL,
    priority integer DEFAULT 0 NOT NULL,
    requested_by text,
    claimed_by text,
    claimed_until timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.rerun_request IS 'A test plan to be run again on a build in an environment.';

COMMENT ON COLUMN public.rerun_request.claimed_until IS 'Until then the scheduler that claimed it is at work on it.';

ALTER TABLE public.rerun_request ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.rerun_request_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.retention_rule (
    kind text NOT NULL,
    family text DEFAULT ''::text NOT NULL,
    stage text DEFAULT ''::text NOT NULL,
    kept_days integer,
    keeps_newest boolean DEFAULT true NOT NULL,
    CONSTRAINT retention_rule_days_are_positive CHECK ((kept_days > 0)),
    CONSTRAINT retention_rule_kind_known CHECK ((kind = ANY (ARRAY['jobs'::text, 'job_logs'::text, 'test_executions'::text, 'test_result_logs'::text, 'raw_result_files'::text, 'notifications'::text, 'audit_events'::text])))
);

COMMENT ON TABLE public.retention_rule IS 'How long what is kept. Without a rule: for ever.';

COMMENT ON COLUMN public.retention_rule.family IS 'Empty for any. Of two rules that fit, that of the family counts, then that of the stage.';

COMMENT ON COLUMN public.retention_rule.kept_days IS 'Null is for ever, as an exception from a wider rule.';

COMMENT ON COLUMN public.retention_rule.keeps_newest IS 'Whether the newest execution of a test plan on a build in an environment stays, however old.';

CREATE TABLE public.review_card (
    id integer NOT NULL,
    artefact_id integer NOT NULL,
    user_id integer NOT NULL,
    parent text NOT NULL,
    marker text DEFAULT ('review-'::text || replace((gen_random_uuid())::text, '-'::text, ''::text)) NOT NULL,
    status text DEFAULT 'wanted'::text NOT NULL,
    key text,
    url text,
    is_assigned boolean,
    attempts integer DEFAULT 0 NOT NULL,
    try_at timestamp with time zone DEFAULT now() NOT NULL,
    leased_until timestamp with time zone,
    error text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT review_card_status_known CHECK ((status = ANY (ARRAY['wanted'::text, 'made'::text, 'failed'::text])))
);

COMMENT ON TABLE public.review_card IS 'Cards in Jira for people who review artefacts, under the issue of the artefact.';

COMMENT ON COLUMN public.review_card.marker IS 'A label of the card, so that trying again finds it.';

ALTER TABLE public.review_card ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.review_card_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

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

CREATE TABLE public.test_case (
    id integer NOT NULL,
    name text NOT NULL,
    category text DEFAULT ''::text NOT NULL,
    template_id text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT test_case_fits_its_index CHECK (((octet_length(name) <= 2600) AND (octet_length(template_id) <= 2600)))
);

COMMENT ON TABLE public.test_case IS 'What a test plan checks.';

ALTER TABLE public.test_case ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.test_case_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.test_case_reported_issue (
    id integer NOT NULL,
    template_id text DEFAULT ''::text NOT NULL,
    case_name text DEFAULT ''::text NOT NULL,
    url text NOT NULL,
    description text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.test_case_reported_issue IS 'What people know of a test case, tied by its name or template.';

ALTER TABLE public.test_case_reported_issue ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.test_case_reported_issue_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.test_event (
    id bigint NOT NULL,
    test_execution_id integer NOT NULL,
    event_name text NOT NULL,
    at timestamp with time zone NOT NULL,
    detail text DEFAULT ''::text NOT NULL
);

COMMENT ON TABLE public.test_event IS 'What the runner told of an execution''s course.';

ALTER TABLE public.test_event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.test_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.test_execution (
    id integer NOT NULL,
    artefact_build_id integer NOT NULL,
    environment_id integer NOT NULL,
    test_plan_id integer NOT NULL,
    status text DEFAULT 'IN_PROGRESS'::text NOT NULL,
    ci_link text,
    c3_link text,
    resource_url text DEFAULT ''::text NOT NULL,
    checkbox_version text,
    started_by text,
    passed_count integer DEFAULT 0 NOT NULL,
    failed_count integer DEFAULT 0 NOT NULL,
    skipped_count integer DEFAULT 0 NOT NULL,
    edition integer DEFAULT 1 NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT test_execution_ci_link_fits_its_index CHECK ((octet_length(ci_link) <= 2600)),
    CONSTRAINT test_execution_status_known CHECK ((status = ANY (ARRAY['NOT_STARTED'::text, 'IN_PROGRESS'::text, 'PASSED'::text, 'FAILED'::text, 'NOT_TESTED'::text, 'ENDED_PREMATURELY'::text])))
)
WITH (fillfactor='85');

COMMENT ON TABLE public.test_execution IS 'A test plan run on a build in an environment.';

COMMENT ON COLUMN public.test_execution.started_by IS 'user:{id} or application:{id}.';

COMMENT ON COLUMN public.test_execution.passed_count IS 'Kept by triggers on test_result, as are the other two counts.';

COMMENT ON COLUMN public.test_execution.seen_at IS 'The last sign of life: any write to the execution.';

ALTER TABLE public.test_execution ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.test_execution_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.test_execution_metadata (
    test_execution_id integer NOT NULL,
    execution_metadata_id integer NOT NULL
);

COMMENT ON TABLE public.test_execution_metadata IS 'The pairs of an execution.';

CREATE TABLE public.test_execution_relevant_link (
    id integer NOT NULL,
    test_execution_id integer NOT NULL,
    label text NOT NULL,
    url text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.test_execution_relevant_link IS 'Where to read on about an execution.';

ALTER TABLE public.test_execution_relevant_link ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.test_execution_relevant_link_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.test_plan (
    id integer NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.test_plan IS 'What is run.';

ALTER TABLE public.test_plan ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.test_plan_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.test_result (
    id bigint NOT NULL,
    test_execution_id integer NOT NULL,
    test_case_id integer NOT NULL,
    status text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    comment text DEFAULT ''::text NOT NULL,
    CONSTRAINT test_result_status_known CHECK ((status = ANY (ARRAY['PASSED'::text, 'FAILED'::text, 'SKIPPED'::text])))
);

COMMENT ON TABLE public.test_result IS 'The outcome of a test case in an execution; what it printed is in test_result_log.';

ALTER TABLE public.test_result ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.test_result_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.test_result_log (
    test_result_id bigint NOT NULL,
    io_log text NOT NULL
);

COMMENT ON TABLE public.test_result_log IS 'What a test printed, if anything; compressed, and out of the way of lists.';

CREATE TABLE public.tracker_pause (
    source text NOT NULL,
    host text NOT NULL,
    until timestamp with time zone NOT NULL,
    reason text NOT NULL,
    CONSTRAINT tracker_pause_source_known CHECK ((source = ANY (ARRAY['jira'::text, 'github'::text, 'launchpad'::text, 'gitlab'::text])))
);

COMMENT ON TABLE public.tracker_pause IS 'Until when a tracker is not asked about issues, and why.';

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

ALTER TABLE ONLY public.artefact_build
    ADD CONSTRAINT artefact_build_architecture_revision_key UNIQUE NULLS NOT DISTINCT (artefact_id, architecture, revision);

ALTER TABLE ONLY public.artefact_build
    ADD CONSTRAINT artefact_build_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.artefact_bundled_build
    ADD CONSTRAINT artefact_bundled_build_pkey PRIMARY KEY (artefact_id, artefact_build_id);

ALTER TABLE ONLY public.artefact_decision
    ADD CONSTRAINT artefact_decision_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.artefact_matching_rule
    ADD CONSTRAINT artefact_matching_rule_fields_key UNIQUE (family, name, stage, track, branch, store, series, os, release, owner);

ALTER TABLE ONLY public.artefact_matching_rule
    ADD CONSTRAINT artefact_matching_rule_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.artefact_matching_rule_team
    ADD CONSTRAINT artefact_matching_rule_team_pkey PRIMARY KEY (rule_id, team_id);

ALTER TABLE ONLY public.artefact
    ADD CONSTRAINT artefact_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.artefact_reviewer
    ADD CONSTRAINT artefact_reviewer_pkey PRIMARY KEY (artefact_id, user_id);

ALTER TABLE ONLY public.attachment_rule_metadata
    ADD CONSTRAINT attachment_rule_metadata_pkey PRIMARY KEY (attachment_rule_id, category, value);

ALTER TABLE ONLY public.attachment_rule
    ADD CONSTRAINT attachment_rule_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.audit_cut
    ADD CONSTRAINT audit_cut_pkey PRIMARY KEY (is_only);

ALTER TABLE ONLY public.audit_event
    ADD CONSTRAINT audit_event_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.audit_head
    ADD CONSTRAINT audit_head_pkey PRIMARY KEY (is_only);

ALTER TABLE ONLY public.audit_seal
    ADD CONSTRAINT audit_seal_event_key UNIQUE (event_id);

ALTER TABLE ONLY public.audit_seal
    ADD CONSTRAINT audit_seal_pkey PRIMARY KEY (number);

ALTER TABLE ONLY public.automatic_rerun
    ADD CONSTRAINT automatic_rerun_pkey PRIMARY KEY (test_plan_id, artefact_build_id, environment_id);

ALTER TABLE ONLY public.dataset
    ADD CONSTRAINT dataset_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.environment
    ADD CONSTRAINT environment_name_architecture_key UNIQUE (name, architecture);

ALTER TABLE ONLY public.environment
    ADD CONSTRAINT environment_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.environment_reported_issue
    ADD CONSTRAINT environment_reported_issue_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.environment_review
    ADD CONSTRAINT environment_review_build_environment_key UNIQUE (artefact_build_id, environment_id);

ALTER TABLE ONLY public.environment_review
    ADD CONSTRAINT environment_review_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.environment_review_reviewer
    ADD CONSTRAINT environment_review_reviewer_pkey PRIMARY KEY (environment_review_id, user_id);

ALTER TABLE ONLY public.execution_metadata
    ADD CONSTRAINT execution_metadata_category_value_key UNIQUE (category, value);

ALTER TABLE ONLY public.execution_metadata
    ADD CONSTRAINT execution_metadata_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.experiment
    ADD CONSTRAINT experiment_name_key UNIQUE (name);

ALTER TABLE ONLY public.experiment
    ADD CONSTRAINT experiment_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.idempotent_request
    ADD CONSTRAINT idempotent_request_pkey PRIMARY KEY (caller, route, key);

ALTER TABLE ONLY public.import_leftover
    ADD CONSTRAINT import_leftover_pkey PRIMARY KEY (source, source_table, reason);

ALTER TABLE ONLY public.import_progress
    ADD CONSTRAINT import_progress_pkey PRIMARY KEY (source, source_table);

ALTER TABLE ONLY public.issue_attachment
    ADD CONSTRAINT issue_attachment_pkey PRIMARY KEY (test_result_id, issue_id);

ALTER TABLE ONLY public.issue_order
    ADD CONSTRAINT issue_order_once_key UNIQUE (test_result_id, source, host, project);

ALTER TABLE ONLY public.issue_order
    ADD CONSTRAINT issue_order_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.issue
    ADD CONSTRAINT issue_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.issue
    ADD CONSTRAINT issue_source_host_project_key_key UNIQUE (source, host, project, key);

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

ALTER TABLE ONLY public.object_walk
    ADD CONSTRAINT object_walk_pkey PRIMARY KEY (place);

ALTER TABLE ONLY public.orphaned_object
    ADD CONSTRAINT orphaned_object_pkey PRIMARY KEY (key);

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.periodic_run
    ADD CONSTRAINT periodic_run_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.periodic_work
    ADD CONSTRAINT periodic_work_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.rate_allowance
    ADD CONSTRAINT rate_allowance_pkey PRIMARY KEY (subject);

ALTER TABLE ONLY public.raw_result_file
    ADD CONSTRAINT raw_result_file_execution_digest_key UNIQUE (test_execution_id, digest);

ALTER TABLE ONLY public.raw_result_file
    ADD CONSTRAINT raw_result_file_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.rerun_request
    ADD CONSTRAINT rerun_request_group_key UNIQUE (test_plan_id, artefact_build_id, environment_id);

ALTER TABLE ONLY public.rerun_request
    ADD CONSTRAINT rerun_request_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.retention_rule
    ADD CONSTRAINT retention_rule_pkey PRIMARY KEY (kind, family, stage);

ALTER TABLE ONLY public.review_card
    ADD CONSTRAINT review_card_once_key UNIQUE (artefact_id, user_id, parent);

ALTER TABLE ONLY public.review_card
    ADD CONSTRAINT review_card_pkey PRIMARY KEY (id);

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

ALTER TABLE ONLY public.test_case
    ADD CONSTRAINT test_case_name_key UNIQUE (name);

ALTER TABLE ONLY public.test_case
    ADD CONSTRAINT test_case_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.test_case_reported_issue
    ADD CONSTRAINT test_case_reported_issue_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.test_event
    ADD CONSTRAINT test_event_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.test_execution_metadata
    ADD CONSTRAINT test_execution_metadata_pkey PRIMARY KEY (test_execution_id, execution_metadata_id);

ALTER TABLE ONLY public.test_execution
    ADD CONSTRAINT test_execution_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.test_execution_relevant_link
    ADD CONSTRAINT test_execution_relevant_link_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.test_plan
    ADD CONSTRAINT test_plan_name_key UNIQUE (name);

ALTER TABLE ONLY public.test_plan
    ADD CONSTRAINT test_plan_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.test_result_log
    ADD CONSTRAINT test_result_log_pkey PRIMARY KEY (test_result_id);

ALTER TABLE ONLY public.test_result
    ADD CONSTRAINT test_result_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.tracker_pause
    ADD CONSTRAINT tracker_pause_pkey PRIMARY KEY (source, host);

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

CREATE INDEX artefact_bundled_build_build_idx ON public.artefact_bundled_build USING btree (artefact_build_id);

CREATE UNIQUE INDEX artefact_charm_key ON public.artefact USING btree (name, version, track, branch) WHERE (family = 'charm'::text);

CREATE UNIQUE INDEX artefact_deb_key ON public.artefact USING btree (name, version, series, repo, source) WHERE (family = 'deb'::text);

CREATE INDEX artefact_decision_artefact_idx ON public.artefact_decision USING btree (artefact_id, id DESC);

CREATE INDEX artefact_decision_review_idx ON public.artefact_decision USING btree (environment_review_id);

CREATE UNIQUE INDEX artefact_image_key ON public.artefact USING btree (sha256) WHERE (family = 'image'::text);

CREATE INDEX artefact_listed_idx ON public.artefact USING btree (family, name, created_at) WHERE (NOT is_archived);

CREATE INDEX artefact_matching_rule_team_team_idx ON public.artefact_matching_rule_team USING btree (team_id);

CREATE UNIQUE INDEX artefact_model_key ON public.artefact USING btree (name, version, source) WHERE (family = 'model'::text);

CREATE INDEX artefact_name_idx ON public.artefact USING btree (name, id DESC);

CREATE INDEX artefact_name_trigram_idx ON public.artefact USING gin (name public.gin_trgm_ops);

CREATE INDEX artefact_newest_idx ON public.artefact USING btree (created_at DESC, id DESC);

CREATE INDEX artefact_reviewer_user_idx ON public.artefact_reviewer USING btree (user_id, artefact_id);

CREATE UNIQUE INDEX artefact_snap_key ON public.artefact USING btree (name, version, track, branch, store) WHERE (family = 'snap'::text);

CREATE UNIQUE INDEX artefact_solution_key ON public.artefact USING btree (name, source, version, track, stage, bundle_digest) WHERE (family = 'solution'::text);

CREATE INDEX attachment_rule_issue_idx ON public.attachment_rule USING btree (issue_id, id);

CREATE INDEX audit_event_action_idx ON public.audit_event USING btree (action, at DESC, id DESC);

CREATE INDEX audit_event_actor_idx ON public.audit_event USING btree (actor, at DESC, id DESC);

CREATE INDEX audit_event_newest_idx ON public.audit_event USING btree (at DESC, id DESC);

CREATE INDEX audit_event_subject_idx ON public.audit_event USING btree (subject, at DESC, id DESC);

CREATE INDEX audit_event_transaction_idx ON public.audit_event USING btree (transaction_id, id);

CREATE INDEX automatic_rerun_build_idx ON public.automatic_rerun USING btree (artefact_build_id);

CREATE INDEX automatic_rerun_environment_idx ON public.automatic_rerun USING btree (environment_id);

CREATE INDEX dataset_oldest_idx ON public.dataset USING btree (created_at, id) WHERE (deleted_at IS NULL);

CREATE INDEX dataset_owner_idx ON public.dataset USING btree (owner) INCLUDE (size) WHERE (deleted_at IS NULL);

CREATE INDEX dataset_restricted_idx ON public.dataset USING btree (owner, team_id, visibility) WHERE (visibility <> 'everyone'::text);

CREATE UNIQUE INDEX dataset_run_key ON public.dataset USING btree (run_id);

CREATE INDEX dataset_team_idx ON public.dataset USING btree (team_id);

CREATE INDEX dataset_to_purge_idx ON public.dataset USING btree (deleted_at) WHERE ((deleted_at IS NOT NULL) AND (purged_at IS NULL));

CREATE INDEX environment_name_trigram_idx ON public.environment USING gin (name public.gin_trgm_ops);

CREATE INDEX environment_review_environment_idx ON public.environment_review USING btree (environment_id);

CREATE INDEX environment_review_reviewer_user_idx ON public.environment_review_reviewer USING btree (user_id);

CREATE INDEX experiment_dataset_idx ON public.experiment USING btree (dataset_id);

CREATE INDEX experiment_newest_idx ON public.experiment USING btree (created_at DESC, id DESC) WHERE (deleted_at IS NULL);

CREATE INDEX experiment_restricted_idx ON public.experiment USING btree (owner, team_id, visibility) WHERE (visibility <> 'everyone'::text);

CREATE INDEX experiment_team_idx ON public.experiment USING btree (team_id);

CREATE INDEX idempotent_request_oldest_idx ON public.idempotent_request USING btree (created_at);

CREATE INDEX issue_attachment_issue_idx ON public.issue_attachment USING btree (issue_id, test_result_id);

CREATE INDEX issue_attachment_rule_idx ON public.issue_attachment USING btree (attachment_rule_id, created_at) INCLUDE (attached_by);

CREATE INDEX issue_due_idx ON public.issue USING btree (sync_at);

CREATE INDEX issue_order_due_idx ON public.issue_order USING btree (try_at) WHERE (status = 'wanted'::text);

CREATE INDEX issue_order_issue_idx ON public.issue_order USING btree (issue_id);

CREATE INDEX issue_text_trigram_idx ON public.issue USING gin ((((((project || ' '::text) || key) || ' '::text) || title)) public.gin_trgm_ops);

CREATE INDEX job_being_submitted_idx ON public.job USING btree (leased_until) WHERE (status = 'created'::text);

CREATE INDEX job_dataset_idx ON public.job USING btree (dataset_id);

CREATE INDEX job_ended_idx ON public.job USING btree (finished_at, id) WHERE (finished_at IS NOT NULL);

CREATE INDEX job_event_job_idx ON public.job_event USING btree (job_id, id);

CREATE INDEX job_kind_newest_idx ON public.job USING btree (kind, created_at DESC, id DESC);

CREATE INDEX job_newest_idx ON public.job USING btree (created_at DESC, id DESC);

CREATE INDEX job_owner_active_idx ON public.job USING btree (owner) WHERE (status = ANY (ARRAY['created'::text, 'pending'::text, 'running'::text]));

CREATE INDEX job_owner_newest_idx ON public.job USING btree (owner, created_at DESC) INCLUDE (tokens_spent);

CREATE INDEX job_restricted_idx ON public.job USING btree (owner, team_id, visibility, kind) WHERE (visibility <> 'everyone'::text);

CREATE INDEX job_submitted_idx ON public.job USING btree (look_at) WHERE ((status = ANY (ARRAY['pending'::text, 'running'::text])) OR ((status = 'created'::text) AND (stop_reason IS NOT NULL)));

CREATE INDEX job_team_idx ON public.job USING btree (team_id);

CREATE INDEX job_waiting_idx ON public.job USING btree (look_at) WHERE (status = 'created'::text);

CREATE INDEX job_work_to_remove_idx ON public.job USING btree (finished_at) WHERE ((NOT is_work_removed) AND (finished_at IS NOT NULL));

CREATE UNIQUE INDEX job_workflow_step_key ON public.job USING btree (workflow_id, step);

CREATE INDEX notification_unread_idx ON public.notification USING btree (user_id, created_at DESC, id DESC) WHERE (dismissed_at IS NULL);

CREATE INDEX notification_user_newest_idx ON public.notification USING btree (user_id, created_at DESC, id DESC);

CREATE INDEX orphaned_object_doomed_idx ON public.orphaned_object USING btree (doomed_at) WHERE (doomed_at IS NOT NULL);

CREATE INDEX orphaned_object_oldest_idx ON public.orphaned_object USING btree (found_at) WHERE (doomed_at IS NULL);

CREATE INDEX outbox_handled_idx ON public.outbox USING btree (handled_at) WHERE (handled_at IS NOT NULL);

CREATE INDEX outbox_waiting_idx ON public.outbox USING btree (id) WHERE (handled_at IS NULL);

CREATE INDEX periodic_run_ended_idx ON public.periodic_run USING btree (ended_at);

CREATE UNIQUE INDEX periodic_run_going_on_key ON public.periodic_run USING btree (name) WHERE (ended_at IS NULL);

CREATE INDEX periodic_run_name_idx ON public.periodic_run USING btree (name, id DESC);

CREATE INDEX rate_allowance_oldest_idx ON public.rate_allowance USING btree (refilled_at);

CREATE INDEX raw_result_file_object_idx ON public.raw_result_file USING btree (object_key);

CREATE INDEX rerun_request_build_idx ON public.rerun_request USING btree (artefact_build_id);

CREATE INDEX rerun_request_environment_idx ON public.rerun_request USING btree (environment_id);

CREATE INDEX rerun_request_next_idx ON public.rerun_request USING btree (priority DESC, created_at, id);

CREATE INDEX review_card_due_idx ON public.review_card USING btree (try_at) WHERE (status = 'wanted'::text);

CREATE INDEX review_card_user_idx ON public.review_card USING btree (user_id);

CREATE INDEX secret_team_idx ON public.secret USING btree (team_id);

CREATE INDEX seen_assertion_expired_idx ON public.seen_assertion USING btree (expires_at);

CREATE INDEX sign_on_expired_idx ON public.sign_on USING btree (expires_at);

CREATE INDEX team_member_user_idx ON public.team_member USING btree (user_id);

CREATE INDEX test_case_name_trigram_idx ON public.test_case USING gin (name public.gin_trgm_ops);

CREATE INDEX test_case_reported_issue_case_idx ON public.test_case_reported_issue USING btree (case_name);

CREATE INDEX test_case_reported_issue_template_idx ON public.test_case_reported_issue USING btree (template_id);

CREATE INDEX test_case_template_idx ON public.test_case USING btree (template_id);

CREATE INDEX test_event_execution_idx ON public.test_event USING btree (test_execution_id, at, id);

CREATE INDEX test_event_name_idx ON public.test_event USING btree (event_name, test_execution_id);

CREATE INDEX test_execution_build_idx ON public.test_execution USING btree (artefact_build_id, environment_id);

CREATE UNIQUE INDEX test_execution_ci_link_key ON public.test_execution USING btree (public.ci_link_key(ci_link));

CREATE INDEX test_execution_environment_idx ON public.test_execution USING btree (environment_id);

CREATE INDEX test_execution_group_idx ON public.test_execution USING btree (test_plan_id, artefact_build_id, environment_id, id DESC);

CREATE INDEX test_execution_metadata_metadata_idx ON public.test_execution_metadata USING btree (execution_metadata_id, test_execution_id);

CREATE INDEX test_execution_newest_idx ON public.test_execution USING btree (created_at DESC, id DESC);

CREATE INDEX test_execution_open_idx ON public.test_execution USING btree (seen_at) WHERE (status = ANY (ARRAY['NOT_STARTED'::text, 'IN_PROGRESS'::text]));

CREATE INDEX test_execution_relevant_link_execution_idx ON public.test_execution_relevant_link USING btree (test_execution_id, id);

CREATE UNIQUE INDEX test_execution_relevant_link_once_key ON public.test_execution_relevant_link USING btree (test_execution_id, md5(((label || chr(10)) || url)));

CREATE INDEX test_execution_updated_idx ON public.test_execution USING btree (updated_at);

CREATE INDEX test_result_case_idx ON public.test_result USING btree (test_case_id, created_at DESC, id DESC, status);

CREATE INDEX test_result_execution_idx ON public.test_result USING btree (test_execution_id, test_case_id, id);

CREATE INDEX test_result_newest_idx ON public.test_result USING btree (created_at DESC, id DESC, status);

CREATE INDEX test_result_of_execution_newest_idx ON public.test_result USING btree (test_execution_id, created_at DESC, id DESC, status);

CREATE INDEX test_result_unsuccessful_idx ON public.test_result USING btree (test_execution_id) WHERE (status <> 'PASSED'::text);

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

CREATE TRIGGER result_counts_grow AFTER INSERT ON public.test_result REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.keep_result_counts();

CREATE TRIGGER result_counts_shrink AFTER DELETE ON public.test_result REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.keep_result_counts();

CREATE TRIGGER workflow_total_grows AFTER INSERT ON public.workflow REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.keep_total();

CREATE TRIGGER workflow_total_of_marked AFTER UPDATE OF deleted_at ON public.workflow FOR EACH ROW WHEN (((old.deleted_at IS NULL) <> (new.deleted_at IS NULL))) EXECUTE FUNCTION public.keep_total_of_marked();

CREATE TRIGGER workflow_total_shrinks AFTER DELETE ON public.workflow REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.keep_total();

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT api_key_application_id_fkey FOREIGN KEY (application_id) REFERENCES public.application(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.artefact_build
    ADD CONSTRAINT artefact_build_artefact_id_fkey FOREIGN KEY (artefact_id) REFERENCES public.artefact(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.artefact_bundled_build
    ADD CONSTRAINT artefact_bundled_build_artefact_build_id_fkey FOREIGN KEY (artefact_build_id) REFERENCES public.artefact_build(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.artefact_bundled_build
    ADD CONSTRAINT artefact_bundled_build_artefact_id_fkey FOREIGN KEY (artefact_id) REFERENCES public.artefact(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.artefact_decision
    ADD CONSTRAINT artefact_decision_artefact_id_fkey FOREIGN KEY (artefact_id) REFERENCES public.artefact(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.artefact_decision
    ADD CONSTRAINT artefact_decision_environment_review_id_fkey FOREIGN KEY (environment_review_id) REFERENCES public.environment_review(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.artefact_matching_rule_team
    ADD CONSTRAINT artefact_matching_rule_team_rule_id_fkey FOREIGN KEY (rule_id) REFERENCES public.artefact_matching_rule(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.artefact_matching_rule_team
    ADD CONSTRAINT artefact_matching_rule_team_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.artefact_reviewer
    ADD CONSTRAINT artefact_reviewer_artefact_id_fkey FOREIGN KEY (artefact_id) REFERENCES public.artefact(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.artefact_reviewer
    ADD CONSTRAINT artefact_reviewer_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_user(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.attachment_rule
    ADD CONSTRAINT attachment_rule_issue_id_fkey FOREIGN KEY (issue_id) REFERENCES public.issue(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.attachment_rule_metadata
    ADD CONSTRAINT attachment_rule_metadata_attachment_rule_id_fkey FOREIGN KEY (attachment_rule_id) REFERENCES public.attachment_rule(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.audit_seal
    ADD CONSTRAINT audit_seal_event_id_fkey FOREIGN KEY (event_id) REFERENCES public.audit_event(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.automatic_rerun
    ADD CONSTRAINT automatic_rerun_artefact_build_id_fkey FOREIGN KEY (artefact_build_id) REFERENCES public.artefact_build(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.automatic_rerun
    ADD CONSTRAINT automatic_rerun_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES public.environment(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.automatic_rerun
    ADD CONSTRAINT automatic_rerun_test_plan_id_fkey FOREIGN KEY (test_plan_id) REFERENCES public.test_plan(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.dataset
    ADD CONSTRAINT dataset_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.environment_review
    ADD CONSTRAINT environment_review_artefact_build_id_fkey FOREIGN KEY (artefact_build_id) REFERENCES public.artefact_build(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.environment_review
    ADD CONSTRAINT environment_review_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES public.environment(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.environment_review_reviewer
    ADD CONSTRAINT environment_review_reviewer_environment_review_id_fkey FOREIGN KEY (environment_review_id) REFERENCES public.environment_review(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.environment_review_reviewer
    ADD CONSTRAINT environment_review_reviewer_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_user(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.experiment
    ADD CONSTRAINT experiment_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES public.dataset(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.experiment
    ADD CONSTRAINT experiment_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.issue_attachment
    ADD CONSTRAINT issue_attachment_attachment_rule_id_fkey FOREIGN KEY (attachment_rule_id) REFERENCES public.attachment_rule(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.issue_attachment
    ADD CONSTRAINT issue_attachment_issue_id_fkey FOREIGN KEY (issue_id) REFERENCES public.issue(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.issue_attachment
    ADD CONSTRAINT issue_attachment_test_result_id_fkey FOREIGN KEY (test_result_id) REFERENCES public.test_result(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.issue_order
    ADD CONSTRAINT issue_order_issue_id_fkey FOREIGN KEY (issue_id) REFERENCES public.issue(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.issue_order
    ADD CONSTRAINT issue_order_test_result_id_fkey FOREIGN KEY (test_result_id) REFERENCES public.test_result(id) ON DELETE SET NULL;

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

ALTER TABLE ONLY public.periodic_run
    ADD CONSTRAINT periodic_run_name_fkey FOREIGN KEY (name) REFERENCES public.periodic_work(name) ON DELETE CASCADE;

ALTER TABLE ONLY public.raw_result_file
    ADD CONSTRAINT raw_result_file_test_execution_id_fkey FOREIGN KEY (test_execution_id) REFERENCES public.test_execution(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.rerun_request
    ADD CONSTRAINT rerun_request_artefact_build_id_fkey FOREIGN KEY (artefact_build_id) REFERENCES public.artefact_build(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.rerun_request
    ADD CONSTRAINT rerun_request_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES public.environment(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.rerun_request
    ADD CONSTRAINT rerun_request_test_plan_id_fkey FOREIGN KEY (test_plan_id) REFERENCES public.test_plan(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.review_card
    ADD CONSTRAINT review_card_artefact_id_fkey FOREIGN KEY (artefact_id) REFERENCES public.artefact(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.review_card
    ADD CONSTRAINT review_card_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_user(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.secret
    ADD CONSTRAINT secret_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.team_member
    ADD CONSTRAINT team_member_team_id_fkey FOREIGN KEY (team_id) REFERENCES public.team(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.team_member
    ADD CONSTRAINT team_member_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_user(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.test_event
    ADD CONSTRAINT test_event_test_execution_id_fkey FOREIGN KEY (test_execution_id) REFERENCES public.test_execution(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.test_execution
    ADD CONSTRAINT test_execution_artefact_build_id_fkey FOREIGN KEY (artefact_build_id) REFERENCES public.artefact_build(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.test_execution
    ADD CONSTRAINT test_execution_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES public.environment(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.test_execution_metadata
    ADD CONSTRAINT test_execution_metadata_execution_metadata_id_fkey FOREIGN KEY (execution_metadata_id) REFERENCES public.execution_metadata(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.test_execution_metadata
    ADD CONSTRAINT test_execution_metadata_test_execution_id_fkey FOREIGN KEY (test_execution_id) REFERENCES public.test_execution(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.test_execution_relevant_link
    ADD CONSTRAINT test_execution_relevant_link_test_execution_id_fkey FOREIGN KEY (test_execution_id) REFERENCES public.test_execution(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.test_execution
    ADD CONSTRAINT test_execution_test_plan_id_fkey FOREIGN KEY (test_plan_id) REFERENCES public.test_plan(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.test_result_log
    ADD CONSTRAINT test_result_log_test_result_id_fkey FOREIGN KEY (test_result_id) REFERENCES public.test_result(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.test_result
    ADD CONSTRAINT test_result_test_case_id_fkey FOREIGN KEY (test_case_id) REFERENCES public.test_case(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.test_result
    ADD CONSTRAINT test_result_test_execution_id_fkey FOREIGN KEY (test_execution_id) REFERENCES public.test_execution(id) ON DELETE CASCADE;

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
