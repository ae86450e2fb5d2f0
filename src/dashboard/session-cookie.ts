/** The cookie of an administrator's session. */
import type { Context as HonoContext } from 'hono'
import { deleteCookie, setCookie } from 'hono/cookie'
import type { Config } from '../config.ts'
import { cookieName, cookieOptions } from './cookies.ts'

/** Its name. */
export function sessionCookie(config: Config): string {
  return cookieName(config, 'portcullis_dashboard')
}

/** Keeps a session in the browser until it is closed, or the session ends. */
export function keepSession(c: HonoContext, config: Config, token: string): void {
  setCookie(c, sessionCookie(config), token, cookieOptions(config))
}

/** Takes the session away from the browser. */
export function dropSession(c: HonoContext, config: Config): void {
  deleteCookie(c, sessionCookie(config), cookieOptions(config))
}
