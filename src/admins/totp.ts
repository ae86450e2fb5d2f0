/** Time-based one-time passwords (RFC 6238) as the second factor of administrators. */
import { Secret, TOTP } from 'otpauth'
import { renderSVG } from 'uqr'
import type { Services } from '../context.ts'
import type { Cipher } from '../db/secrets.ts'
import type { Admin } from './admins.ts'
import { seal, unseal } from './sealed.ts'

const issuer = 'Portcullis'
const enrolmentMs = 15 * 60_000

/** Where the cipher says that an administrator's secret stands. */
function placeOf(admin_id: string) {
  return { table: 'admins', column: 'totp_secret', row: admin_id }
}

/** Encrypts a secret for its row. */
export function encryptTOTPSecret(cipher: Cipher, admin_id: string, secret: string): Buffer {
  return cipher.encrypt(secret, placeOf(admin_id))
}

/**
 * The time step that a code is of: this one, or a neighbour, because clocks differ (RFC 6238 section 5.2);
 * undefined for a wrong code. The caller uses a step once only.
 */
export function stepOf(secret: string, code: string, now: Date): number | undefined {
  const token = code.replaceAll(/[\s-]/g, '')
  if (!/^\d{6}$/.test(token)) return undefined
  const totp = new TOTP({ secret: Secret.fromBase32(secret) })
  const timestamp = now.getTime()
  const delta = totp.validate({ token, timestamp, window: 1 })
  return delta === null ? undefined : totp.counter({ timestamp }) + delta
}

/** The same of a stored, encrypted secret. */
export function stepOfStored(
  { cipher, now }: Services,
  { admin_id, totp_secret }: { admin_id: string; totp_secret: Buffer },
  code: string,
): number | undefined {
  return stepOf(cipher.decrypt(totp_secret, placeOf(admin_id)), code, now())
}

/** What an authenticator app is given. */
export interface Enrolment {
  /** Base32, for typing. */
  secret: string
  /** `otpauth://totp/...` */
  uri: string
  /** The same as a QR code: the text of an SVG. */
  svg: string
  /** The secret, which only this server can read; comes back with the first code. */
  sealed: string
}

/** Proposes a new secret. Nothing is stored until the first code has shown that the app has it. */
export function proposeTOTP(services: Services, admin: Admin): Enrolment {
  const secret = new Secret({ size: 20 })
  const totp = new TOTP({ issuer, label: admin.email_address, secret })
  return showing(totp, sealed(services, admin, secret.base32))
}

/** The same proposal once more, for the form that was sent with a wrong code. */
export function proposedTOTP(
  services: Services,
  admin: Admin,
  text: string,
): Enrolment | undefined {
  const secret = openProposal(services, admin, text)
  if (!secret) return undefined
  const totp = new TOTP({ issuer, label: admin.email_address, secret })
  return showing(totp, text)
}

function showing(totp: TOTP, text: string): Enrolment {
  const uri = totp.toString()
  return { secret: totp.secret.base32, uri, svg: renderSVG(uri, { border: 2 }), sealed: text }
}

function sealed(services: Services, admin: Admin, secret: string): string {
  return seal(services, 'totp_proposal', { admin_id: admin.admin_id, secret }, enrolmentMs)
}

/** The secret of a proposal; undefined where it is another administrator's, too old, or not ours. */
export function openProposal(services: Services, admin: Admin, text: string): string | undefined {
  const found = unseal<{ admin_id: string; secret: string }>(services, 'totp_proposal', text)
  return found?.admin_id === admin.admin_id ? found.secret : undefined
}
