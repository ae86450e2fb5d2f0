/** What a new copy of metadata changes of a connection, and whether a person must look at it first. */
import type { ConnectionRow, KeyRow } from './connections.ts'
import type { DocumentCertificate, MetadataDocument } from './metadata-document.ts'
import { maxCertificates } from './saml-connection-keys.ts'

interface Replaced<T> {
  before: T
  after: T
}

/** What would be written. What is not there stays as it is. */
export interface MetadataChanges {
  idp_entity_id?: Replaced<string>
  idp_sso_url?: Replaced<string>
  idp_sso_binding?: Replaced<'redirect' | 'post'>
  certificates_added: DocumentCertificate[]
  certificates_removed: (DocumentCertificate & { certificate_id: string })[]
}

/** Why changes are not taken by themselves, whatever the setting. */
export type ApprovalReason =
  | 'entity_id_differs'
  | 'sso_url_of_another_host'
  | 'certificate_deleted_by_hand_returns'

export interface MetadataComparison {
  changes: MetadataChanges
  reasons: ApprovalReason[]
  /** Whether there is anything to write. */
  changed: boolean
  /** How many certificates the connection would have. */
  certificates: number
}

type Settings = Pick<ConnectionRow, 'idp_entity_id' | 'idp_sso_url' | 'idp_sso_binding'>

/**
 * Compares a copy with the one that was last taken (`base`, null where none was) and with the connection.
 * What the copies have in common is left alone, so that what somebody has set by hand since, such as a
 * certificate added or deleted, is not undone by the next reading.
 *
 * An identity provider that publishes its next certificate is what metadata are for. Another entity id
 * or another host to send people to is another identity provider, or an address that has fallen into other
 * hands: with its certificates it could sign in anybody, so a person looks at it first, in every mode. The
 * same holds where the connection has been set to another identity provider by hand since.
 */
export function compareMetadata(
  connection: Settings,
  keys: readonly KeyRow[],
  base: MetadataDocument | null,
  document: MetadataDocument,
): MetadataComparison {
  const present = keys.filter((key) => key.purpose === 'verification')
  const { added, removed, returns } = compareCertificates(present, base, document)
  const changes: MetadataChanges = {
    ...replaced('idp_entity_id', connection.idp_entity_id, base?.entity_id, document.entity_id),
    ...replaced('idp_sso_url', connection.idp_sso_url, base?.sso_url, document.sso_url),
    ...replaced(
      'idp_sso_binding',
      connection.idp_sso_binding,
      base?.sso_binding,
      document.sso_binding,
    ),
    certificates_added: added,
    certificates_removed: removed.map((key) => ({
      certificate_id: key.key_id,
      fingerprint: key.fingerprint,
      certificate: key.certificate,
      issuer: key.issuer,
      expires_at: key.expires_at?.toISOString() ?? '',
    })),
  }
  const reasons: ApprovalReason[] = []
  if (document.entity_id !== connection.idp_entity_id) reasons.push('entity_id_differs')
  if (originOf(document.sso_url) !== originOf(connection.idp_sso_url))
    reasons.push('sso_url_of_another_host')
  if (returns) reasons.push('certificate_deleted_by_hand_returns')
  const { certificates_added, certificates_removed, ...fields } = changes
  return {
    changes,
    reasons,
    changed: Object.keys(fields).length + added.length + removed.length > 0,
    certificates: present.length + added.length - removed.length,
  }
}

function replaced<Name extends string, T extends string>(
  name: Name,
  before: T,
  base: T | undefined,
  after: T,
): { [K in Name]?: Replaced<T> } {
  if (after === before || after === base) return {}
  return { [name]: { before, after } } as { [K in Name]: Replaced<T> }
}

function compareCertificates(
  present: readonly KeyRow[],
  base: MetadataDocument | null,
  document: MetadataDocument,
) {
  const fingerprints = (list: readonly { fingerprint: string }[]) =>
    new Set(list.map((each) => each.fingerprint))
  const [here, known, there] = [present, base?.certificates ?? [], document.certificates].map(
    fingerprints,
  ) as [Set<string>, Set<string>, Set<string>]
  const missing = document.certificates.filter(({ fingerprint }) => !here.has(fingerprint))
  const added = missing.filter(({ fingerprint }) => !known.has(fingerprint))
  const removed = present.filter((key) => known.has(key.fingerprint) && !there.has(key.fingerprint))
  // Nothing would be left: what was deleted by hand is all that the identity provider signs with now.
  const returns = present.length > 0 && removed.length === present.length && added.length === 0
  return { added: returns ? missing : added, removed, returns }
}

function originOf(url: string): string {
  return URL.parse(url)?.origin ?? ''
}

/** Why a copy cannot be taken at all, or null. */
export function metadataProblem(
  document: MetadataDocument,
  { certificates }: Pick<MetadataComparison, 'certificates'>,
  now: Date,
): string | null {
  if (document.valid_until !== null && new Date(document.valid_until) <= now)
    return `The metadata have expired: they were valid until ${document.valid_until}.`
  if (certificates > maxCertificates)
    return `The connection would have ${certificates} certificates, at most ${maxCertificates} are possible: delete those that are no longer used.`
  return null
}
