-- Takes back 0007.periodic_work.

drop table periodic_run, periodic_work;
