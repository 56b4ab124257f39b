-- Run once, by the image, when the data directory is new: one role owns and migrates, one serves and alters nothing.
\getenv owner_password DATABASE_OWNER_PASSWORD
\getenv service_password DATABASE_SERVICE_PASSWORD

create role touchstone_owner login nosuperuser nocreaterole nocreatedb password :'owner_password';
create role touchstone_service login nosuperuser nocreaterole nocreatedb password :'service_password';
create database touchstone owner touchstone_owner;

\connect touchstone
revoke create on schema public from public;
alter default privileges for role touchstone_owner grant select, insert, update, delete on tables to touchstone_service;
alter default privileges for role touchstone_owner grant usage, select on sequences to touchstone_service;
