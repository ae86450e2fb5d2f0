/** The tokens that this process has given out lately, to members of whom nothing is new. */
import type { Context, Services } from '../context.ts'
import { ApiError } from '../http/errors.ts'
import { cachedOrganization } from './cached-organization.ts'
import type { UnchangedMember } from './candidates.ts'
import { verifiedForMs } from './flow.ts'
import { challengeOf, type RedeemableFlow } from './redeemable.ts'
import { createMemory } from './remembered.ts'

/** What the callback knew; `endFlow` compares what may have changed since. */
interface Remembered {
  flow: Omit<RedeemableFlow, 'organization' | 'connection_status' | 'unchanged'>
  unchanged: UnchangedMember
  project_id: string
  organization_id: string
  pkce_code_challenge: string
  verified_at: Date
}

/** A flow that was not read, but remembered, and the version of its organization. */
export interface RecalledFlow {
  flow: RedeemableFlow & { unchanged: UnchangedMember }
  organization_version: string
}

// An identity may hold some ten kilobytes, and most tokens are redeemed within a second.
const memory = createMemory<Remembered>(1_000)

/** Remembers what a token stands for, as soon as its row says so. */
export function rememberToken(services: Services, token: string, known: Remembered): void {
  memory.remember(services, token, known)
}

/**
 * What a token stands for, once; undefined where this process has not given it out, where it is too old, where
 * the PKCE verifier is not its own, or where its organization is gone: then the row tells what is wrong.
 */
export async function recallToken(
  context: Context,
  input: { sso_token: string; pkce_code_verifier?: string | undefined },
): Promise<RecalledFlow | undefined> {
  const { project_id } = context.project
  const challenge = challengeOf(input.pkce_code_verifier)
  const isMine = (known: Remembered) =>
    known.project_id === project_id && known.pkce_code_challenge === challenge
  const known = memory.recall(context, input.sso_token, isMine)
  if (!known || context.now().getTime() - known.verified_at.getTime() >= verifiedForMs)
    return undefined
  const { unchanged } = known
  const organization = await cachedOrganization(context, known).catch(gone)
  if (!organization) return undefined
  const flow = { ...known.flow, unchanged, organization, connection_status: 'active' }
  return { flow, organization_version: organization.version }
}

/** An organization that was deleted since: the row, which went with it, tells that. */
function gone(error: unknown): undefined {
  if (!(error instanceof ApiError)) throw error
}
