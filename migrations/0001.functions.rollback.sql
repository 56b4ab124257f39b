-- Takes back 0001.functions.

drop function hint_job_waiting();
