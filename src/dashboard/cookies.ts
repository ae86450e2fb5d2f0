/** The rules that all cookies of the dashboard's pages keep. */
import type { Config } from '../config.ts'

function isSecure(config: Config): boolean {
  return config.base_url.startsWith('https://')
}

/** A cookie's name: with the `__Host-` prefix over https, so that no neighbour's host can set it. */
export function cookieName(config: Config, name: string): string {
  return isSecure(config) ? `__Host-${name}` : name
}

/** How a cookie is kept: until the browser is closed, out of reach for scripts and other sites' forms. */
export function cookieOptions(config: Config) {
  return { path: '/', httpOnly: true, sameSite: 'Lax' as const, secure: isSecure(config) }
}
