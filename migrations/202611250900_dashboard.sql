-- The dashboard: administrators and what they do, events and webhooks, mail, setup links, kept messages.

alter table projects
  add column project_logo_url text not null default '',
  add column project_color text not null default '' check (project_color ~ '^(#[0-9a-f]{6})?$'),
  -- The hosted login page: straight on where there is one connection; finding the organization by e-mail.
  add column login_straight boolean not null default false,
  add column login_by_email boolean not null default false;

alter table sso_connections
  -- Of a connection that waits for somebody to activate it (dashboard, setup portal); status stays pending.
  add column activation text not null default 'automatic' check (activation in ('automatic', 'manual')),
  add column metadata_url text not null default '',
  add column metadata_refresh text not null default 'automatic'
    check (metadata_refresh in ('off', 'approve', 'automatic')),
  add column metadata_checked_at timestamptz,
  -- Why the last refresh failed; empty when it did not.
  add column metadata_error text not null default '',
  -- What a refresh found and somebody must approve.
  add column metadata_pending jsonb,
  -- Until when the messages of its logins are kept for a day.
  add column debug_until timestamptz check (isfinite(debug_until));

alter table sso_flows
  -- Who tries the connection: an administrator or a setup link. Such a login makes no session.
  add column tested_by text;

-- Administrators belong to the server, not to a project.
create table admins (
  admin_id text primary key,
  email_address text not null unique,
  name text not null default '',
  role text not null check (role in ('owner', 'editor', 'viewer')),
  status text not null default 'active' check (status in ('active', 'disabled')),
  password_hash text not null default '', -- scrypt with its parameters
  totp_secret bytea, -- encrypted
  totp_last_step integer not null default 0, -- a code is good once
  failed_attempts integer not null default 0,
  locked_until timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

create table admin_sessions (
  session_hash bytea primary key,
  admin_id text not null references admins on delete cascade,
  address text not null,
  user_agent text not null default '',
  started_at timestamptz not null,
  -- When a password or SSO was last given: some changes need a fresh one.
  verified_at timestamptz not null,
  last_seen_at timestamptz not null,
  expires_at timestamptz not null
);
create index admin_sessions_admin on admin_sessions (admin_id);
create index admin_sessions_expiry on admin_sessions (expires_at);

create table admin_invitations (
  invitation_id text primary key,
  token_hash bytea not null unique,
  -- Empty for the link that makes the first administrator.
  email_address text not null default '',
  role text not null check (role in ('owner', 'editor', 'viewer')),
  invited_by text not null default '',
  created_at timestamptz not null,
  expires_at timestamptz not null,
  accepted_at timestamptz,
  revoked_at timestamptz
);

create table audit_entries (
  audit_id text primary key, -- in the order of time
  project_id text references projects on delete cascade, -- null: of the server
  at timestamptz not null,
  actor_type text not null check (actor_type in ('admin', 'setup_link', 'cli', 'system')),
  actor_id text not null,
  actor_name text not null,
  action text not null,
  target_type text not null,
  target_id text not null,
  target_name text not null default '',
  before jsonb,
  after jsonb,
  address text not null default '',
  request_id text not null default ''
);
create index audit_entries_project on audit_entries (project_id, audit_id);

create table events (
  project_id text not null references projects on delete cascade,
  event_id text not null, -- in the order of time
  event_type text not null,
  organization_id text,
  object_id text not null default '',
  data jsonb not null,
  request_id text not null default '',
  at timestamptz not null,
  primary key (project_id, event_id)
);
create index events_at on events (at);

create table webhook_endpoints (
  project_id text not null references projects on delete cascade,
  webhook_id text not null,
  url text not null,
  description text not null default '',
  event_types text[] not null default '{}', -- none: all
  secret bytea not null, -- encrypted
  status text not null default 'active' check (status in ('active', 'disabled')),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (project_id, webhook_id)
);

create table webhook_deliveries (
  project_id text not null references projects on delete cascade,
  delivery_id text not null, -- in the order of time
  webhook_id text not null,
  event_id text not null,
  state text not null default 'waiting' check (state in ('waiting', 'delivered', 'failed')),
  attempts integer not null default 0,
  next_attempt_at timestamptz,
  last_attempt_at timestamptz,
  last_status integer,
  last_error text not null default '',
  created_at timestamptz not null,
  primary key (project_id, delivery_id),
  foreign key (project_id, webhook_id) references webhook_endpoints on delete cascade
);
create index webhook_deliveries_due on webhook_deliveries (next_attempt_at) where state = 'waiting';
create index webhook_deliveries_webhook on webhook_deliveries (project_id, webhook_id, delivery_id);

create table mails (
  mail_id text primary key, -- in the order of time
  project_id text references projects on delete cascade, -- null: of the server
  kind text not null,
  to_address text not null,
  subject text not null,
  -- Encrypted: it may hold a link that lets its reader in. Emptied once the mail is sent.
  content bytea not null,
  state text not null default 'waiting' check (state in ('waiting', 'sent', 'failed')),
  attempts integer not null default 0,
  next_attempt_at timestamptz,
  last_error text not null default '',
  created_at timestamptz not null,
  sent_at timestamptz
);
create index mails_due on mails (next_attempt_at) where state = 'waiting';

create table setup_links (
  project_id text not null references projects on delete cascade,
  organization_id text not null,
  setup_link_id text not null,
  token_hash bytea not null unique,
  -- The connection that it makes or mends; null until one is chosen.
  connection_id text,
  identity_provider text not null default '',
  step text not null default 'choose',
  note text not null default '',
  created_by text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  opened_at timestamptz,
  last_seen_at timestamptz,
  completed_at timestamptz,
  revoked_at timestamptz,
  primary key (project_id, setup_link_id),
  foreign key (project_id, organization_id) references organizations on delete cascade
);
create index setup_links_organization on setup_links (project_id, organization_id, setup_link_id);

create table setup_sessions (
  session_hash bytea primary key,
  project_id text not null,
  setup_link_id text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  foreign key (project_id, setup_link_id) references setup_links on delete cascade
);
create index setup_sessions_link on setup_sessions (project_id, setup_link_id);

-- A login's trace shown to somebody without an account.
create table trace_links (
  project_id text not null references projects on delete cascade,
  trace_link_id text not null,
  flow_id text not null,
  token_hash bytea not null unique,
  created_by text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  primary key (project_id, trace_link_id)
);

-- Requests and responses of logins, kept for a day where the connection's debug switch is on.
create table sso_flow_messages (
  project_id text not null references projects on delete cascade,
  flow_id text not null,
  message_id text not null,
  kind text not null check (kind in ('request', 'response', 'id_token', 'userinfo')),
  content bytea not null, -- encrypted
  recorded_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (project_id, flow_id, message_id)
);
create index sso_flow_messages_expiry on sso_flow_messages (expires_at);
