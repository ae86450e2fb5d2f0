import type { Services } from '../context.ts'
import { hashToken } from '../db/secrets.ts'
import { decodeUTF8, parseFields, readBody } from '../http/body.ts'
import type { SAMLIdentity } from '../saml/assertion.ts'
import { SAMLError } from '../saml/checks.ts'
import { type Arrival, claimFlow, requireActive } from './arrival.ts'
import type { Connection } from './connections.ts'
import { countDecryptionFailure } from './decryption-limit.ts'
import { finishLogin } from './finish.ts'
import { type Check, findFlow, LoginError } from './flow.ts'
import { recallFlow } from './remembered-flows.ts'
import { toLoginError, toSAMLIdentity, verifyForConnection } from './saml-identity.ts'
import { lostLogin, wrongForm } from './wrong-way.ts'

const formLimit = 400 * 1024
const flowErrors = {
  missing_cookie: 'missing_saml_csrf_cookie',
  cookie_mismatch: 'saml_csrf_cookie_mismatch',
  used: 'duplicate_saml_response',
  failed: 'unsolicited_saml_response',
  expired: 'expired_saml_response',
} as const

/**
 * The assertion consumer service (SAML Bindings 3.5, Profiles 4.1): takes a posted Response, finds the
 * flow by RelayState, verifies, and returns the address of the application. Throws LoginError; sets
 * `arrival.flow` as soon as the browser has proved that the flow is its own.
 */
export async function consumeSAMLResponse(
  services: Services,
  connection: Connection,
  request: Request,
  arrival: Arrival,
): Promise<string> {
  const { checks } = arrival
  const form = await readForm(request, checks)
  arrival.messages.push({ kind: 'response', format: 'saml', content: form.saml_response })
  const flow = await findStartedFlow(services, connection, form.relay_state)
  if (flow) claimFlow(services, request, flow, arrival, flowErrors)
  requireActive(connection, flow, arrival)
  const saml = await verify(services, connection, form, arrival)
  const identity = toSAMLIdentity(connection, saml, checks)
  return finishLogin(services, {
    connection,
    flow,
    identity,
    checks,
    request_id: arrival.request_id,
    flow_id: arrival.flow_id,
    assertion: { id: storedID(saml.assertion_id), valid_until: saml.valid_until },
  })
}

/** An ID as a key of the database, which takes no longer ones. */
function storedID(assertion_id: string): string {
  return assertion_id.length <= 200 ? assertion_id : hashToken(assertion_id).toString('hex')
}

interface Form {
  saml_response: string
  relay_state: string
}

async function readForm(request: Request, checks: Check[]): Promise<Form> {
  const form = parseFields(decodeUTF8(await readBody(request, formLimit)))
  const responses = form.getAll('SAMLResponse')
  const relayStates = form.getAll('RelayState')
  const single = responses.length === 1 && responses[0] !== '' && relayStates.length <= 1
  const check: Check = {
    name: 'form',
    verdict: single ? 'pass' : 'fail',
    expected: 'one SAMLResponse and at most one RelayState, posted as a form',
    actual: `${responses.length} SAMLResponse, ${relayStates.length} RelayState`,
  }
  checks.push(check)
  if (single) return { saml_response: responses[0]!, relay_state: relayStates[0] ?? '' }
  const { actual, fix } = wrongForm(form)
  Object.assign(check, { actual: `${check.actual}${actual}`, fix })
  throw new LoginError(
    responses.join('') === '' ? 'missing_saml_response' : 'invalid_saml_response',
    checks,
  )
}

/** Our RelayState is an opaque handle; anything else is the identity provider's own and ignored. */
async function findStartedFlow(services: Services, connection: Connection, relay_state: string) {
  if (!/^[A-Za-z0-9_-]{43}$/.test(relay_state)) return null
  const known = recallFlow(services, connection, relay_state)
  return known ?? (await findFlow(services, connection, relay_state)) ?? null
}

async function verify(
  services: Services,
  connection: Connection,
  form: Form,
  { flow, checks, request_id }: Arrival,
): Promise<SAMLIdentity> {
  const { connection_id, allow_sha1_until } = connection
  try {
    const result = verifyForConnection(services, connection, {
      saml_response: form.saml_response,
      in_response_to: flow?.idp_request_id ?? null,
      requested_at: flow?.started_at ?? null,
      now: services.now(),
    })
    checks.push(...result.checks)
    if (result.sha1)
      services.log.warn(
        { request_id, connection_id, allow_sha1_until },
        'login with a signature that rests on SHA-1',
      )
    return result.identity
  } catch (error) {
    if (!(error instanceof SAMLError)) throw error
    checks.push(...error.checks)
    const failed = error.checks.at(-1)?.name
    if (failed === 'decryption') countDecryptionFailure(services, connection_id)
    const unsolicited = error.error_type === 'unsolicited_saml_response'
    // A Response that answers a request, but came without the RelayState that names the request.
    const lost = unsolicited && failed === 'in_response_to' && !flow
    const more = lost ? await lostLogin(services, connection, form.relay_state) : null
    if (more) checks.push({ ...checks.pop()!, ...more })
    const stateless = lost && form.relay_state === ''
    throw toLoginError(error, checks, stateless ? 'missing_saml_relay_state' : error.error_type)
  }
}
