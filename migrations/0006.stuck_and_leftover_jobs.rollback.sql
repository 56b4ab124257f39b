-- Takes back 0006.stuck_and_leftover_jobs.

drop index job_work_to_remove_idx;
alter table job drop column is_work_removed, drop column broken_looks;
