/**
 * Signatures of webhooks as Standard Webhooks has them (github.com/standard-webhooks): HMAC-SHA256 over
 * id, time and body, with a secret `whsec_` and base64. While a secret is being replaced the old one
 * signs, too, so that a receiver can change over at leisure.
 */
import { createHmac, randomBytes } from 'node:crypto'
import type { Cipher } from '../db/secrets.ts'

/** A secret, and until when it signs; without an end it is the present one. */
export interface SigningSecret {
  secret: string
  until?: string
}

const prefix = 'whsec_'
const keptForMs = 24 * 3_600_000

/** A new secret: 32 random bytes. */
export function newSigningSecret(): string {
  return `${prefix}${randomBytes(32).toString('base64')}`
}

/** The secrets after a rotation: the new one, and the last one for a day; what came before is void. */
export function rotated(secrets: SigningSecret[], secret: string, now: Date): SigningSecret[] {
  const last = secrets.find(({ until }) => until === undefined)
  const until = new Date(now.getTime() + keptForMs).toISOString()
  return last ? [{ secret }, { secret: last.secret, until }] : [{ secret }]
}

const place = (webhook_id: string) => ({
  table: 'webhook_endpoints',
  column: 'secret',
  row: webhook_id,
})

/** What is stored of a webhook's secrets. */
export function sealSecrets(cipher: Cipher, webhook_id: string, secrets: SigningSecret[]): Buffer {
  return cipher.encrypt(JSON.stringify(secrets), place(webhook_id))
}

/** A webhook's secrets. Throws DecryptionError. */
export function openSecrets(cipher: Cipher, webhook_id: string, sealed: Buffer): SigningSecret[] {
  return JSON.parse(cipher.decrypt(sealed, place(webhook_id))) as SigningSecret[]
}

/** The headers that a delivery carries: its message's id, the time, and a signature by every secret in force. */
export function signedHeaders(
  secrets: SigningSecret[],
  message: { id: string; at: Date; body: string },
): Record<string, string> {
  const timestamp = Math.floor(message.at.getTime() / 1000)
  const signatures = secrets
    .filter(({ until }) => until === undefined || new Date(until) > message.at)
    .map(({ secret }) =>
      createHmac('sha256', Buffer.from(secret.slice(prefix.length), 'base64'))
        .update(`${message.id}.${timestamp}.${message.body}`)
        .digest('base64'),
    )
  return {
    'webhook-id': message.id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.map((signature) => `v1,${signature}`).join(' '),
  }
}
