-- The project of the server's own administrators, through which they sign in over SSO: at most one.
alter table projects add column is_system boolean not null default false;
create unique index projects_one_system on projects (is_system) where is_system;
