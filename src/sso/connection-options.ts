import { type Database, statement } from '../db/connect.ts'
import { ApiError } from '../http/errors.ts'

/**
 * Sets what only the operator of a server may allow a SAML connection, by the command line; every process
 * hears of it. Throws `saml_connection_not_found`.
 */
export async function setConnectionOptions(
  db: Database,
  connection_id: string,
  { allow_aes_cbc }: { allow_aes_cbc: boolean },
): Promise<{ project_id: string; connection_id: string; allow_aes_cbc: boolean }> {
  const rows = await statement<{
    project_id: string
    connection_id: string
    allow_aes_cbc: boolean
  }>(
    db,
    `update sso_connections set allow_aes_cbc = $2, updated_at = $3
      where connection_id = $1 and type = 'saml'
      returning project_id, connection_id, allow_aes_cbc`,
    [connection_id, allow_aes_cbc, new Date()],
  )
  if (!rows[0]) throw new ApiError('saml_connection_not_found')
  return rows[0]
}
