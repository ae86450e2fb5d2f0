/** What the kept response of a test proves: which changes of the connection would let it get further. */
import type { Services } from '../context.ts'
import { readVerificationCertificate, type VerificationCertificate } from '../saml/certificates.ts'
import { SAMLError } from '../saml/checks.ts'
import type { Presented } from '../saml/presented.ts'
import type { Connection } from './connections.ts'
import type { Check } from './flow.ts'
import type { StoredMessage } from './messages.ts'
import { verifyForConnection } from './saml-identity.ts'
import type { TriedFlow } from './tried-flow.ts'

export interface TriedResponse {
  services: Services
  /** As it is now. */
  connection: Connection
  flow: TriedFlow
  response: StoredMessage
  presented: Presented
}

/** The checks of the response by the present settings, or by settings that differ from them. */
function checksOf(
  { services, connection, flow, response }: TriedResponse,
  changes: Partial<Pick<Connection, 'verification_keys' | 'idp_entity_id'>> = {},
): readonly Check[] {
  try {
    return verifyForConnection(
      services,
      { ...connection, ...changes },
      {
        saml_response: response.content,
        in_response_to: flow.idp_request_id || null,
        now: response.recorded_at,
      },
    ).checks
  } catch (error) {
    if (!(error instanceof SAMLError)) throw error
    return error.checks
  }
}

function failed(checks: readonly Check[]): Check | undefined {
  const last = checks.at(-1)
  return last?.verdict === 'fail' ? last : undefined
}

function isRefusedIssuer(check: Check | undefined): boolean {
  return check?.name === 'issuer' || check?.name === 'response_issuer'
}

/** What is read of an Assertion comes after its signatures were verified; the version comes first. */
function isVerified(checks: readonly Check[]): boolean {
  return checks.some((check) => check.name === 'version')
}

const issuerText = /^[^\p{C}\p{Z}]{1,1024}$/u

/**
 * A certificate that the connection does not have, if every signature of the response verifies with it and
 * those that it has; with the entity id, where that differs as well. Null where the response says no such thing.
 */
export function readNewCertificate(
  tried: TriedResponse,
): { certificate: VerificationCertificate; issuer: string | null } | null {
  const { connection, presented } = tried
  if (!failed(checksOf(tried))?.name.endsWith('_signature_certificate')) return null
  for (const each of presented.certificates) {
    const certificate = readable(each.toString())
    if (!certificate) continue
    const { fingerprint_sha256: fingerprint, public_key: key } = certificate
    const pinned = { certificate_id: '', fingerprint, key }
    const verification_keys = [pinned, ...connection.verification_keys].slice(0, 5)
    const checks = checksOf(tried, { verification_keys })
    if (!isVerified(checks)) continue
    if (!isRefusedIssuer(failed(checks))) return { certificate, issuer: null }
    const issuer = believedIssuer(tried, { verification_keys })
    if (issuer !== null) return { certificate, issuer }
  }
  return null
}

function readable(pem: string): VerificationCertificate | null {
  try {
    return readVerificationCertificate(pem)
  } catch (error) {
    if (error instanceof SAMLError) return null
    throw error
  }
}

/** Another entity id than the connection's, in a response that is signed with a certificate of it; else null. */
export function readAnotherIssuer(tried: TriedResponse): string | null {
  return isRefusedIssuer(failed(checksOf(tried))) ? believedIssuer(tried, {}) : null
}

/** The issuer that the response names, if with it the response gets past that check. */
function believedIssuer(
  tried: TriedResponse,
  changes: Partial<Pick<Connection, 'verification_keys'>>,
): string | null {
  const { issuer } = tried.presented
  if (issuer === null || !issuerText.test(issuer)) return null
  const checks = checksOf(tried, { ...changes, idp_entity_id: issuer })
  return isVerified(checks) && !isRefusedIssuer(failed(checks)) ? issuer : null
}

const unspecified = 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified'

/** The NameID format of the connection, where the identity provider says that it cannot send it; else null. */
export function readRejectedFormat(tried: TriedResponse): string | null {
  const { nameid_format } = tried.connection
  const check = failed(checksOf(tried))
  const rejected =
    check?.name === 'status' && /^(\w+ \/ )?InvalidNameIDPolicy(:|$)/.test(check.actual ?? '')
  return rejected && nameid_format !== '' && nameid_format !== unspecified ? nameid_format : null
}
