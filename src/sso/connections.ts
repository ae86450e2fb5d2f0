/**
 * sso/ holds the connections of organizations to their identity providers, and the login over them.
 * This file: a connection as a login needs it, with its keys ready to use, cached.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { RequestProject, Services } from '../context.ts'
import { type Database, statement } from '../db/connect.ts'
import type { GroupRoleAssignment, RoleAssignment, SAMLKeys, SSOConnections } from '../db/schema.ts'
import type { CipherPlace } from '../db/secrets.ts'
import { ApiError } from '../http/errors.ts'
import type { OIDCProvider } from '../oidc/settings.ts'
import type { PinnedKey } from '../saml/signature.ts'
import { missingSettings } from './connection-complete.ts'

/** A connection as stored. */
export type ConnectionRow = Selectable<SSOConnections>
/** A key of a connection as stored. */
export type KeyRow = Selectable<SAMLKeys>

/** A connection as a login needs it: secrets in clear, keys parsed. Never put on the wire or in a log. */
export interface Connection {
  project_id: string
  organization_id: string
  connection_id: string
  type: 'saml' | 'oidc'
  status: 'pending' | 'active'
  /** `manual`: pending until somebody activates it, even where nothing is missing. */
  activation: 'automatic' | 'manual'
  /** Whether it has all that a login needs: then it can be tried before it is active. */
  complete: boolean
  /** Until when the messages of its logins are kept; null: they are not. */
  debug_until: Date | null
  display_name: string
  identity_provider: string
  attribute_mapping: Record<string, string>
  idp_entity_id: string
  idp_sso_url: string
  idp_sso_binding: 'redirect' | 'post'
  nameid_format: string
  alternative_audience_uri: string
  alternative_acs_url: string
  idp_initiated_auth_disabled: boolean
  allow_gateway_callback: boolean
  /** AES-CBC although no signature of the Response covers the ciphertext; not on the wire. */
  allow_aes_cbc: boolean
  /** Before this moment signatures that rest on SHA-1 are accepted; null: never. Not on the wire. */
  allow_sha1_until: Date | null
  saml_connection_implicit_role_assignments: RoleAssignment[]
  saml_group_implicit_role_assignments: GroupRoleAssignment[]
  issuer: string
  client_id: string
  client_secret: string
  authorization_url: string
  token_url: string
  userinfo_url: string
  jwks_url: string
  custom_scopes: string
  /** What discovery said beyond the addresses; null where the addresses were filled in by hand. */
  provider: OIDCProvider | null
  /** The identity provider's certificates, oldest first. */
  verification_keys: PinnedKey[]
  /** What signs our requests: the newest certificate and its key, the PEM of those before it. */
  signing_key: {
    certificate: string
    private_key: KeyObject
    older_certificates: string[]
  } | null
  /** What encrypted assertions are decrypted with, newest first. */
  decryption_keys: KeyObject[]
  /** The certificate of the newest of them, as PEM; null where there is none. */
  encryption_certificate: string | null
  created_at: Date
}

const connectionColumns = `project_id, organization_id, connection_id, type, status, display_name,
  identity_provider, attribute_mapping, idp_entity_id, idp_sso_url, idp_sso_binding, nameid_format,
  alternative_audience_uri, alternative_acs_url, idp_initiated_auth_disabled, allow_gateway_callback, allow_aes_cbc, allow_sha1_until,
  saml_connection_implicit_role_assignments, saml_group_implicit_role_assignments, issuer, client_id,
  client_secret, authorization_url, token_url, userinfo_url, jwks_url, custom_scopes, provider, activation,
  debug_until, metadata_url, metadata_refresh, metadata_checked_at, metadata_error, metadata_pending,
  created_at, updated_at`

const keyColumns = `project_id, organization_id, connection_id, key_id, purpose, certificate, private_key,
  fingerprint, issuer, expires_at, created_at, updated_at`

/** The address that an identity provider sends its answer to: SAML acs_url and audience_uri, OIDC redirect_url. */
export function callbackURL(base_url: string, connection_id: string): string {
  return `${base_url}/v1/b2b/sso/callback/${connection_id}`
}

/** Names the stored secret of an OIDC connection for the cipher. */
export function clientSecretPlace(connection_id: string): CipherPlace {
  return { table: 'sso_connections', column: 'client_secret', row: connection_id }
}

/** Names a stored private key for the cipher. */
export function privateKeyPlace(key_id: string): CipherPlace {
  return { table: 'saml_keys', column: 'private_key', row: key_id }
}

/** A project's connection, cached; throws `sso_connection_not_found`, also for another project's. */
export async function findConnection(
  services: Services,
  project: RequestProject,
  connection_id: string,
): Promise<Connection> {
  const connection = await findConnectionAnywhere(services, connection_id)
  if (connection.project_id !== project.project_id) throw new ApiError('sso_connection_not_found')
  return connection
}

/**
 * A connection by its id alone, cached: for the callback and the SP metadata, whose addresses name no
 * project. Throws `sso_connection_not_found`.
 */
export async function findConnectionAnywhere(
  services: Services,
  connection_id: string,
): Promise<Connection> {
  // Anybody may ask for anything; a NUL would be an error of the database.
  if (!/^[\w-]{1,128}$/.test(connection_id)) throw new ApiError('sso_connection_not_found')
  const connection = await services.caches.get('connection', connection_id, () =>
    loadConnection(services, connection_id),
  )
  if (!connection) throw new ApiError('sso_connection_not_found')
  return connection
}

async function loadConnection(
  services: Services,
  connection_id: string,
): Promise<Connection | undefined> {
  const rows = await statement<ConnectionRow>(
    services.db,
    `select ${connectionColumns} from sso_connections where connection_id = $1 limit 2`,
    [connection_id],
  )
  const [row] = rows
  // Ids are unique over all projects; were one not, nobody could tell whose login it is.
  if (!row || rows.length > 1) return undefined
  return readyConnection(services, row, await keysOf(services.db, [row]))
}

/** A connection as a login needs it. */
export function readyConnection(
  services: Services,
  row: ConnectionRow,
  keys: readonly KeyRow[],
): Connection {
  const { client_secret, provider, updated_at, ...others } = row
  const { metadata_url, metadata_refresh, metadata_checked_at, ...rest } = others
  const { metadata_error, metadata_pending, ...same } = rest
  const signing = keys.filter((key) => key.purpose === 'signing')
  const encryption = keys.filter((key) => key.purpose === 'encryption').toReversed()
  const newest = signing.at(-1)
  return {
    ...same,
    complete: missingSettings(row, keys).length === 0,
    client_secret: client_secret
      ? services.cipher.decrypt(client_secret, clientSecretPlace(row.connection_id))
      : '',
    provider: isProvider(provider) ? provider : null,
    verification_keys: keys.filter((key) => key.purpose === 'verification').map(toPinnedKey),
    signing_key: newest?.private_key
      ? {
          certificate: newest.certificate,
          private_key: toPrivateKey(services, newest),
          older_certificates: signing.slice(0, -1).map((key) => key.certificate),
        }
      : null,
    decryption_keys: encryption.map((key) => toPrivateKey(services, key)),
    encryption_certificate: encryption[0]?.certificate ?? null,
  }
}

function toPrivateKey({ cipher }: Services, { key_id, private_key }: KeyRow): KeyObject {
  return createPrivateKey(cipher.decrypt(private_key!, privateKeyPlace(key_id)))
}

function isProvider(value: object): value is OIDCProvider {
  return 'token_endpoint_auth_methods' in value
}

function toPinnedKey(key: KeyRow): PinnedKey {
  return {
    certificate_id: key.key_id,
    fingerprint: key.fingerprint,
    key: createPublicKey(key.certificate),
  }
}

/** The connections of an organization, oldest first. */
export async function connectionsOf(
  db: Database,
  organization: { project_id: string; organization_id: string },
): Promise<ConnectionRow[]> {
  return statement<ConnectionRow>(
    db,
    `select ${connectionColumns} from sso_connections
      where project_id = $1 and organization_id = $2 order by created_at, connection_id`,
    [organization.project_id, organization.organization_id],
  )
}

/** A project's connection as it is stored now, past the cache; undefined where there is none. */
export async function connectionRow(
  db: Database,
  project_id: string,
  connection_id: string,
): Promise<ConnectionRow | undefined> {
  const rows = await statement<ConnectionRow>(
    db,
    `select ${connectionColumns} from sso_connections where project_id = $1 and connection_id = $2`,
    [project_id, connection_id],
  )
  return rows[0]
}

/** The keys of connections of one project, oldest first. */
export async function keysOf(
  db: Database,
  connections: readonly { project_id: string; connection_id: string }[],
): Promise<KeyRow[]> {
  if (!connections[0]) return []
  return statement<KeyRow>(
    db,
    `select ${keyColumns} from saml_keys
      where project_id = $1 and connection_id = any($2) order by created_at, key_id`,
    [connections[0].project_id, connections.map((connection) => connection.connection_id)],
  )
}
