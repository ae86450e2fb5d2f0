/** What a SAML Response says about a person, by the settings of a connection; nothing is written. */
import type { Services } from '../context.ts'
import { type ErrorType, isErrorType } from '../http/errors.ts'
import type { SAMLIdentity } from '../saml/assertion.ts'
import type { SAMLError } from '../saml/checks.ts'
import { type ResponseInput, verifyResponse } from '../saml/response.ts'
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
import { isDecryptionStopped } from './decryption-limit.ts'
import { type Check, LoginError } from './flow.ts'

const transient = 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient'
const errors = {
  email: 'invalid_saml_response_email',
  groups: 'invalid_saml_response_groups',
  other: 'invalid_saml_response',
} as const

/** Verifies a Response as the connection is set up. Throws SAMLError. */
export function verifyForConnection(
  services: Services,
  connection: Connection,
  input: Omit<ResponseInput, 'settings'>,
): ReturnType<typeof verifyResponse> {
  const acs_url = callbackURL(services.config.base_url, connection.connection_id)
  return verifyResponse({
    ...input,
    settings: {
      idp_entity_id: connection.idp_entity_id,
      acs_urls: present(acs_url, connection.alternative_acs_url),
      audiences: present(acs_url, connection.alternative_audience_uri),
      keys: connection.verification_keys,
      nameid_format: connection.nameid_format,
      allow_sha1_until: connection.allow_sha1_until,
      idp_initiated_auth_disabled: connection.idp_initiated_auth_disabled,
      decryption: {
        keys: connection.decryption_keys,
        certificate: connection.encryption_certificate,
        allow_aes_cbc: connection.allow_aes_cbc,
        stopped: isDecryptionStopped(services, connection.connection_id),
      },
    },
  })
}

/** A refusal of the SAML layer as one of a login. */
export function toLoginError(
  error: SAMLError,
  checks: readonly Check[],
  error_type: ErrorType | SAMLError['error_type'] = error.error_type,
): LoginError {
  return new LoginError(
    isErrorType(error_type) ? error_type : 'invalid_saml_response',
    checks,
    error.message,
  )
}

function present(...urls: string[]): string[] {
  return urls.filter((url) => url !== '')
}

/**
 * Maps NameID and attributes to who the person is (design: subject, e-mail, name, groups, metadata). Throws
 * LoginError.
 */
export function toSAMLIdentity(
  connection: Connection,
  saml: SAMLIdentity,
  checks: Check[],
): Identity {
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
