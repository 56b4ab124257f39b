-- Takes back 0009.keeping_house.

drop table audit_cut, object_walk, orphaned_object;
drop index job_ended_idx;
drop table retention_rule;
