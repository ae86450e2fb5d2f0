-- The list of connections over all organizations shows the active ones, or the pending ones, alone.
create index sso_connections_status on sso_connections (project_id, status, organization_id, created_at);
