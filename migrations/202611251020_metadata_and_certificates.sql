-- Metadata are read again by themselves, and certificates that end are warned of.

alter table sso_connections
  -- When the metadata are read next; a node that reads them moves it ahead first.
  add column metadata_due_at timestamptz check (isfinite(metadata_due_at)),
  -- Reads that failed since the last one that did not, and when the first of them was.
  add column metadata_failures integer not null default 0,
  add column metadata_failing_since timestamptz,
  -- The copy that was last taken or rejected: only what differs from it is a change.
  add column metadata_last jsonb;
create index sso_connections_metadata_due on sso_connections (metadata_due_at)
  where metadata_url <> '' and metadata_refresh <> 'off';

alter table saml_keys
  -- Which warning of its end was sent: 0 none, 1 to 3 those of 60, 30 and 7 days, 4 that it has ended.
  add column warning_stage smallint not null default 0 check (warning_stage between 0 and 4);
-- The calendar of a project, the warnings that are due, and the metric.
create index saml_keys_expiry on saml_keys (project_id, expires_at, key_id);
create index saml_keys_warning on saml_keys (warning_stage, expires_at) where warning_stage < 4;
create index saml_keys_purpose on saml_keys (purpose, expires_at);
