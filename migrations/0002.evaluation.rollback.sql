-- Takes back 0002.evaluation.

drop table idempotent_request;
drop table secret;
drop table job_event;
drop table job_log;
drop table job;
drop table workflow;
drop table experiment;
drop table unfinished_dataset;
drop table dataset;
