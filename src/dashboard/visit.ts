/**
 * Who asks for a page of the dashboard, and whether they may: session, role, the Origin and the token of a
 * form (CSRF). A page is a value, as an endpoint is; `pages.ts` lists them all.
 */
import type { Context as HonoContext } from 'hono'
import type { Admin } from '../admins/admins.ts'
import type { AdminSession } from '../admins/sessions.ts'
import type { Context, Services } from '../context.ts'
import type { AdminRole } from '../db/schema-operations.ts'
import { recordAudit } from '../events/audit.ts'
import type { Form } from '../http/form.ts'
import type { Project } from '../projects/projects.ts'

export interface Visit {
  services: Services
  c: HonoContext
  admin: Admin
  session: AdminSession
  /** Every form of the dashboard holds it as `csrf_token`. */
  csrf_token: string
  request_id: string
  /** On a page of the server, the project whose menu stands beside it. */
  recent?: Project | undefined
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
  /** The organization within which it was done, as in `recordAudit`. */
  organization_id?: string
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
