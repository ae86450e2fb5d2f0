-- The first schema. Every tenant table carries project_id, and it leads every key.

create extension if not exists pg_trgm;

create table projects (
  project_id text primary key,
  project_name text not null,
  project_slug text not null unique,
  created_at timestamptz not null default now()
);

-- API secrets: SHA-256 of 256 random bits; the clear text is shown once.
create table project_secrets (
  project_id text not null references projects on delete cascade,
  secret_id text not null,
  secret_hash bytea not null,
  last_four text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_used_at timestamptz,
  primary key (project_id, secret_id)
);

create table public_tokens (
  public_token text primary key,
  project_id text not null references projects on delete cascade,
  created_at timestamptz not null default now()
);

create table redirect_urls (
  project_id text not null references projects on delete cascade,
  url text not null,
  type text not null check (type in ('LOGIN', 'SIGNUP', 'INVITE', 'RESET_PASSWORD', 'DISCOVERY')),
  is_default boolean not null default false,
  created_at timestamptz not null default now(),
  primary key (project_id, url, type)
);
create unique index redirect_urls_one_default on redirect_urls (project_id, type) where is_default;

-- Keys that sign session JWTs. The one with the latest signs_from that has come signs; a key is
-- published until an hour after its successor began to sign.
create table signing_keys (
  project_id text not null references projects on delete cascade,
  key_id text not null,
  public_jwk jsonb not null,
  private_key bytea not null, -- encrypted
  signs_from timestamptz not null,
  created_at timestamptz not null default now(),
  primary key (project_id, key_id),
  -- The first key signs from the epoch on: of two processes that make it at once, one inserts.
  constraint signing_keys_signs_from unique (project_id, signs_from)
);

create table organizations (
  project_id text not null references projects on delete cascade,
  organization_id text not null,
  organization_name text not null,
  organization_slug text not null,
  organization_logo_url text not null default '',
  organization_external_id text,
  trusted_metadata jsonb not null default '{}',
  sso_default_connection_id text,
  sso_jit_provisioning text not null,
  sso_jit_provisioning_allowed_connections text[] not null default '{}',
  email_allowed_domains text[] not null default '{}',
  email_jit_provisioning text not null,
  email_invites text not null,
  auth_methods text not null,
  allowed_auth_methods text[] not null default '{}',
  mfa_policy text not null,
  mfa_methods text not null,
  allowed_mfa_methods text[] not null default '{}',
  rbac_email_implicit_role_assignments jsonb not null default '[]',
  oauth_tenant_jit_provisioning text not null,
  allowed_oauth_tenants jsonb not null default '{}',
  claimed_email_domains text[] not null default '{}',
  first_party_connected_apps_allowed_type text not null,
  allowed_first_party_connected_apps text[] not null default '{}',
  third_party_connected_apps_allowed_type text not null,
  allowed_third_party_connected_apps text[] not null default '{}',
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (project_id, organization_id),
  constraint organizations_slug unique (project_id, organization_slug),
  constraint organizations_external_id unique (project_id, organization_external_id)
);
create index organizations_slug_fuzzy on organizations using gin (lower(organization_slug) gin_trgm_ops);
create index organizations_name_fuzzy on organizations using gin (lower(organization_name) gin_trgm_ops);
create index organizations_allowed_domains on organizations using gin (email_allowed_domains);
create index organizations_claimed_domains on organizations using gin (claimed_email_domains);
-- Domains have no commas, so that a fuzzy domain is found in the joined list.
create function joined_domains(text[]) returns text language sql immutable parallel safe
  as $$ select array_to_string($1, ',') $$;
create index organizations_allowed_domains_fuzzy on organizations
  using gin (joined_domains(email_allowed_domains) gin_trgm_ops);

create table members (
  project_id text not null,
  organization_id text not null,
  member_id text not null,
  email_address text not null,
  email_address_verified boolean not null default false,
  status text not null check (status in ('pending', 'invited', 'active', 'deleted')),
  name text not null default '',
  external_id text,
  is_breakglass boolean not null default false,
  mfa_enrolled boolean not null default false,
  mfa_phone_number text not null default '',
  mfa_phone_number_verified boolean not null default false,
  default_mfa_method text not null default '',
  roles text[] not null default '{}', -- direct assignments
  trusted_metadata jsonb not null default '{}',
  untrusted_metadata jsonb not null default '{}',
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (project_id, member_id),
  foreign key (project_id, organization_id) references organizations on delete cascade
);
-- A deleted member's address is free for a new member; its reactivation is then refused.
create unique index members_email on members (project_id, organization_id, email_address) where status <> 'deleted';
create index members_deleted_email on members (project_id, organization_id, email_address) where status = 'deleted';
create unique index members_external_id on members (project_id, organization_id, external_id) where status <> 'deleted';
create unique index members_phone_number on members (project_id, organization_id, mfa_phone_number)
  where status <> 'deleted' and mfa_phone_number <> '';
create index members_organization on members (project_id, organization_id, member_id);
create index members_email_anywhere on members (project_id, email_address);
create index members_email_fuzzy on members using gin (email_address gin_trgm_ops);
create index members_phone_fuzzy on members using gin (mfa_phone_number gin_trgm_ops) where mfa_phone_number <> '';

create table retired_emails (
  project_id text not null,
  organization_id text not null,
  member_id text not null,
  email_id text not null,
  email_address text not null,
  retired_at timestamptz not null,
  primary key (project_id, organization_id, email_address),
  foreign key (project_id, member_id) references members on delete cascade
);
create index retired_emails_member on retired_emails (project_id, member_id);

-- SAML and OIDC connections. Addresses (ACS, audience, redirect URL) are derived from the base URL.
create table sso_connections (
  project_id text not null,
  organization_id text not null,
  connection_id text not null,
  type text not null check (type in ('saml', 'oidc')),
  status text not null default 'pending' check (status in ('pending', 'active')),
  display_name text not null default '',
  identity_provider text not null default 'generic',
  attribute_mapping jsonb not null default '{}',
  -- SAML
  idp_entity_id text not null default '',
  idp_sso_url text not null default '',
  idp_sso_binding text not null default 'redirect' check (idp_sso_binding in ('redirect', 'post')),
  nameid_format text not null default 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
  alternative_audience_uri text not null default '',
  alternative_acs_url text not null default '',
  idp_initiated_auth_disabled boolean not null default false,
  allow_gateway_callback boolean not null default false,
  saml_connection_implicit_role_assignments jsonb not null default '[]',
  saml_group_implicit_role_assignments jsonb not null default '[]',
  -- OIDC
  issuer text not null default '',
  client_id text not null default '',
  client_secret bytea, -- encrypted
  authorization_url text not null default '',
  token_url text not null default '',
  userinfo_url text not null default '',
  jwks_url text not null default '',
  custom_scopes text not null default '',
  provider jsonb not null default '{}', -- what discovery said beyond the addresses
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (project_id, connection_id),
  foreign key (project_id, organization_id) references organizations on delete cascade
);
create index sso_connections_organization on sso_connections (project_id, organization_id, created_at);
-- The callback's address names no project.
create index sso_connections_anywhere on sso_connections (connection_id);

create table saml_keys (
  project_id text not null,
  organization_id text not null,
  connection_id text not null,
  key_id text not null,
  purpose text not null check (purpose in ('verification', 'signing', 'encryption')),
  certificate text not null default '', -- PEM
  private_key bytea, -- encrypted
  fingerprint text not null default '', -- SHA-256 of the certificate, hex
  issuer text not null default '',
  expires_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (project_id, connection_id, key_id),
  foreign key (project_id, connection_id) references sso_connections on delete cascade
);
create unique index saml_keys_once on saml_keys (project_id, connection_id, fingerprint) where purpose = 'verification';

-- Who a member is at an identity provider.
create table sso_registrations (
  project_id text not null,
  organization_id text not null,
  connection_id text not null,
  subject text not null,
  registration_id text not null,
  member_id text not null,
  external_id text not null,
  sso_attributes jsonb not null default '{}',
  groups text[] not null default '{}',
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (project_id, connection_id, subject),
  constraint sso_registrations_one_subject unique (project_id, connection_id, member_id),
  foreign key (project_id, connection_id) references sso_connections on delete cascade,
  foreign key (project_id, member_id) references members on delete cascade
);
create index sso_registrations_member on sso_registrations (project_id, member_id);

create table sessions (
  project_id text not null,
  organization_id text not null,
  member_id text not null,
  member_session_id text not null,
  token_hash bytea not null,
  started_at timestamptz not null,
  last_accessed_at timestamptz not null,
  expires_at timestamptz not null,
  authentication_factors jsonb not null,
  custom_claims jsonb not null default '{}',
  primary key (project_id, member_session_id),
  constraint sessions_token unique (project_id, token_hash),
  foreign key (project_id, member_id) references members on delete cascade
);
create index sessions_member on sessions (project_id, member_id);
create index sessions_expiry on sessions (expires_at);

create table intermediate_sessions (
  project_id text not null,
  organization_id text not null,
  member_id text not null,
  token_hash bytea not null,
  authentication_factors jsonb not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (project_id, token_hash),
  foreign key (project_id, member_id) references members on delete cascade
);
create index intermediate_sessions_member on intermediate_sessions (project_id, member_id);
create index intermediate_sessions_expiry on intermediate_sessions (expires_at);

-- One row a login: CSRF state, one-time token and trace at once (see src/sso/flow.ts).
create table sso_flows (
  project_id text not null,
  organization_id text not null,
  connection_id text not null,
  flow_id text not null,
  state text not null check (state in ('started', 'verified', 'redeemed', 'failed')),
  initiated_by text not null check (initiated_by in ('sp', 'idp')),
  request_id text not null, -- of the request that started the row
  state_hash bytea, -- of RelayState or OIDC state
  cookie_hash bytea,
  idp_request_id text not null default '', -- AuthnRequest ID; empty for OIDC
  scopes text not null default '',
  pkce_code_challenge text not null default '',
  login_redirect_url text not null default '',
  signup_redirect_url text not null default '',
  token_hash bytea,
  identity jsonb,
  checks jsonb not null default '[]',
  error_type text,
  suppressed_count integer not null default 0, -- anonymous failures like this one that wrote no row
  member_id text,
  member_session_id text,
  started_at timestamptz not null,
  arrived_at timestamptz, -- of the one authorization code that is exchanged
  verified_at timestamptz,
  redeemed_at timestamptz,
  failed_at timestamptz,
  primary key (project_id, flow_id)
);
create unique index sso_flows_state on sso_flows (project_id, state_hash) where state_hash is not null;
create unique index sso_flows_token on sso_flows (project_id, token_hash) where token_hash is not null;
create index sso_flows_connection on sso_flows (project_id, connection_id, started_at desc);
create index sso_flows_age on sso_flows (started_at);

-- Assertions that were used; kept until they have expired.
create table saml_replays (
  project_id text not null,
  connection_id text not null,
  assertion_id text not null,
  expires_at timestamptz not null,
  primary key (project_id, connection_id, assertion_id)
);
create index saml_replays_expiry on saml_replays (expires_at);

-- What an organization and a member look like on the wire, next to what decides about them.
create view organization_objects as
  select o.*,
    coalesce((
      select jsonb_agg(jsonb_build_object(
          'connection_id', c.connection_id,
          'display_name', c.display_name,
          'identity_provider', c.identity_provider) order by c.created_at, c.connection_id)
      from sso_connections c
      where c.project_id = o.project_id and c.organization_id = o.organization_id and c.status = 'active'
    ), '[]') as sso_active_connections
  from organizations o;

create view member_objects as
  select m.*,
    coalesce((
      select jsonb_agg(jsonb_build_object(
          'connection_id', r.connection_id,
          'type', c.type,
          'subject', r.subject,
          'external_id', r.external_id,
          'registration_id', r.registration_id,
          'sso_attributes', r.sso_attributes,
          'groups', to_jsonb(r.groups),
          'connection_roles', c.saml_connection_implicit_role_assignments,
          'group_roles', c.saml_group_implicit_role_assignments) order by r.created_at, r.registration_id)
      from sso_registrations r
      join sso_connections c on c.project_id = r.project_id and c.connection_id = r.connection_id
      where r.project_id = m.project_id and r.member_id = m.member_id
    ), '[]') as sso_registrations,
    coalesce((
      select jsonb_agg(jsonb_build_object('email_id', e.email_id, 'email_address', e.email_address)
          order by e.retired_at, e.email_id)
      from retired_emails e
      where e.project_id = m.project_id and e.member_id = m.member_id
    ), '[]') as retired_email_addresses
  from members m;

-- Caches of every process drop what changed: the payload names the cache and the key.
create function notify_cache() returns trigger language plpgsql as $$
declare
  changed jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
begin
  perform pg_notify('portcullis', tg_argv[0] || ':' || (changed ->> tg_argv[1]));
  return null;
end $$;

create trigger cache after insert or delete or update of project_name, project_slug on projects
  for each row execute function notify_cache('project', 'project_id');
create trigger cache after insert or delete or update of secret_hash, expires_at on project_secrets
  for each row execute function notify_cache('project', 'project_id');
create trigger cache after insert or update or delete on public_tokens
  for each row execute function notify_cache('project', 'project_id');
create trigger cache after insert or update or delete on redirect_urls
  for each row execute function notify_cache('project', 'project_id');
create trigger cache after insert or update or delete on signing_keys
  for each row execute function notify_cache('keys', 'project_id');
create trigger cache after insert or update or delete on sso_connections
  for each row execute function notify_cache('connection', 'connection_id');
create trigger cache after insert or update or delete on saml_keys
  for each row execute function notify_cache('connection', 'connection_id');
create trigger cache after update or delete on organizations
  for each row execute function notify_cache('organization', 'organization_id');
create trigger cache_of_organization after insert or update or delete on sso_connections
  for each row execute function notify_cache('organization', 'organization_id');
