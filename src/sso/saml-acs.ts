import type { Services } from '../context.ts'
import { hashToken } from '../db/secrets.ts'
import { decodeUTF8, readBody } from '../http/body.ts'
import { isErrorType } from '../http/errors.ts'
import type { SAMLIdentity } from '../saml/assertion.ts'
import { SAMLError } from '../saml/checks.ts'
import { verifyResponse } from '../saml/response.ts'
import { type Arrival, claimFlow, requireActive } from './arrival.ts'
import {
  checkSubject,
  createAttributeReader,
  type Identity,
  readEmail,
  readGroups,
  readName,
  readTrustedMetadata,
  sentAttributes,
} from './attributes.ts'
import { type Connection, callbackURL } from './connections.ts'
import { countDecryptionFailure, isDecryptionStopped } from './decryption-limit.ts'
import { finishLogin } from './finish.ts'
import { type Check, findFlow, LoginError } from './flow.ts'

const formLimit = 400 * 1024
const transient = 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient'
const errors = {
  email: 'invalid_saml_response_email',
  groups: 'invalid_saml_response_groups',
  other: 'invalid_saml_response',
} as const
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
  const flow = await findStartedFlow(services, connection, form.relay_state)
  if (flow) claimFlow(services, request, flow, arrival, flowErrors)
  requireActive(connection, flow, arrival)
  const saml = verify(services, connection, form, arrival)
  const identity = toIdentity(connection, saml, checks)
  return finishLogin(services, {
    connection,
    flow,
    identity,
    checks,
    request_id: arrival.request_id,
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
  const form = new URLSearchParams(decodeUTF8(await readBody(request, formLimit)))
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
  check.fix = {
    who: 'it_admin',
    what: 'Set the identity provider to answer by the HTTP-POST binding.',
  }
  throw new LoginError(
    responses.join('') === '' ? 'missing_saml_response' : 'invalid_saml_response',
    checks,
  )
}

/** Our RelayState is an opaque handle; anything else is the identity provider's own and ignored. */
async function findStartedFlow(services: Services, connection: Connection, relay_state: string) {
  if (!/^[A-Za-z0-9_-]{43}$/.test(relay_state)) return null
  return (await findFlow(services, connection, relay_state)) ?? null
}

function verify(
  services: Services,
  connection: Connection,
  form: Form,
  { flow, checks, request_id }: Arrival,
): SAMLIdentity {
  const acs_url = callbackURL(services.config.base_url, connection.connection_id)
  try {
    const result = verifyResponse({
      saml_response: form.saml_response,
      settings: {
        idp_entity_id: connection.idp_entity_id,
        acs_urls: present(acs_url, connection.alternative_acs_url),
        audiences: present(acs_url, connection.alternative_audience_uri),
        keys: connection.verification_keys,
        allow_sha1_until: connection.allow_sha1_until,
        idp_initiated_auth_disabled: connection.idp_initiated_auth_disabled,
        decryption: {
          keys: connection.decryption_keys,
          allow_aes_cbc: connection.allow_aes_cbc,
          stopped: isDecryptionStopped(services, connection.connection_id),
        },
      },
      in_response_to: flow?.idp_request_id ?? null,
      now: services.now(),
    })
    checks.push(...result.checks)
    const { connection_id, allow_sha1_until } = connection
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
    if (failed === 'decryption') countDecryptionFailure(services, connection.connection_id)
    const unsolicited = error.error_type === 'unsolicited_saml_response'
    // A Response that answers a request, but came without the RelayState that names the request.
    const lost = unsolicited && failed === 'in_response_to' && !flow && form.relay_state === ''
    const error_type = lost ? 'missing_saml_relay_state' : error.error_type
    throw new LoginError(
      isErrorType(error_type) ? error_type : 'invalid_saml_response',
      checks,
      error.message,
    )
  }
}

function present(...urls: string[]): string[] {
  return urls.filter((url) => url !== '')
}

/** Maps NameID and attributes to who the person is (design: subject, e-mail, name, groups, metadata). */
function toIdentity(connection: Connection, saml: SAMLIdentity, checks: Check[]): Identity {
  const odd = new Set(saml.attributes.flatMap(({ name, plain }) => (plain ? [] : [name])))
  // One of several of a name that cannot be read makes the others half of what was meant.
  const attributes = saml.attributes.filter(({ name }) => !odd.has(name))
  const source = {
    attributes,
    unreadable: new Set([...odd, ...linkedAttributes(saml)]),
    mapping: connection.attribute_mapping,
    checks,
    name_id: saml.name_id,
    errors,
  }
  const { single } = createAttributeReader(source)
  const email_address = readEmail(source, single('email', errors.email))
  const [subject, from] = subjectOf(saml, single('idp_user_id', errors.other), email_address)
  return {
    name: readName(source),
    groups: readGroups(source),
    subject: checkSubject(source, subject, from),
    external_id: saml.name_id,
    email_address,
    email_verified: null,
    sso_attributes: sentAttributes(attributes),
    trusted_metadata: readTrustedMetadata(source),
    session_not_on_or_after: saml.session_not_on_or_after?.toISOString() ?? null,
  }
}

function subjectOf(
  saml: SAMLIdentity,
  idp_user_id: string | undefined,
  email_address: string,
): [subject: string, from: string] {
  if (idp_user_id !== undefined) return [idp_user_id, 'the mapped idp_user_id']
  if (saml.name_id_format !== transient) return [saml.name_id, 'NameID']
  return [email_address, 'the e-mail address, because the NameID is transient']
}

const entraGroups = 'http://schemas.microsoft.com/ws/2008/06/identity/claims/groups'
const entraLink = 'http://schemas.microsoft.com/claims/groups.link'

/** Entra ID answers with a link in place of the groups where there are many. */
function linkedAttributes(saml: SAMLIdentity): ReadonlySet<string> {
  return new Set(saml.attributes.some(({ name }) => name === entraLink) ? [entraGroups] : [])
}
