-- Deliveries and mails go with the events when they are old; an organization's page shows its own events.
create index webhook_deliveries_created on webhook_deliveries (created_at);
create index mails_created on mails (created_at);
create index events_organization on events (project_id, organization_id, event_id);
