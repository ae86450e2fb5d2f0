/**
 * Who asks for a page of the dashboard, and whether they may: session, role, the Origin and the token of a
 * form (CSRF). A page is a value, as an endpoint is; `pages.ts` lists them all.
 */
import { createHash } from 'node:crypto'
import type { Context as HonoContext } from 'hono'
import type { Admin } from '../admins/admins.ts'
import type { AdminSession } from '../admins/sessions.ts'
import type { Context, Services } from '../context.ts'
import type { AdminRole } from '../db/schema-operations.ts'
import { sameHash } from '../db/secrets.ts'
import { recordAudit } from '../events/audit.ts'
import { assertStorable, decodeUTF8, readBody } from '../http/body.ts'
import { ApiError } from '../http/errors.ts'
import type { Project } from '../projects/projects.ts'

/** What was typed into a form; nothing in it is trusted. */
export interface Form {
  /** The first value, trimmed; empty where there is none. */
  text(name: string): string
  /** As typed, for passwords and pasted documents. */
  raw(name: string): string
  list(name: string): string[]
  flag(name: string): boolean
}

export interface Visit {
  services: Services
  c: HonoContext
  admin: Admin
  session: AdminSession
  /** Every form of the dashboard holds it as `csrf_token`. */
  csrf_token: string
  request_id: string
  /** Empty but for a POST. */
  form: Form
  /** Writes what this administrator did into the audit log; `before` and `after` hold no secrets. */
  audit(change: Change): Promise<void>
}

export interface ProjectVisit extends Visit {
  project: Project
  /** What endpoints' run() takes: the authority of the whole project. */
  context: Context
  /** `/dashboard/projects/{slug}`, where the addresses of the project's pages begin. */
  base: string
}

export interface Change {
  /** Such as `organization.create`. */
  action: string
  target_type: string
  target_id: string
  target_name?: string
  before?: unknown
  after?: unknown
}

interface Rules {
  method: 'GET' | 'POST'
  path: string
  needs: AdminRole
  /** Asks for the password again where it was given more than an hour ago. */
  fresh?: boolean
}

/** A page as the router sees it. */
export type DashboardPage =
  | (Rules & { scope: 'server'; run(visit: Visit): Response | Promise<Response> })
  | (Rules & { scope: 'project'; run(visit: ProjectVisit): Response | Promise<Response> })

type Definition<V> = Rules & { run(visit: V): Response | Promise<Response> }

/** A page of the server itself; `path` begins with /dashboard. */
export function serverPage(definition: Definition<Visit>): DashboardPage {
  return { ...definition, scope: 'server' }
}

/** A page of a project; `path` goes on from /dashboard/projects/:project_slug. */
export function projectPage(definition: Definition<ProjectVisit>): DashboardPage {
  const path = `/dashboard/projects/:project_slug${definition.path}`
  return { ...definition, path, scope: 'project' }
}

/** The audit function of an administrator's request. */
export function auditor(visit: Omit<Visit, 'audit'>, project_id: string | null): Visit['audit'] {
  const { services, c, admin, request_id } = visit
  const actor = {
    type: 'admin' as const,
    id: admin.admin_id,
    name: admin.name || admin.email_address,
  }
  const address = services.limits.addressOf(c)
  return (change) =>
    recordAudit(services.db, {
      project_id,
      actor,
      ...change,
      address,
      request_id,
      at: services.now(),
    })
}

/** The token of the forms of a session: derived, so that it needs no place of its own. */
export function csrfTokenOf(session_token: string): string {
  return createHash('sha256').update(`csrf ${session_token}`).digest('base64url')
}

/** Throws `unauthorized_action` for a form of another site, or of another session. */
export function assertSameSite(visit: Omit<Visit, 'audit'>): void {
  assertOwnOrigin(visit.services, visit.c)
  const given = Buffer.from(visit.form.raw('csrf_token'))
  if (!sameHash(given, Buffer.from(visit.csrf_token))) throw foreignForm()
}

/** Throws where a POST comes from elsewhere; browsers send Origin with every POST. */
export function assertOwnOrigin({ config }: Services, c: HonoContext): void {
  const origin = c.req.header('origin')
  const own = [config.base_url]
  // Development answers to several names of this machine, and checks the Host header.
  if (config.mode === 'development') own.push(new URL(c.req.url).origin)
  if (!origin || !own.includes(origin)) throw foreignForm()
}

function foreignForm(): ApiError {
  return new ApiError('bad_request', {
    status: 403,
    message: 'This form has expired or belongs to another page. Go back, reload it and try again.',
  })
}

const formLimit = 1_200_000

/** Reads a form, urlencoded or multipart (a file counts as its text). Throws `bad_request`. */
export async function readForm(request: Request): Promise<Form> {
  const bytes = await readBody(request, formLimit)
  const type = request.headers.get('content-type') ?? ''
  const values = type.startsWith('multipart/form-data')
    ? await multipart(bytes, type)
    : [...new URLSearchParams(decodeUTF8(bytes))]
  for (const [, value] of values) assertStorable(value)
  return formOf(values)
}

async function multipart(bytes: Uint8Array, type: string): Promise<[string, string][]> {
  try {
    const body = new Uint8Array(bytes)
    const data = await new Response(body, { headers: { 'content-type': type } }).formData()
    return await Promise.all(
      [...data].map(
        async ([name, value]): Promise<[string, string]> => [
          name,
          typeof value === 'string' ? value : await value.text(),
        ],
      ),
    )
  } catch (cause) {
    throw new ApiError('bad_request', { message: 'The form could not be read.', cause })
  }
}

/** A form of these values. */
export function formOf(values: readonly (readonly [string, string])[]): Form {
  const raw = (name: string) => values.find(([each]) => each === name)?.[1] ?? ''
  return {
    raw,
    text: (name) => raw(name).trim(),
    list: (name) =>
      values
        .filter(([each]) => each === name)
        .map(([, value]) => value.trim())
        .filter((value) => value !== ''),
    flag: (name) => raw(name) === 'on',
  }
}
