/** Certificates and private keys of a SAML connection: read from what people paste, and stored. */
import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
  X509Certificate,
} from 'node:crypto'
import type { Transaction } from 'kysely'
import type { Context } from '../context.ts'
import { newId } from '../db/ids.ts'
import type { Schema } from '../db/schema.ts'
import { ApiError } from '../http/errors.ts'
import {
  createSigningCertificate,
  readVerificationCertificate,
  type VerificationCertificate,
} from '../saml/certificates.ts'
import { SAMLError } from '../saml/checks.ts'
import type { Stored } from './connection-change.ts'
import { type ConnectionRow, type KeyRow, privateKeyPlace } from './connections.ts'

/** A certificate and its private key, both PEM. */
export interface SigningPair {
  certificate: string
  private_key: string
}

/** How many keys of one purpose a connection holds. */
export const maxCertificates = 5
const maxPrivateKey = 10_000

/** What stands as issuer in our certificates. */
const common_name = 'Portcullis'

/** Turns a refusal of the SAML layer into an error of the API, its checks in `error_details`; `more` is added. */
export function refusedBySAML(error: unknown, more = ''): unknown {
  if (!(error instanceof SAMLError)) return error
  const details = { checks: error.checks }
  const message = [error.message, more].filter(Boolean).join(' ')
  return new ApiError(error.error_type, { message, details, cause: error })
}

/** Reads an identity provider's certificate; throws `invalid_x509_certificate` with the reason. */
export function readCertificate(text: string): VerificationCertificate {
  try {
    return readVerificationCertificate(text)
  } catch (error) {
    throw refusedBySAML(error)
  }
}

/** A new self-signed certificate, for the private key if one is given. */
export function newSigningPair(context: Context, private_key?: KeyObject): Promise<SigningPair> {
  return createSigningCertificate({
    common_name,
    now: context.now(),
    ...(private_key && { private_key }),
  })
}

/**
 * Reads the key that signs our requests. Throws `private_key_too_long`,
 * `saml_signing_private_key_format_not_supported` and `saml_signing_private_key_invalid`.
 */
export function readSigningKey(pem: string): KeyObject {
  return readRSAKey(pem, (problem, reason) => {
    const message = `signing_private_key ${reason}`
    return new ApiError(`saml_signing_private_key_${problem}`, { message })
  })
}

/**
 * Reads an RSA private key, PKCS#1 or PKCS#8 PEM of 2048 to 8192 bits. Throws `private_key_too_long`,
 * and what `refusal` makes of a reason that follows the name of the field.
 */
export function readRSAKey(
  pem: string,
  refusal: (problem: 'format_not_supported' | 'invalid', reason: string) => ApiError,
): KeyObject {
  if (pem.length > maxPrivateKey) throw new ApiError('private_key_too_long')
  const text = pem.replaceAll('\\n', '\n').trim()
  if (!/^-----BEGIN (RSA )?PRIVATE KEY-----[^-]+-----END \1PRIVATE KEY-----$/.test(text))
    throw refusal('format_not_supported', 'must be a PKCS#1 or PKCS#8 RSA key in PEM form.')
  const key = usableRSAKey(text)
  if (!key) throw refusal('invalid', 'is no RSA private key, or a damaged one.')
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  if (modulusLength < 2048 || modulusLength > 8192 || publicExponent < 65_537n)
    throw refusal(
      'invalid',
      `must have 2048 to 8192 bits and an exponent of at least 65537; this one has ${modulusLength} bits.`,
    )
  return key
}

/** The key, if it is RSA and its halves fit each other. */
function usableRSAKey(pem: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(pem)
    const something = Buffer.from(common_name)
    if (key.asymmetricKeyType !== 'rsa') return undefined
    const signature = sign('sha256', something, key)
    return verify('sha256', something, createPublicKey(key), signature) ? key : undefined
  } catch {
    return undefined
  }
}

/**
 * Adds the certificates that are not there yet. Throws `too_many_sso_verification_certificates` when
 * there would be more than five.
 */
export async function addVerificationCertificates(
  context: Context,
  trx: Transaction<Schema>,
  { row, keys }: Stored,
  certificates: readonly VerificationCertificate[],
): Promise<void> {
  const present = keys.filter((key) => key.purpose === 'verification')
  const known = new Set(present.map((key) => key.fingerprint))
  const added = new Map(certificates.map((each) => [each.fingerprint_sha256, each]))
  for (const fingerprint of known) added.delete(fingerprint)
  if (present.length + added.size > maxCertificates)
    throw new ApiError('too_many_sso_verification_certificates')
  for (const certificate of added.values())
    await insertKey(context, trx, row, { purpose: 'verification', certificate })
}

/**
 * Stores a signing certificate, which from then on signs. The one that signs already is not stored
 * again, and of more than five the oldest goes.
 */
export async function addSigningPair(
  context: Context,
  trx: Transaction<Schema>,
  { row, keys }: Stored,
  pair: SigningPair,
): Promise<void> {
  const present = keys.filter((key) => key.purpose === 'signing')
  const newest = present.at(-1)
  const certificate = readCertificate(pair.certificate)
  const current = newest && new X509Certificate(newest.certificate).publicKey
  if (current?.equals(certificate.public_key)) return
  const outdated = present.slice(0, Math.max(0, present.length + 1 - maxCertificates))
  await trx
    .deleteFrom('saml_keys')
    .where('project_id', '=', row.project_id)
    .where('connection_id', '=', row.connection_id)
    .where((eb) => eb('key_id', '=', eb.fn.any(eb.val(outdated.map((key) => key.key_id)))))
    .execute()
  await insertKey(context, trx, row, {
    purpose: 'signing',
    certificate,
    private_key: pair.private_key,
  })
}

/** Stores one key of a connection; the private key is encrypted. */
export async function insertKey(
  context: Context,
  trx: Transaction<Schema>,
  row: ConnectionRow,
  key: {
    purpose: KeyRow['purpose']
    certificate: VerificationCertificate
    private_key?: string
  },
): Promise<void> {
  const { certificate, purpose, private_key } = key
  const key_id = newId(`saml-${purpose}-key`, context.project.environment)
  const now = context.now()
  await trx
    .insertInto('saml_keys')
    .values({
      project_id: row.project_id,
      organization_id: row.organization_id,
      connection_id: row.connection_id,
      key_id,
      purpose,
      certificate: certificate.pem,
      private_key:
        private_key === undefined
          ? null
          : context.cipher.encrypt(private_key, privateKeyPlace(key_id)),
      fingerprint: certificate.fingerprint_sha256,
      issuer: certificate.issuer,
      expires_at: certificate.not_after,
      created_at: now,
      updated_at: now,
    })
    .execute()
}
