/** The cookie of an administrator's session. */
import type { Context as HonoContext } from 'hono'
import { deleteCookie, setCookie } from 'hono/cookie'
import type { Config } from '../config.ts'

/** Its name: with the `__Host-` prefix over https, so that no neighbour's host can set it. */
export function sessionCookie(config: Config): string {
  return config.base_url.startsWith('https://')
    ? '__Host-portcullis_dashboard'
    : 'portcullis_dashboard'
}

/** Keeps a session in the browser until it is closed, or the session ends. */
export function keepSession(c: HonoContext, config: Config, token: string): void {
  setCookie(c, sessionCookie(config), token, optionsOf(config))
}

/** Takes the session away from the browser. */
export function dropSession(c: HonoContext, config: Config): void {
  deleteCookie(c, sessionCookie(config), optionsOf(config))
}

function optionsOf(config: Config) {
  const secure = config.base_url.startsWith('https://')
  return { path: '/', httpOnly: true, sameSite: 'Lax' as const, secure }
}
