/** Administrators at the pages of the dashboard, as the list of pages has them. */
import assert from 'node:assert/strict'
import { makeAdmin as make } from '../src/admins/admins.test-kit.ts'
import type { Admin } from '../src/admins/admins.ts'
import { createAdminSession } from '../src/admins/sessions.ts'
import { sessionCookie } from '../src/dashboard/session-cookie.ts'
import type { DashboardPage } from '../src/dashboard/visit.ts'
import type { AdminRole } from '../src/db/schema-operations.ts'
import { hashToken } from '../src/db/secrets.ts'
import { csrfTokenOf } from '../src/http/form.ts'
import { server } from './harness.ts'
import { base_url } from './login.ts'

/** What may be typed into a form; a list is the same name several times. */
export type Fields = Record<string, string | readonly string[]>

export interface Seen {
  status: number
  /** Where it leads, below the base URL. */
  location: string
  html: string
  headers: Headers
}

/** An administrator with the password of the test kit. */
export async function makeAdmin(role: AdminRole): Promise<Admin> {
  return make((await server()).services, { role })
}

/** The token of a new session. */
export async function signIn({ admin_id }: Admin): Promise<string> {
  const { services } = await server()
  const from = { address: '127.0.0.1', user_agent: 'test' }
  return (await createAdminSession(services, admin_id, from)).token
}

/** A new administrator's session. */
export async function newToken(role: AdminRole): Promise<string> {
  return signIn(await makeAdmin(role))
}

/** Changes the times of a session. */
export async function age(
  token: string,
  times: Partial<Record<'verified_at' | 'last_seen_at' | 'expires_at', Date>>,
): Promise<void> {
  const { db } = (await server()).services
  const change = db.updateTable('admin_sessions').set(times)
  const { numUpdatedRows } = await change
    .where('session_hash', '=', hashToken(token))
    .executeTakeFirstOrThrow()
  assert.equal(numUpdatedRows, 1n)
}

/** Sends a request as a browser with this session would. */
export async function send(token: string, path: string, init: RequestInit = {}): Promise<Seen> {
  const { app, services } = await server()
  const headers = new Headers(init.headers)
  if (token) headers.set('cookie', `${sessionCookie(services.config)}=${token}`)
  const response = await app.request(base_url + path, { ...init, headers })
  return {
    status: response.status,
    location: (response.headers.get('location') ?? '').replace(base_url, ''),
    html: await response.text(),
    headers: response.headers,
  }
}

/** Sends a form, with the token of its session unless `fields` say another. */
export function post(
  token: string,
  path: string,
  fields: Fields,
  headers: Record<string, string> = { origin: base_url },
): Promise<Seen> {
  const body = new URLSearchParams()
  for (const [name, value] of Object.entries({ csrf_token: csrfTokenOf(token), ...fields }))
    for (const each of typeof value === 'string' ? [value] : value) body.append(name, each)
  return send(token, path, { method: 'POST', body, headers })
}

/** How a page is called in tests and in the table of forms. */
export function nameOf({ method, path }: Pick<DashboardPage, 'method' | 'path'>): string {
  return `${method} ${path.replace('/dashboard/projects/:project_slug/', '/')}`
}

/** The address of a page, with these parameters. */
export function addressOf({ path }: Pick<DashboardPage, 'path'>, ids: Record<string, string>) {
  return path.replaceAll(/:(\w+)/g, (_, name: string) => {
    assert.ok(ids[name], `tests/dashboard-estate.ts knows no ${name}`)
    return encodeURIComponent(ids[name])
  })
}
