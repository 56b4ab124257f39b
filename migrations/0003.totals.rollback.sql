-- Takes back 0003.totals.

drop trigger experiment_total_of_marked on experiment;
drop trigger experiment_total_shrinks on experiment;
drop trigger experiment_total_grows on experiment;
drop trigger workflow_total_of_marked on workflow;
drop trigger workflow_total_shrinks on workflow;
drop trigger workflow_total_grows on workflow;
drop trigger job_total_shrinks on job;
drop trigger job_total_grows on job;
drop function keep_total_of_marked();
drop function keep_total();
drop function keep_total_of_jobs();
drop function add_to_total(text, bigint);
drop table list_total;
