/** An administrator who uses the dashboard without a browser: cookies, forms and their token. */

import { server, type TestProject } from '../../tests/harness.ts'
import { base_url } from '../../tests/login.ts'
import { createAdminSession } from '../admins/sessions.ts'
import { uuidv7 } from '../db/ids.ts'
import type { AdminRole } from '../db/schema-operations.ts'
import { csrfTokenOf } from '../http/form.ts'
import { findProject } from '../projects/projects.ts'
import { sessionCookie } from './session-cookie.ts'

export interface PageAnswer {
  status: number
  /** Where it leads, below the base URL. */
  location: string
  html: string
  headers: Headers
}

/** What may be typed into a form; a list is the same name several times. */
export type Fields = Record<string, string | readonly string[]>

/** A signed-in administrator. Paths that do not begin with /dashboard belong to the project. */
export async function newAdmin(project: TestProject, role: AdminRole = 'owner') {
  const { app, services } = await server()
  const admin_id = `admin-${uuidv7()}`
  const now = services.now()
  await services.db
    .insertInto('admins')
    .values({
      admin_id,
      email_address: `${admin_id}@example.com`,
      role,
      created_at: now,
      updated_at: now,
    })
    .execute()
  const { token } = await createAdminSession(services, admin_id, {
    address: '127.0.0.1',
    user_agent: 'test',
  })
  const { project_slug } = await findProject(services, project.project_id)
  const base = `/dashboard/projects/${project_slug}`
  const address = (path: string) =>
    base_url + (/^\/(dashboard|trace|setup)\b/.test(path) ? path : base + path)
  const jar = new Map([[sessionCookie(services.config), token]])

  async function request(path: string, init: RequestInit = {}): Promise<PageAnswer> {
    const headers = new Headers(init.headers)
    headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '))
    const response = await app.request(address(path), { ...init, headers })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (/Max-Age=0/.test(cookie)) jar.delete(name)
      else jar.set(name, value)
    }
    const location = (response.headers.get('location') ?? '').replace(base_url, '')
    return {
      status: response.status,
      location,
      html: await response.text(),
      headers: response.headers,
    }
  }

  return {
    admin_id,
    base,
    token,
    request,
    get: (path: string, headers: Record<string, string> = {}) => request(path, { headers }),
    /** Sends a form as the page's own; `headers` and a `csrf_token` field make it another's. */
    post(path: string, fields: Fields = {}, headers: Record<string, string> = {}) {
      const body = new URLSearchParams()
      for (const [name, value] of Object.entries({ csrf_token: csrfTokenOf(token), ...fields }))
        for (const each of typeof value === 'string' ? [value] : value) body.append(name, each)
      return request(path, { method: 'POST', body, headers: { origin: base_url, ...headers } })
    },
  }
}
