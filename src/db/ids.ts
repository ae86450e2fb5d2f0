import { randomBytes } from 'node:crypto'

/** `test` or `live`: what kind of project an id belongs to. */
export type Environment = 'test' | 'live'

/** The prefixes of ids, as backend.md section 3 has them (`organization-test-<uuid>`). */
export type IdPrefix =
  | 'project'
  | 'secret'
  | 'secret-id'
  | 'public-token'
  | 'redirect-url'
  | 'organization'
  | 'member'
  | 'email'
  | 'session'
  | 'saml-connection'
  | 'oidc-connection'
  | 'saml-verification-key'
  | 'saml-signing-key'
  | 'saml-encryption-key'
  | 'saml-member-registration'
  | 'oidc-member-registration'
  | 'jwk'
  | 'sso-flow'
  | 'request-id'
  | 'event'
  | 'webhook'
  | 'webhook-delivery'
  | 'setup-link'
  | 'trace-link'
  | 'message'

let drawn = Buffer.alloc(0)
let used = 0

/**
 * So many random bytes (at most 4,096), cut from a larger draw, because each costs a call into OpenSSL. No
 * byte is handed out twice.
 */
export function randomPart(length: number): Buffer {
  if (used + length > drawn.length) {
    drawn = randomBytes(4_096)
    used = 0
  }
  used += length
  return drawn.subarray(used - length, used)
}

let counted_ms = 0
let count = 0

/**
 * A UUID version 7 (RFC 9562 section 5.7): sorts by time, so that new rows touch one end of an index; those
 * of one millisecond by a counter that begins at random (section 6.2, method 1).
 */
export function uuidv7(now = Date.now()): string {
  const bytes = randomPart(16)
  bytes.writeUIntBE(now, 0, 6)
  count = now === counted_ms ? (count + 1) & 0xfff : bytes.readUInt16BE(6) & 0x7ff
  counted_ms = now
  bytes.writeUInt16BE(0x7000 | count, 6)
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** A new id: `newId('member', 'test')` is `member-test-<uuid>`. */
export function newId(prefix: IdPrefix, environment: Environment): string {
  return `${prefix}-${environment}-${uuidv7()}`
}

/** The environment that a project id names. */
export function environmentOf(project_id: string): Environment {
  return project_id.startsWith('project-live-') ? 'live' : 'test'
}

const reserved =
  /^(project|secret|public-token|organization|member|session|(saml|oidc|external|scim)-connection)-(test|live)-/

/** Whether a slug or an external id begins like one of our ids, so that a look-up could take it for one. */
export function looksLikeId(name: string): boolean {
  return reserved.test(name)
}
