import { type Database, statement } from '../db/connect.ts'
import { ApiError } from '../http/errors.ts'

/** What is off by default, and not on the wire. */
export interface ConnectionOptions {
  allow_aes_cbc: boolean
  /** Null: off. */
  allow_sha1_until: Date | null
}

interface SetConnection extends ConnectionOptions {
  project_id: string
  organization_id: string
  connection_id: string
}

/**
 * Sets what only the operator of a server may allow a SAML connection, by the command line; what is not
 * given stays. Every process hears of it. Throws `saml_connection_not_found`.
 */
export async function setConnectionOptions(
  db: Database,
  connection_id: string,
  { allow_aes_cbc, allow_sha1_until }: Partial<ConnectionOptions>,
): Promise<SetConnection> {
  const rows = await statement<SetConnection>(
    db,
    `update sso_connections set
        allow_aes_cbc = coalesce($2::boolean, allow_aes_cbc),
        allow_sha1_until = case when $3::boolean then $4::timestamptz else allow_sha1_until end,
        updated_at = $5
      where connection_id = $1 and type = 'saml'
      returning project_id, organization_id, connection_id, allow_aes_cbc, allow_sha1_until`,
    [
      connection_id,
      allow_aes_cbc ?? null,
      allow_sha1_until !== undefined,
      allow_sha1_until ?? null,
      new Date(),
    ],
  )
  if (!rows[0]) throw new ApiError('saml_connection_not_found')
  return rows[0]
}
