/** Who is in the portal: the link behind a browser's session, with its organization and connection. */
import type { Context as HonoContext } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import type { z } from 'zod'
import type { Config } from '../config.ts'
import type { Context, Services } from '../context.ts'
import { recordAudit } from '../events/audit.ts'
import { parseInput } from '../http/endpoint.ts'
import { csrfTokenOf, type Form, formOf } from '../http/form.ts'
import { findOrganization, type OrganizationRow } from '../organizations/organization.ts'
import { findProject, type Project } from '../projects/projects.ts'
import { missingSettings } from '../sso/connection-complete.ts'
import { contextOf } from '../sso/connection-switches.ts'
import { type ConnectionRow, connectionRow, type KeyRow, keysOf } from '../sso/connections.ts'
import { guideFor, guideOf, guideValues } from './guides.ts'
import type { Guide, GuideValue } from './guides-shape.ts'
import { findSetupSession, type SetupLink } from './setup-links.ts'

/** A connection as the portal works on it. */
export interface Chosen {
  row: ConnectionRow
  keys: KeyRow[]
  guide: Guide
  values: Readonly<Record<GuideValue, string>>
  missing: readonly string[]
}

export interface SetupVisit {
  services: Services
  c: HonoContext
  link: SetupLink
  project: Project
  organization: OrganizationRow
  /** Null until an identity provider is chosen. */
  chosen: Chosen | null
  /** Whether the link was made for a connection that was there before: then it is not exchanged. */
  given: boolean
  csrf_token: string
  form: Form
  context: Context
}

/** The cookie of a browser that opened a link. */
function cookieName(config: Config): string {
  return config.base_url.startsWith('https://') ? '__Host-portcullis_setup' : 'portcullis_setup'
}

/** Keeps a session in the browser. */
export function keepSetupSession(c: HonoContext, config: Config, token: string): void {
  const secure = config.base_url.startsWith('https://')
  setCookie(c, cookieName(config), token, { path: '/', httpOnly: true, sameSite: 'Lax', secure })
}

/** The visit of a request; undefined where its session has ended, or its organization is gone. */
export async function findVisit(
  services: Services,
  c: HonoContext,
): Promise<SetupVisit | undefined> {
  const token = getCookie(c, cookieName(services.config)) ?? ''
  const link = token ? await findSetupSession(services, token) : undefined
  if (!link) return undefined
  const project = await findProject(services, link.project_id)
  const organization = await findOrganization(services.db, project, link.organization_id)
  const chosen = await chosenOf(services, link)
  return {
    services,
    c,
    link,
    project,
    organization,
    chosen,
    given: chosen !== null && chosen.row.created_at < link.created_at,
    csrf_token: csrfTokenOf(token),
    form: formOf([]),
    context: { ...contextOf(services, link.project_id), source: 'dashboard' },
  }
}

/** The connection of a link; null where there is none, or no more. */
export async function chosenOf(services: Services, link: SetupLink): Promise<Chosen | null> {
  if (link.connection_id === null) return null
  const row = await connectionRow(services.db, link.project_id, link.connection_id)
  if (!row || row.organization_id !== link.organization_id) return null
  const keys = await keysOf(services.db, [row])
  const { identity_provider } = link
  return {
    row,
    keys,
    guide: identity_provider ? guideFor(identity_provider, row.type) : guideOf(row),
    values: guideValues(services.config, row, keys),
    missing: missingSettings(row, keys),
  }
}

interface Callable<I extends z.ZodObject, O> {
  input: I
  run(input: z.output<I>, context: Context): Promise<O>
}

/** Calls an endpoint as the API would; throws what it would answer. */
export function ask<I extends z.ZodObject, O>(
  { context }: SetupVisit,
  { input, run }: Callable<I, O>,
  raw: Readonly<Record<string, unknown>>,
): Promise<O> {
  return run(parseInput(input, raw), context)
}

/** Writes into the project's audit log what was done with a link. */
export function auditSetup(
  { services, c, link, organization, context }: SetupVisit,
  action: string,
  target: { type: string; id: string; name?: string },
  after: unknown = null,
): Promise<void> {
  return recordAudit(services.db, {
    project_id: link.project_id,
    organization_id: link.organization_id,
    actor: {
      type: 'setup_link',
      id: link.setup_link_id,
      name: `Setup link of ${organization.organization_name}`,
    },
    action,
    target_type: target.type,
    target_id: target.id,
    target_name: target.name ?? '',
    after,
    address: services.limits.addressOf(c),
    request_id: context.request_id,
    at: services.now(),
  })
}
