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
    CONSTRAINT dataset_format_known CHECK ((format = 'job'::text))
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
    deleted_at timestamp with time zone
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
    CONSTRAINT job_kind_known CHECK ((kind = ANY (ARRAY['inference'::text, 'annotate'::text, 'evaluator'::text]))),
    CONSTRAINT job_status_known CHECK ((status = ANY (ARRAY['created'::text, 'pending'::text, 'running'::text, 'failed'::text, 'succeeded'::text, 'stopped'::text]))),
    CONSTRAINT job_step_known CHECK ((step = ANY (ARRAY['inference'::text, 'evaluation'::text]))),
    CONSTRAINT job_step_of_a_workflow CHECK (((workflow_id IS NULL) = (step IS NULL))),
    CONSTRAINT job_stop_reason_known CHECK ((stop_reason = ANY (ARRAY['cancelled'::text, 'timeout'::text, 'workflow'::text])))
);

COMMENT ON TABLE public.job IS 'One piece of work for the cluster; the dispatcher moves it by guarded statements.';

COMMENT ON COLUMN public.job.config IS 'The job_config as accepted; names a secret, never holds one.';

COMMENT ON COLUMN public.job.attempt IS 'Submitted under the id {id}-{attempt}; writes of a lower attempt have no effect.';

COMMENT ON COLUMN public.job.failures IS 'How many attempts were lost to the cluster; bounds the automatic ones.';

COMMENT ON COLUMN public.job.look_at IS 'Not before this time need a worker look at it again.';

COMMENT ON COLUMN public.job.log_archived IS 'Up to this position the log lies in the object store, from there on in job_log.';

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

CREATE TABLE public.secret (
    name text NOT NULL,
    description text NOT NULL,
    value bytea NOT NULL,
    allowed_hosts text[] DEFAULT '{}'::text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT secret_name_length CHECK (((length(name) >= 1) AND (length(name) <= 255)))
);

COMMENT ON TABLE public.secret IS 'Keys of providers, encrypted; jobs name them, nobody reads them.';

COMMENT ON COLUMN public.secret.value IS 'Fernet token; the keys are in the settings.';

CREATE TABLE public.unfinished_dataset (
    folder text NOT NULL,
    began_at timestamp with time zone DEFAULT now() NOT NULL,
    is_abandoned boolean DEFAULT false NOT NULL
);

COMMENT ON TABLE public.unfinished_dataset IS 'Where objects may lie of no dataset: uploads under way, and attempts that were lost. A worker removes them later.';

COMMENT ON COLUMN public.unfinished_dataset.is_abandoned IS 'Its objects are being removed, so that it can make no dataset any more.';

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
    CONSTRAINT workflow_status_known CHECK ((status = ANY (ARRAY['created'::text, 'running'::text, 'failed'::text, 'succeeded'::text])))
);

COMMENT ON TABLE public.workflow IS 'An inference job and, in the transaction that finishes it, an evaluation job of what it made.';

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

ALTER TABLE ONLY public.secret
    ADD CONSTRAINT secret_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.unfinished_dataset
    ADD CONSTRAINT unfinished_dataset_pkey PRIMARY KEY (folder);

ALTER TABLE ONLY public.workflow
    ADD CONSTRAINT workflow_pkey PRIMARY KEY (id);

CREATE INDEX dataset_oldest_idx ON public.dataset USING btree (created_at, id) WHERE (deleted_at IS NULL);

CREATE UNIQUE INDEX dataset_run_key ON public.dataset USING btree (run_id);

CREATE INDEX dataset_to_purge_idx ON public.dataset USING btree (deleted_at) WHERE ((deleted_at IS NOT NULL) AND (purged_at IS NULL));

CREATE INDEX experiment_dataset_idx ON public.experiment USING btree (dataset_id);

CREATE INDEX experiment_newest_idx ON public.experiment USING btree (created_at DESC, id DESC) WHERE (deleted_at IS NULL);

CREATE INDEX idempotent_request_oldest_idx ON public.idempotent_request USING btree (created_at);

CREATE INDEX job_being_submitted_idx ON public.job USING btree (leased_until) WHERE (status = 'created'::text);

CREATE INDEX job_dataset_idx ON public.job USING btree (dataset_id);

CREATE INDEX job_event_job_idx ON public.job_event USING btree (job_id, id);

CREATE INDEX job_kind_newest_idx ON public.job USING btree (kind, created_at DESC, id DESC);

CREATE INDEX job_newest_idx ON public.job USING btree (created_at DESC, id DESC);

CREATE INDEX job_submitted_idx ON public.job USING btree (look_at) WHERE ((status = ANY (ARRAY['pending'::text, 'running'::text])) OR ((status = 'created'::text) AND (stop_reason IS NOT NULL)));

CREATE INDEX job_waiting_idx ON public.job USING btree (look_at) WHERE (status = 'created'::text);

CREATE UNIQUE INDEX job_workflow_step_key ON public.job USING btree (workflow_id, step);

CREATE INDEX workflow_experiment_idx ON public.workflow USING btree (experiment_id, created_at DESC, id DESC);

CREATE INDEX workflow_newest_idx ON public.workflow USING btree (created_at DESC, id DESC) WHERE (deleted_at IS NULL);

CREATE TRIGGER experiment_total_grows AFTER INSERT ON public.experiment REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.keep_total();

CREATE TRIGGER experiment_total_of_marked AFTER UPDATE OF deleted_at ON public.experiment FOR EACH ROW WHEN (((old.deleted_at IS NULL) <> (new.deleted_at IS NULL))) EXECUTE FUNCTION public.keep_total_of_marked();

CREATE TRIGGER experiment_total_shrinks AFTER DELETE ON public.experiment REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.keep_total();

CREATE TRIGGER job_total_grows AFTER INSERT ON public.job REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.keep_total_of_jobs();

CREATE TRIGGER job_total_shrinks AFTER DELETE ON public.job REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.keep_total_of_jobs();

CREATE TRIGGER job_waiting AFTER INSERT ON public.job FOR EACH STATEMENT EXECUTE FUNCTION public.hint_job_waiting();

CREATE TRIGGER workflow_total_grows AFTER INSERT ON public.workflow REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.keep_total();

CREATE TRIGGER workflow_total_of_marked AFTER UPDATE OF deleted_at ON public.workflow FOR EACH ROW WHEN (((old.deleted_at IS NULL) <> (new.deleted_at IS NULL))) EXECUTE FUNCTION public.keep_total_of_marked();

CREATE TRIGGER workflow_total_shrinks AFTER DELETE ON public.workflow REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.keep_total();

ALTER TABLE ONLY public.experiment
    ADD CONSTRAINT experiment_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES public.dataset(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.job
    ADD CONSTRAINT job_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES public.dataset(id) ON DELETE RESTRICT;

ALTER TABLE ONLY public.job_event
    ADD CONSTRAINT job_event_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.job(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.job_log
    ADD CONSTRAINT job_log_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.job(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.job
    ADD CONSTRAINT job_workflow_id_fkey FOREIGN KEY (workflow_id) REFERENCES public.workflow(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.workflow
    ADD CONSTRAINT workflow_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES public.experiment(id) ON DELETE CASCADE;
