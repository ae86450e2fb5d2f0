import { isErrorType } from '../http/errors.ts'
import { OIDCError } from '../oidc/checks.ts'
import { replayClaims } from '../oidc/replay.ts'
import type { Connection } from './connections.ts'
import { LoginError } from './flow.ts'
import type { MessageKind, StoredMessage } from './messages.ts'
import { mappedClaims, toOIDCIdentity } from './oidc-identity.ts'
import type { Replay } from './replay.ts'
import { hasPassed, type TriedFlow } from './tried-flow.ts'

const notSigned =
  'What the claims say would pass, but the login ended before the signature of the ID token was verified, and the token is not kept. Try the login again.'
const notRead =
  'Userinfo was not read when the login ended, and a replay asks nobody. Try the login again.'
/** What userinfo could have said. */
const absent = new Set<string>(['oidc_response_email_missing', 'oidc_response_name_missing'])

interface Kept {
  connection: Connection
  flow: TriedFlow
  messages: readonly StoredMessage[]
  replay: Replay
}

/**
 * Looks at the kept claims of an OpenID Connect login again; sets identity, verdict and reason of `replay`.
 * The ID token itself is not kept, so that nothing that was not verified then can pass now. Throws
 * LoginError.
 */
export function readClaims({ connection, flow, messages, replay }: Kept): void {
  const id_token = contentOf(messages, 'id_token')
  if (!id_token) {
    replay.verdict = 'unknown'
    replay.reason =
      'The login ended before an ID token came. A code can be exchanged once only, so the login must be tried again.'
    return
  }
  const signed = hasPassed(flow, 'id_token_signature')
  const userinfo = contentOf(messages, 'userinfo')
  const incomplete = userinfo === null && connection.userinfo_url !== ''
  try {
    const { identity, checks } = replayClaims({
      settings: connection,
      id_token: id_token as Parameters<typeof replayClaims>[0]['id_token'],
      userinfo,
      signed,
      now: messages.find((message) => message.kind === 'id_token')!.recorded_at,
      mapped: mappedClaims(connection),
    })
    replay.checks.push(...checks)
    replay.identity = toOIDCIdentity(connection, identity, replay.checks)
    replay.reason = signed ? (incomplete ? notRead : null) : notSigned
  } catch (error) {
    if (!(error instanceof OIDCError)) throw error
    replay.checks.push(...error.checks)
    const { error_type } = error
    if (incomplete && absent.has(error_type)) {
      replay.verdict = 'unknown'
      replay.reason = notRead
      return
    }
    throw new LoginError(
      isErrorType(error_type) ? error_type : 'oidc_invalid_callback_request',
      replay.checks,
      error.message,
    )
  }
}

function contentOf(
  messages: readonly StoredMessage[],
  kind: MessageKind,
): Record<string, unknown> | null {
  const message = messages.find((each) => each.kind === kind)
  return message && !message.truncated ? JSON.parse(message.content) : null
}
