-- Takes back 0004.people.

alter table secret drop column visibility, drop column team_id, drop column owner;
alter table job drop column tokens_spent, drop column visibility, drop column team_id, drop column owner;
alter table workflow drop column visibility, drop column team_id, drop column owner;
alter table experiment drop column visibility, drop column team_id, drop column owner;
alter table dataset drop column visibility, drop column team_id, drop column owner;
drop table rate_allowance;
drop table webhook_attempt;
drop table webhook_delivery;
drop table outbox;
drop table webhook_secret;
drop table webhook;
drop table audit_head;
drop table audit_seal;
drop table audit_event;
drop table notification;
drop table artefact_matching_rule_team;
drop table artefact_matching_rule;
drop table seen_assertion;
drop table sign_on;
drop table user_session;
drop table api_key;
drop table application;
drop table team_member;
drop table team;
drop table app_user;
drop function tell_principals_changed();
