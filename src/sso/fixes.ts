/**
 * Fixes that a failed test login proposes: what its response presents, tried against the connection's present
 * settings. Only a test that an administrator or a setup link began has any, and only while its response is
 * kept: an ordinary login could be anybody's. Somebody compares the fingerprint, and confirms.
 */
import { createHash } from 'node:crypto'
import type { Services } from '../context.ts'
import { ApiError } from '../http/errors.ts'
import { readPresented } from '../saml/presented.ts'
import { freshConnection } from './connection-fresh.ts'
import { contextOf } from './connection-switches.ts'
import {
  readAnotherIssuer,
  readNewCertificate,
  readRejectedFormat,
  type TriedResponse,
} from './fix-evidence.ts'
import { storedMessages } from './messages.ts'
import { updateSAMLConnection } from './saml-connection-update.ts'
import { findTriedFlow } from './tried-flow.ts'

/** A certificate that a fix would add. */
export interface ProposedCertificate {
  /** SHA-256 as lower-case hexadecimal, for people to compare with the identity provider's page. */
  fingerprint: string
  subject: string
  issuer: string
  not_before: Date
  not_after: Date
  pem: string
}

/**
 * One change of a connection. `certificate`: one more that is trusted. `issuer`: another entity id.
 * `metadata`: both, where the connection was set up for another identity provider. `nameid_format`: no NameID
 * format is asked for any more.
 */
export interface ProposedFix {
  fix_id: string
  kind: 'certificate' | 'issuer' | 'metadata' | 'nameid_format'
  /** In words what the connection has, and what it would have. */
  current: string
  proposed: string
  /** Of the certificate, if one would be added. */
  fingerprint: string | null
  certificate: ProposedCertificate | null
  /** What to make sure of before it is confirmed. */
  warning: string
}

type Change = Partial<Record<'x509_certificate' | 'idp_entity_id' | 'nameid_format', string>>
type Derived = Omit<ProposedFix, 'fix_id'> & { change: Change }

/** The fixes for a login of this project; none for all but a failed test whose response is kept. */
export async function proposedFixes(
  services: Services,
  project_id: string,
  flow_id: string,
): Promise<ProposedFix[]> {
  const tried = await findEvidence(services, project_id, flow_id)
  return tried ? derive(tried).map((fix) => toProposed(flow_id, fix)) : []
}

/**
 * Applies a fix as the API's update would. It is derived anew from the kept response: `fix_id` only says which
 * one was confirmed. Throws `bad_request` where the login has no such fix, or no more, and what the update
 * throws (`too_many_sso_verification_certificates`).
 */
export async function applyFix(
  services: Services,
  project_id: string,
  flow_id: string,
  fix_id: string,
): Promise<ProposedFix> {
  const tried = await findEvidence(services, project_id, flow_id)
  const fix = tried && derive(tried).find((each) => toProposed(flow_id, each).fix_id === fix_id)
  if (!fix)
    throw new ApiError('bad_request', {
      message:
        'This fix is not possible, or no more: the connection has changed, or the response of the test is no longer kept. Try the connection again.',
    })
  const { organization_id, connection_id } = tried.connection
  await updateSAMLConnection.run(
    { organization_id, connection_id, ...fix.change },
    contextOf(services, project_id),
  )
  return toProposed(flow_id, fix)
}

async function findEvidence(
  services: Services,
  project_id: string,
  flow_id: string,
): Promise<TriedResponse | undefined> {
  const flow = await findTriedFlow(services.db, project_id, flow_id)
  if (!flow?.tested_by || flow.state !== 'failed') return undefined
  const messages = await storedMessages(services, project_id, flow_id)
  const response = messages.find((message) => message.format === 'saml')
  const found = response && (await freshConnection(services, project_id, flow.connection_id))
  if (!response || found?.connection.type !== 'saml' || response.truncated) return undefined
  const { connection } = found
  const presented = readPresented(response.content, connection.decryption_keys)
  return presented ? { services, connection, flow, response, presented } : undefined
}

function derive(tried: TriedResponse): Derived[] {
  const { connection } = tried
  const certificate = readNewCertificate(tried)
  if (certificate) return [addCertificate(tried, certificate)]
  const issuer = readAnotherIssuer(tried)
  if (issuer !== null) return [setIssuer(connection.idp_entity_id, issuer)]
  const format = readRejectedFormat(tried)
  return format === null ? [] : [dropFormat(format)]
}

function addCertificate(
  { connection }: TriedResponse,
  { certificate, issuer }: NonNullable<ReturnType<typeof readNewCertificate>>,
): Derived {
  const added: ProposedCertificate = {
    fingerprint: certificate.fingerprint_sha256,
    subject: certificate.subject,
    issuer: certificate.issuer,
    not_before: certificate.not_before,
    not_after: certificate.not_after,
    pem: certificate.pem,
  }
  const { fingerprint } = added
  const known = connection.verification_keys.map((key) => key.fingerprint).join(', ')
  const common = { fingerprint, certificate: added }
  const compare = `Compare this fingerprint with the one that the identity provider shows for its signing certificate: whoever holds the key of this certificate can sign in as anybody of the organization. ${fingerprint}`
  if (issuer === null)
    return {
      ...common,
      kind: 'certificate',
      current: known,
      proposed: fingerprint,
      warning: `${compare} The certificates that are there stay until they are deleted.`,
      change: { x509_certificate: added.pem },
    }
  return {
    ...common,
    kind: 'metadata',
    current: `${connection.idp_entity_id} with ${known}`,
    proposed: `${issuer} with ${fingerprint}`,
    warning: `This is another identity provider than the connection was set up for: both its entity ID and its certificate differ. Go on only if ${issuer} is your identity provider, and check its SSO URL too. ${compare} Delete the certificates of the other one afterwards.`,
    change: { x509_certificate: added.pem, idp_entity_id: issuer },
  }
}

function setIssuer(current: string, proposed: string): Derived {
  return {
    kind: 'issuer',
    current,
    proposed,
    fingerprint: null,
    certificate: null,
    warning:
      'The response is signed with a certificate that this connection trusts, but names another entity ID. Compare it with the entity ID (issuer) that the identity provider shows for this application: responses that name the present one are refused from then on.',
    change: { idp_entity_id: proposed },
  }
}

const unspecified = 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified'

function dropFormat(current: string): Derived {
  return {
    kind: 'nameid_format',
    current,
    proposed: unspecified,
    fingerprint: null,
    certificate: null,
    warning:
      'The identity provider then chooses the NameID itself. Unless idp_user_id is mapped, people are known by their NameID: members who have logged in before are found by their e-mail address, if that is mapped.',
    change: { nameid_format: unspecified },
  }
}

/** The id names what exactly was confirmed: another certificate is another fix. */
function toProposed(flow_id: string, { change, ...fix }: Derived): ProposedFix {
  const what = JSON.stringify([flow_id, fix.kind, fix.proposed, fix.fingerprint])
  return { fix_id: `fix-${createHash('sha256').update(what).digest('hex').slice(0, 32)}`, ...fix }
}
