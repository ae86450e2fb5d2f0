-- The organization within which a change was made; it stays when the organization is deleted.
alter table audit_entries add column organization_id text;
update audit_entries set organization_id = target_id where target_type = 'organization';
update audit_entries a set organization_id = c.organization_id from sso_connections c
  where a.organization_id is null and c.project_id = a.project_id and c.connection_id = a.target_id;
update audit_entries a set organization_id = m.organization_id from members m
  where a.organization_id is null and m.project_id = a.project_id and m.member_id = a.target_id;
create index audit_entries_organization on audit_entries (project_id, organization_id, audit_id)
  where organization_id is not null;
