/** Values that a form carries from one step to the next, which only this server can read and make. */
import type { Services } from '../context.ts'

type Purpose = 'sign_in' | 'totp_proposal'

/** Encrypts `value` for one purpose; it can be opened for `ms` milliseconds. */
export function seal(services: Services, purpose: Purpose, value: object, ms: number): string {
  const until = services.now().getTime() + ms
  return services.cipher
    .encrypt(JSON.stringify({ ...value, until }), placeOf(purpose))
    .toString('base64url')
}

/** What was sealed for a purpose; undefined for what is too old or was not made here. */
export function unseal<T extends object>(
  services: Services,
  purpose: Purpose,
  text: string,
): T | undefined {
  try {
    const plain = services.cipher.decrypt(Buffer.from(text, 'base64url'), placeOf(purpose))
    const value = JSON.parse(plain) as T & { until: number }
    return value.until > services.now().getTime() ? value : undefined
  } catch {
    return undefined
  }
}

function placeOf(purpose: Purpose) {
  return { table: 'none', column: 'sealed', row: purpose }
}
