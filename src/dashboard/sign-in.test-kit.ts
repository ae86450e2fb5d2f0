/** Somebody with a browser at a server of its own, without scripts: cookies, and the forms that a page has. */
import assert from 'node:assert/strict'
import type { Hono } from 'hono'
import { makeAdmin, newServer, password } from '../admins/admins.test-kit.ts'
import type { Admin } from '../admins/admins.ts'
import type { Config } from '../config.ts'

export const origin = 'https://sso.example.com'

/** A production server with its application. */
export async function newSite(overrides: Partial<Config> = {}) {
  const made = await newServer(overrides)
  const app = made.app()
  return { ...made, newVisitor: () => new Visitor(app) }
}

/** Any of a page's parts that a test looks at. */
export interface Seen {
  status: number
  location: string
  html: string
  headers: Headers
}

/** A browser profile. */
export class Visitor {
  readonly #app: Hono
  readonly jar = new Map<string, string>()

  constructor(app: Hono) {
    this.#app = app
  }

  /** The token of the dashboard's session, if it has one. */
  get session(): string | undefined {
    return this.jar.get('__Host-portcullis_dashboard')
  }

  async #request(path: string, init: RequestInit): Promise<Seen> {
    const headers = new Headers(init.headers)
    headers.set('cookie', [...this.jar].map((pair) => pair.join('=')).join('; '))
    const response = await this.#app.request(origin + path, { ...init, headers })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (/Max-Age=0/.test(cookie)) this.jar.delete(name)
      else this.jar.set(name, value)
    }
    return {
      status: response.status,
      location: (response.headers.get('location') ?? '').replace(origin, ''),
      html: await response.text(),
      headers: response.headers,
    }
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Seen> {
    return this.#request(path, { headers })
  }

  /** Sends a form; `from` is the page whose hidden fields it takes along. */
  post(
    path: string,
    fields: Record<string, string>,
    { from = '', headers = { origin } }: { from?: string; headers?: Record<string, string> } = {},
  ): Promise<Seen> {
    const body = new URLSearchParams({ ...hiddenFields(from, path), ...fields })
    return this.#request(path, { method: 'POST', body, headers })
  }

  /** Opens a page and sends the form on it that posts to `action`. */
  async submit(page: string, action: string, fields: Record<string, string>): Promise<Seen> {
    const { html } = await this.get(page)
    assert.ok(html.includes(`action="${action}"`), `a form for ${action} on ${page}`)
    return this.post(action, fields, { from: html })
  }

  /** Signs in with a password. */
  signIn({ email_address }: Pick<Admin, 'email_address'>, typed = password): Promise<Seen> {
    return this.post('/dashboard/sign-in', { email_address, password: typed })
  }
}

/** The hidden fields of the form that posts to `action`. */
function hiddenFields(html: string, action: string): Record<string, string> {
  const form = new RegExp(`<form[^>]* action="${action}".*?</form>`, 's').exec(html)?.[0] ?? ''
  const fields = form.matchAll(/<input type="hidden" name="(\w+)"[^>]* value="([^"]*)"/g)
  return Object.fromEntries([...fields].map(([, name, value]) => [name, value]))
}

/** What the page says that went wrong. */
export function problemOf(html: string): string {
  return /role="alert"><div><div class="alert-title">([^<]*)</.exec(html)?.[1] ?? ''
}

/** A site with a signed-in administrator. */
export async function newOwner(overrides: Partial<Config> = {}) {
  const site = await newSite(overrides)
  const admin = await makeAdmin(site.services)
  const visitor = site.newVisitor()
  assert.equal((await visitor.signIn(admin)).status, 303)
  return { ...site, admin, visitor }
}
