// The SAML protocol: bytes, settings and `now` go in; an identity and the checks come out.
// Nothing here reads a clock, a file, a socket or another folder of the server.
import { MAX_SKEW_SECONDS, readAssertion, type SAMLIdentity } from './assertion.ts'
import { type Check, CheckList } from './checks.ts'
import { decodeUTF8, strictBase64 } from './encoding.ts'
import { type DecryptionSettings, openEncryptedAssertion } from './encrypted-response.ts'
import { ASSERTION } from './namespaces.ts'
import {
  type PinnedKey,
  type SignatureTrust,
  type SignedXML,
  verifySignature,
} from './signature.ts'
import { restsOnSHA1 } from './signature-profile.ts'
import { readSigned, refuseContent } from './signed-content.ts'
import { checkStatus } from './status.ts'
import { type Layout, readLayout } from './structure.ts'
import { MAX_RESPONSE_BYTES, parseXML } from './xml.ts'
import { childrenNamed, type XMLElement, XMLError } from './xml-tree.ts'

/** What the connection says about the identity provider and about itself. */
export type ResponseSettings = {
  idp_entity_id: string
  /** acs_url, then alternative_acs_url if there is one */
  acs_urls: readonly string[]
  /** audience_uri, then alternative_audience_uri if there is one */
  audiences: readonly string[]
  keys: readonly PinnedKey[]
  /** the NameID format that the AuthnRequest asked for, if any */
  nameid_format?: string
  /** signatures that rest on SHA-1 are accepted before this moment; null or left out: never */
  allow_sha1_until?: Date | null | undefined
  idp_initiated_auth_disabled: boolean
  /** what encrypted assertions are decrypted with; without it they are refused */
  decryption?: DecryptionSettings
  /** default 60, at most 300 */
  clock_skew_seconds?: number
}

/** Input of {@link verifyResponse}. */
export type ResponseInput = {
  /** the form field SAMLResponse, as it came */
  saml_response: string
  settings: ResponseSettings
  /** the ID of the AuthnRequest that this browser was sent away with; null when there is none */
  in_response_to: string | null
  /** when that AuthnRequest left, if known; it only helps to tell what is wrong with a clock */
  requested_at?: Date | null
  now: Date
}

// base64 of the largest message, with room for line breaks
const MAX_FIELD = 400 * 1024
const DEFAULT_SKEW_SECONDS = 60
const NO_DECRYPTION: DecryptionSettings = { keys: [], allow_aes_cbc: false, stopped: false }

/**
 * Verifies a SAML Response that came by HTTP-POST (Core 2.0; Profiles 4.1.4). Returns the identity
 * and every check made, and whether a signature rests on SHA-1; throws SAMLError with the checks so far,
 * the last of which failed.
 */
export function verifyResponse(input: ResponseInput): {
  identity: SAMLIdentity
  checks: readonly Check[]
  sha1: boolean
} {
  const checks = new CheckList()
  try {
    const { settings, in_response_to } = input
    const { text, root } = readDocument(input.saml_response, checks)
    const layout = readLayout(root, checks)
    checkStatus(layout.status, settings.nameid_format, checks)
    requireAssertion(layout, checks)
    requireKeys(settings.keys, checks)
    const assertion = verifyAssertion(text, layout, input, checks)
    const { response, responseSignature } = layout
    const seconds = settings.clock_skew_seconds ?? DEFAULT_SKEW_SECONDS
    const identity = readAssertion(assertion, {
      settings,
      in_response_to,
      requested_at: input.requested_at?.getTime() ?? null,
      now: input.now.getTime(),
      skew: Math.min(Math.max(seconds, 0), MAX_SKEW_SECONDS) * 1000,
      response,
      response_signed: responseSignature !== null,
      checks,
    })
    return { identity, checks: checks.checks, sha1: restsOnSHA1(checks.checks) }
  } catch (error) {
    if (error instanceof XMLError) return refuseXML(error, checks)
    throw error
  }
}

function readDocument(field: string, checks: CheckList): { text: string; root: XMLElement } {
  if (field.trim() === '') {
    checks.fail('saml_response', {
      error_type: 'missing_saml_response',
      message: 'The form that was posted holds no SAMLResponse.',
      expected: 'a form field named SAMLResponse',
      actual: 'none',
      fix: {
        who: 'it_admin',
        what: 'Set the identity provider to answer with the HTTP-POST binding, and do not open the ACS URL itself.',
      },
    })
  }
  checks.pass('saml_response')
  const bytes = field.length > MAX_FIELD ? null : strictBase64(field)
  if (bytes === null && field.length <= MAX_FIELD) {
    checks.fail('base64', {
      error_type: 'invalid_xml_saml_response',
      message: 'The SAMLResponse is not base64.',
      expected: 'standard base64 with padding',
      fix: {
        who: 'it_admin',
        what: 'Set the identity provider to answer with the HTTP-POST binding (not Redirect or Artifact).',
      },
    })
  }
  if (bytes === null || bytes.length > MAX_RESPONSE_BYTES) {
    throw new XMLError('size', 'The SAML Response is too large.')
  }
  checks.pass('base64')
  const text = decodeUTF8(bytes)
  const root = parseXML(text)
  checks.pass('xml')
  return { text, root }
}

function requireAssertion({ assertion }: Layout, checks: CheckList): void {
  if (assertion === null) {
    checks.fail('assertion', {
      error_type: 'invalid_saml_response',
      message: 'The identity provider reported success, but sent no Assertion.',
      expected: 'one Assertion',
      actual: 'none',
      fix: {
        who: 'it_admin',
        what: 'Check in the identity provider that this application is set up for SAML single sign-on and releases an assertion to this person.',
      },
    })
  }
  checks.pass('assertion')
}

function requireKeys(keys: readonly PinnedKey[], checks: CheckList): void {
  if (keys.length === 0) {
    checks.fail('verification_certificates', {
      error_type: 'saml_certificate_mismatch',
      message: 'This connection has no certificate of the identity provider yet.',
      expected: 'at least one certificate',
      actual: 'none',
      fix: {
        who: 'it_admin',
        what: 'Add the signing certificate of the identity provider to this SSO connection.',
      },
    })
  }
  checks.pass('verification_certificates', { actual: String(keys.length) })
}

/** The Assertion, read from bytes that a signature of the identity provider covers. */
function verifyAssertion(
  text: string,
  layout: Layout,
  { settings, now }: ResponseInput,
  checks: CheckList,
): XMLElement {
  const { keys, allow_sha1_until = null, decryption = NO_DECRYPTION } = settings
  const trust = { keys, allow_sha1_until, now }
  if (layout.assertion?.local === 'EncryptedAssertion') {
    return openEncryptedAssertion({ text, layout, trust, decryption }, checks)
  }
  return readAssertionFrom(verifySignatures(layout, trust, checks), layout, checks)
}

/** Every signature that is there must hold; returns the innermost signed bytes. */
function verifySignatures(
  { responseSignature, assertionSignature }: Layout,
  trust: SignatureTrust,
  checks: CheckList,
): SignedXML {
  let verified: SignedXML | null = null
  if (responseSignature !== null) verified = verifySignature(responseSignature, trust, checks)
  if (assertionSignature !== null) verified = verifySignature(assertionSignature, trust, checks)
  if (verified !== null) return verified
  return checks.fail('signature', {
    error_type: 'missing_signature_saml_response',
    message: 'Neither the Response nor the Assertion is signed.',
    expected: 'a signature on the Assertion, the Response or both',
    actual: 'none',
    fix: {
      who: 'it_admin',
      what: 'Switch on signing of the assertion for this application in the identity provider.',
    },
  })
}

/** The Assertion in the signed bytes of itself or of its Response. */
function readAssertionFrom(signed: SignedXML, layout: Layout, checks: CheckList): XMLElement {
  const { assertionSignature, assertion, response } = layout
  if (assertionSignature !== null) return readSigned(signed, assertion!, checks).root
  const { root } = readSigned(signed, response, checks)
  const assertions = childrenNamed(root, ASSERTION, 'Assertion')
  return assertions.length === 1 ? assertions[0]! : refuseContent(checks)
}

function refuseXML(error: XMLError, checks: CheckList): never {
  const { problem, message } = error
  const limit = problem === 'limit' || problem === 'size'
  const name = problem === 'syntax' ? 'xml' : `xml_${problem}`
  return checks.fail(name, {
    error_type: limit ? 'xml_validation_saml_unknown_error' : 'invalid_xml_saml_response',
    message,
    actual: message,
    fix: limit
      ? {
          who: 'it_admin',
          what: 'The message is larger than a login needs. Release fewer attributes, for example only the groups that this application uses.',
        }
      : {
          who: 'it_admin',
          what: 'The identity provider must post plain XML in UTF-8 without comments. If it does, something between it and this server changes the message.',
        },
  })
}
