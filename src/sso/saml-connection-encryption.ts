/** Keys that encrypted assertions are decrypted with: all decrypt, the newest stands in the SP metadata. */
import { type KeyObject, X509Certificate } from 'node:crypto'
import type { Transaction } from 'kysely'
import { z } from 'zod'
import type { Context } from '../context.ts'
import type { Schema } from '../db/schema.ts'
import { endpoint } from '../http/endpoint.ts'
import { ApiError } from '../http/errors.ts'
import { changeConnection, type Stored } from './connection-change.ts'
import { connectionPath } from './connection-input.ts'
import {
  insertKey,
  maxCertificates,
  readCertificate,
  readRSAKey,
  type SigningPair,
} from './saml-connection-keys.ts'

// anybody can have every key tried, and 8192 bits take some 40 ms
const maxBits = 4096

/** Reads a key to decrypt assertions with. Throws `private_key_too_long` and `bad_request`. */
export function readEncryptionKey(pem: string): KeyObject {
  const refusal = (reason: string) =>
    new ApiError('bad_request', { message: `saml_encryption_private_key ${reason}` })
  const key = readRSAKey(pem, (_problem, reason) => refusal(reason))
  if (key.asymmetricKeyDetails!.modulusLength! > maxBits)
    throw refusal(`must have 2048 to ${maxBits} bits.`)
  return key
}

/**
 * Stores a key to decrypt with. One that is there already is not stored again. Throws
 * `too_many_encryption_certificates` when there would be more than five.
 */
export async function addEncryptionPair(
  context: Context,
  trx: Transaction<Schema>,
  { row, keys }: Stored,
  pair: SigningPair,
): Promise<void> {
  const present = keys.filter((key) => key.purpose === 'encryption')
  const certificate = readCertificate(pair.certificate)
  const known = present.some((key) =>
    new X509Certificate(key.certificate).publicKey.equals(certificate.public_key),
  )
  if (known) return
  if (present.length >= maxCertificates) throw new ApiError('too_many_encryption_certificates')
  const { private_key } = pair
  await insertKey(context, trx, row, { purpose: 'encryption', certificate, private_key })
}

/** `sso.saml.deleteEncryptionPrivateKey`: also the last, after which encrypted assertions are refused. */
export const deleteEncryptionPrivateKey = endpoint({
  method: 'DELETE',
  path: '/v1/b2b/sso/saml/:organization_id/connections/:connection_id/encryption_private_keys/:private_key_id',
  summary: 'Delete one of the keys that assertions are decrypted with',
  permission: { resource_id: 'stytch.sso', action: 'update' },
  input: z.object({ ...connectionPath, private_key_id: z.string() }),
  output: z.object({ private_key_id: z.string() }),
  async run({ private_key_id, ...target }, context) {
    await changeConnection(context, { ...target, type: 'saml' }, async (trx, { row, keys }) => {
      const present = keys.filter((key) => key.purpose === 'encryption')
      if (!present.some((key) => key.key_id === private_key_id))
        throw new ApiError('sso_encryption_private_key_not_found')
      await trx
        .deleteFrom('saml_keys')
        .where('project_id', '=', row.project_id)
        .where('connection_id', '=', row.connection_id)
        .where('key_id', '=', private_key_id)
        .execute()
      return {}
    })
    return { private_key_id }
  },
})
