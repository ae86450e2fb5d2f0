/** The project whose pages a browser saw last: its menu stays beside the pages of the server. */
import type { Context as HonoContext } from 'hono'
import { generateCookie, getCookie } from 'hono/cookie'
import type { Config } from '../config.ts'
import type { Services } from '../context.ts'
import { findProjectBySlug, onlyProjectSlug, type Project } from '../projects/projects.ts'
import { cookieName, cookieOptions } from './cookies.ts'
import type { ProjectVisit, Visit } from './visit.ts'

function recentCookie(config: Config): string {
  return cookieName(config, 'portcullis_project')
}

/** The project visited last, or the only one of the server; undefined where there is none of them. */
export async function recentProject(
  services: Services,
  c: HonoContext,
): Promise<Project | undefined> {
  const slug = getCookie(c, recentCookie(services.config)) ?? ''
  const known = /^[a-z0-9-]{2,64}$/.test(slug) ? await findProjectBySlug(services, slug) : undefined
  if (known) return known
  const only = await onlyProjectSlug(services.db)
  return only === undefined ? undefined : findProjectBySlug(services, only)
}

/**
 * The Set-Cookie header by which a page of a project is remembered; undefined where it is already. The
 * project of the administrators is none that one works in: it is visited from their own pages.
 */
export function rememberedProject(visit: Visit | ProjectVisit): string | undefined {
  if (!('project' in visit) || visit.project.is_system) return undefined
  const { c, services, project } = visit
  const name = recentCookie(services.config)
  if (getCookie(c, name) === project.project_slug) return undefined
  return generateCookie(name, project.project_slug, cookieOptions(services.config))
}
