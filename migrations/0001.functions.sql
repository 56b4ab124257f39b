-- What several tables use: the hint that tells sleeping workers to look at the job table earlier.

create function hint_job_waiting() returns trigger
language plpgsql as $$
begin
    perform pg_notify('job_waiting', '');
    return null;
end
$$;

comment on function hint_job_waiting is 'Only a hint: workers look at the table anyway, from time to time.';
