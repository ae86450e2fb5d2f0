import type { Selectable } from 'kysely'
import type { SAMLKeys, SSOConnections } from '../db/schema.ts'

type Row = Selectable<SSOConnections>

/** What a connection can lack, by the names that the API has for it. */
export type MissingSetting =
  | 'idp_entity_id'
  | 'idp_sso_url'
  | 'attribute_mapping'
  | 'x509_certificate'
  | 'client_secret'
  | (typeof oidcSettings)[number]

const oidcSettings = [
  'issuer',
  'client_id',
  'authorization_url',
  'token_url',
  'userinfo_url',
  'jwks_url',
] as const

/**
 * What a connection still lacks of all that a login needs (backend.md sections 12 and 13); none where it
 * can be tried, or activated.
 */
export function missingSettings(
  row: Row,
  keys: readonly Pick<Selectable<SAMLKeys>, 'purpose'>[],
): MissingSetting[] {
  if (row.type === 'oidc')
    return [
      ...oidcSettings.filter((name) => row[name] === ''),
      ...(row.client_secret === null ? (['client_secret'] as const) : []),
    ]
  const texts = (['idp_entity_id', 'idp_sso_url'] as const).filter((name) => row[name] === '')
  const mapped = Object.keys(row.attribute_mapping).length > 0
  const pinned = keys.some((key) => key.purpose === 'verification')
  return [
    ...texts,
    ...(mapped ? [] : (['attribute_mapping'] as const)),
    ...(pinned ? [] : (['x509_certificate'] as const)),
  ]
}
