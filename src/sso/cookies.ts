/**
 * The cookie that binds a login to the browser that began it. One random value for a browser, shared by
 * its tabs; the flow row holds its hash.
 */
import type { Config } from '../config.ts'
import { hashToken, newToken, sameHash } from '../db/secrets.ts'

const secureName = '__Host-portcullis_login'
const plainName = 'portcullis_login'
const lifetimeSeconds = 2 * 60 * 60

function isPlain(config: Config): boolean {
  return config.base_url.startsWith('http://')
}

/**
 * The values that this browser has. Over https the plain name counts for nothing: a neighbour's host
 * can set it for us, which would let its own login be finished in a stranger's browser.
 */
export function bindingCookies(config: Config, request: Request): string[] {
  const cookies = (request.headers.get('cookie') ?? '').split(';').map((pair) => pair.trim())
  return (isPlain(config) ? [secureName, plainName] : [secureName]).flatMap((name) =>
    cookies
      .filter((pair) => pair.startsWith(`${name}=`))
      .map((pair) => pair.slice(name.length + 1))
      .filter((value) => /^[A-Za-z0-9_-]{43}$/.test(value)),
  )
}

/**
 * The value to bind a new login to, and the Set-Cookie headers that keep it. SameSite=None, because a
 * SAML response is a cross-site POST; on http loopback also a plain one, for clients that do not send
 * Secure cookies over http.
 */
export function bindBrowser(
  config: Config,
  request: Request,
): { value: string; headers: string[] } {
  const value = bindingCookies(config, request)[0] ?? newToken()
  const common = `Path=/; HttpOnly; Max-Age=${lifetimeSeconds}`
  const headers = [`${secureName}=${value}; ${common}; Secure; SameSite=None`]
  if (isPlain(config)) headers.push(`${plainName}=${value}; ${common}`)
  return { value, headers }
}

/** Whether the browser has the cookie that a login was bound to: `missing`, `mismatch` or `match`. */
export function checkBinding(
  config: Config,
  request: Request,
  cookie_hash: Uint8Array,
): 'missing' | 'mismatch' | 'match' {
  const values = bindingCookies(config, request)
  if (values.length === 0) return 'missing'
  return values.some((value) => sameHash(hashToken(value), cookie_hash)) ? 'match' : 'mismatch'
}
