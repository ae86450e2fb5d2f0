/** The tables beside the login: administrators, audit, events, webhooks, mail, setup links, kept messages. */
import type { ColumnType, Generated } from 'kysely'

type Json<T> = ColumnType<T, string, string>

export type AdminRole = 'owner' | 'editor' | 'viewer'

export interface Admins {
  admin_id: string
  email_address: string
  name: Generated<string>
  role: AdminRole
  status: Generated<'active' | 'disabled'>
  password_hash: Generated<string>
  totp_secret: Buffer | null
  totp_last_step: Generated<number>
  failed_attempts: Generated<number>
  locked_until: Date | null
  created_at: Date
  updated_at: Date
}

export interface AdminSessions {
  session_hash: Buffer
  admin_id: string
  address: string
  user_agent: Generated<string>
  started_at: Date
  verified_at: Date
  last_seen_at: Date
  expires_at: Date
}

export interface AdminInvitations {
  invitation_id: string
  token_hash: Buffer
  purpose: Generated<'first' | 'invitation' | 'reset'>
  email_address: Generated<string>
  role: AdminRole
  invited_by: Generated<string>
  created_at: Date
  expires_at: Date
  accepted_at: Date | null
  revoked_at: Date | null
}

export interface AuditEntries {
  audit_id: string
  project_id: string | null
  organization_id: string | null
  at: Date
  actor_type: 'admin' | 'setup_link' | 'cli' | 'system'
  actor_id: string
  actor_name: string
  action: string
  target_type: string
  target_id: string
  target_name: Generated<string>
  before: ColumnType<unknown, string | null, string | null>
  after: ColumnType<unknown, string | null, string | null>
  address: Generated<string>
  request_id: Generated<string>
}

export interface Events {
  project_id: string
  event_id: string
  event_type: string
  organization_id: string | null
  object_id: Generated<string>
  data: Json<Record<string, unknown>>
  request_id: Generated<string>
  at: Date
}

export interface WebhookEndpoints {
  project_id: string
  webhook_id: string
  url: string
  description: Generated<string>
  event_types: Generated<string[]>
  secret: Buffer
  status: Generated<'active' | 'disabled'>
  created_at: Date
  updated_at: Date
}

export interface WebhookDeliveries {
  project_id: string
  delivery_id: string
  webhook_id: string
  event_id: string
  state: Generated<'waiting' | 'delivered' | 'failed'>
  attempts: Generated<number>
  next_attempt_at: Date | null
  last_attempt_at: Date | null
  last_status: number | null
  last_error: Generated<string>
  created_at: Date
}

export interface Mails {
  mail_id: string
  project_id: string | null
  kind: string
  to_address: string
  subject: string
  content: Buffer
  state: Generated<'waiting' | 'sent' | 'failed'>
  attempts: Generated<number>
  next_attempt_at: Date | null
  last_error: Generated<string>
  created_at: Date
  sent_at: Date | null
}

export interface SetupLinks {
  project_id: string
  organization_id: string
  setup_link_id: string
  token_hash: Buffer
  connection_id: string | null
  identity_provider: Generated<string>
  step: Generated<string>
  note: Generated<string>
  created_by: string
  created_at: Date
  expires_at: Date
  opened_at: Date | null
  last_seen_at: Date | null
  completed_at: Date | null
  revoked_at: Date | null
}

export interface SetupSessions {
  session_hash: Buffer
  project_id: string
  setup_link_id: string
  created_at: Date
  expires_at: Date
}

export interface TraceLinks {
  project_id: string
  trace_link_id: string
  flow_id: string
  token_hash: Buffer
  created_by: string
  created_at: Date
  expires_at: Date
  revoked_at: Date | null
}

export interface SSOFlowMessages {
  project_id: string
  flow_id: string
  message_id: string
  kind: 'request' | 'response' | 'id_token' | 'userinfo'
  content: Buffer
  recorded_at: Date
  expires_at: Date
}

/** Their names in the database. */
export interface OperationsSchema {
  admins: Admins
  admin_sessions: AdminSessions
  admin_invitations: AdminInvitations
  audit_entries: AuditEntries
  events: Events
  webhook_endpoints: WebhookEndpoints
  webhook_deliveries: WebhookDeliveries
  mails: Mails
  setup_links: SetupLinks
  setup_sessions: SetupSessions
  trace_links: TraceLinks
  sso_flow_messages: SSOFlowMessages
}
