/** How every change of a connection ends: an entry of the audit with what it changed, and back to the page. */
import type { ConnectionRow, KeyRow } from '../sso/connections.ts'
import { changed } from './ask.ts'
import { connectionTarget, type Shown, shownConnection } from './connection-frame.ts'
import { seeOther } from './frame.ts'
import type { ProjectVisit } from './visit.ts'

const audited = [
  'status',
  'activation',
  'display_name',
  'identity_provider',
  'attribute_mapping',
  'idp_entity_id',
  'idp_sso_url',
  'idp_sso_binding',
  'metadata_url',
  'nameid_format',
  'alternative_audience_uri',
  'alternative_acs_url',
  'idp_initiated_auth_disabled',
  'saml_connection_implicit_role_assignments',
  'saml_group_implicit_role_assignments',
  'issuer',
  'client_id',
  'authorization_url',
  'token_url',
  'userinfo_url',
  'jwks_url',
  'custom_scopes',
  'debug_until',
] as const satisfies readonly (keyof ConnectionRow)[]

/** What the audit keeps of a connection: no secrets, of keys their fingerprints. */
export function auditable({ row, keys }: Pick<Shown, 'row' | 'keys'>): Record<string, unknown> {
  const prints = (purpose: KeyRow['purpose']) =>
    keys.filter((key) => key.purpose === purpose).map(({ fingerprint }) => fingerprint)
  return {
    ...Object.fromEntries(audited.map((name) => [name, row[name]])),
    verification_certificates: prints('verification'),
    signing_certificates: prints('signing'),
    encryption_certificates: prints('encryption'),
  }
}

/** Writes what was changed since `shown` was loaded into the audit, and goes back to a page that says so. */
export async function saved(
  visit: ProjectVisit,
  shown: Shown,
  done: { action: string; at: string; message: string },
): Promise<Response> {
  const now = await shownConnection(visit)
  const { before, after } = changed(auditable(shown), auditable(now))
  const [old, secret] = [shown.row.client_secret, now.row.client_secret]
  const replaced = secret !== null && !(old && secret.equals(old))
  await visit.audit({
    ...connectionTarget(shown),
    action: done.action,
    before,
    after: { ...after, ...(replaced && { client_secret: 'another' }) },
  })
  return seeOther(visit, shown.base + done.at, done.message)
}
