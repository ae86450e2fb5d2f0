/** What `sso.authenticate` reads of a login before it decides: the first of its statements. */
import type { Context } from '../context.ts'
import { type Database, statement } from '../db/connect.ts'
import { fromJSONRow, jsonRow } from '../db/json-row.ts'
import { hashToken } from '../db/secrets.ts'
import { ApiError } from '../http/errors.ts'
import { type OrganizationRow, organizationColumns } from '../organizations/organization.ts'
import type { Identity } from './attributes.ts'
import { type Candidates, candidatesSQL, type UnchangedMember, unchangedSQL } from './candidates.ts'
import { verifiedForMs } from './flow.ts'

/** A flow that waits for its redemption, with all that decides whether the member gets in. */
export interface RedeemableFlow {
  flow_id: string
  connection_id: string
  connection_type: 'saml' | 'oidc'
  connection_status: string
  identity: Identity
  organization: OrganizationRow
  candidates: Candidates
  /** Set for a member about whom the identity says nothing new: there is nothing to write of it. */
  unchanged: UnchangedMember | null
}

type RedeemableRow = Omit<RedeemableFlow, 'connection_status' | 'candidates'> &
  Candidates & { connection_status: string | null }

const redeemableSQL = `select f.flow_id, f.connection_id, f.identity,
    c.type as connection_type, c.status as connection_status,
    ${jsonRow('o', organizationColumns)} as organization,
    ${placed(unchangedSQL('f.identity'))} as unchanged, k.*
  from sso_flows f
  join organization_objects o on o.project_id = $1 and o.organization_id = f.organization_id
  left join sso_connections c on c.project_id = $1 and c.connection_id = f.connection_id
  cross join lateral (select ${placed(candidatesSQL)}) k
  where f.project_id = $1 and f.token_hash = $2 and f.state = 'verified' and f.verified_at > $3
    and f.pkce_code_challenge = $4`

/** The candidates' values come out of the flow's own identity here. */
function placed(sql: string): string {
  const values: Record<string, string> = {
    $1: '$1',
    $2: 'f.organization_id',
    $3: 'f.connection_id',
    $4: `(f.identity ->> 'subject')`,
    $5: `(f.identity ->> 'email_address')`,
    $6: `split_part(f.identity ->> 'email_address', '@', 2)`,
  }
  return sql.replaceAll(/\$[1-6]/g, (name) => values[name]!)
}

/**
 * The flow that a token names; `endFlow` takes it, once. Throws `sso_token_not_found` for an unknown, used
 * or expired token alike; a PKCE verifier that is missing, unexpected or wrong leaves the token as it was.
 */
export async function findRedeemable(
  db: Database,
  context: Context,
  input: { sso_token: string; pkce_code_verifier?: string | undefined },
): Promise<RedeemableFlow> {
  const oldest = new Date(context.now().getTime() - verifiedForMs)
  const { project_id } = context.project
  const token_hash = hashToken(input.sso_token)
  const challenge = challengeOf(input.pkce_code_verifier)
  const values = [project_id, token_hash, oldest]
  const rows = await statement<RedeemableRow>(db, redeemableSQL, [...values, challenge])
  const row = rows[0]
  if (!row) throw await whyNot(db, values, input.pkce_code_verifier)
  return {
    flow_id: row.flow_id,
    connection_id: row.connection_id,
    connection_type: row.connection_type,
    connection_status: row.connection_status ?? 'deleted',
    identity: row.identity,
    organization: fromJSONRow(row.organization),
    candidates: row,
    unchanged: row.unchanged,
  }
}

/** The PKCE challenge that a verifier answers (RFC 7636 section 4.2); '' where there is none. */
export function challengeOf(verifier: string | undefined): string {
  return verifier === undefined ? '' : hashToken(verifier).toString('base64url')
}

async function whyNot(
  db: Database,
  values: unknown[],
  verifier: string | undefined,
): Promise<ApiError> {
  const rows = await statement<{ pkce_code_challenge: string }>(
    db,
    `select pkce_code_challenge from sso_flows
     where project_id = $1 and token_hash = $2 and state = 'verified' and verified_at > $3`,
    values,
  )
  const flow = rows[0]
  if (!flow) return new ApiError('sso_token_not_found')
  if (flow.pkce_code_challenge === '') return new ApiError('pkce_did_not_expect_code_verifier')
  return new ApiError(verifier === undefined ? 'pkce_expected_code_verifier' : 'pkce_mismatch')
}
