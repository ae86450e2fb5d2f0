import { randomBytes } from 'node:crypto'
import { type Database, statement } from '../db/connect.ts'
import { looksLikeId } from '../db/ids.ts'
import { ApiError } from '../http/errors.ts'

const slugPattern = /^(?=.*[A-Za-z0-9])[A-Za-z0-9._~-]{2,128}$/
const externalIdPattern = /^[A-Za-z0-9._|-]{1,128}$/

/** Whether a text can be a slug (backend.md section 3) and cannot be taken for an id. */
export function isSlug(text: string): boolean {
  return slugPattern.test(text) && !looksLikeId(text)
}

/** Whether a text can be an organization's external id and cannot be taken for an id of ours. */
export function isExternalId(text: string): boolean {
  return externalIdPattern.test(text) && !looksLikeId(text)
}

/** The slug that a name suggests: `Müller & Co.` is `muller-co`; a random one where nothing is left. */
export function slugOf(organization_name: string): string {
  const slug = organization_name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 100)
    .replace(/^-|-$/g, '')
  return isSlug(slug) ? slug : withSuffix(looksLikeId(slug) || slug === '' ? 'org' : slug)
}

function withSuffix(slug: string): string {
  return `${slug}-${randomBytes(5).toString('hex')}`
}

const taken = `select 1 from organizations
  where project_id = $1 and organization_id <> $2
    and (organization_slug = $3 or organization_external_id = $3) limit 1`

/** What an organization answers to besides its id. */
export interface Names {
  organization_slug?: string | undefined
  organization_external_id?: string | undefined
}

/**
 * Keeps names for an organization until the transaction ends. A reference is looked up as slug, then
 * as external id, so a name must be neither of them for another organization: else one organization
 * could answer to the external id of another. Throws `organization_slug_already_used` and
 * `organization_external_id_already_used`.
 */
export async function reserveNames(
  trx: Database,
  owner: { project_id: string; organization_id: string },
  names: Names,
): Promise<void> {
  const { organization_slug, organization_external_id } = names
  const wanted = new Set([organization_slug, organization_external_id].filter((name) => !!name))
  for (const name of [...wanted].sort())
    await statement(trx, 'select pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `${owner.project_id} ${name}`,
    ])
  const isTaken = async (name: string | undefined) =>
    name !== undefined &&
    (await statement(trx, taken, [owner.project_id, owner.organization_id, name])).length > 0
  if (await isTaken(organization_slug)) throw new ApiError('organization_slug_already_used')
  if (await isTaken(organization_external_id))
    throw new ApiError('organization_external_id_already_used')
}

/** Keeps the slug that a name suggests, or one with a random end where that is taken; returns it. */
export async function reserveSlugOf(
  trx: Database,
  owner: { project_id: string; organization_id: string },
  organization_name: string,
): Promise<string> {
  const organization_slug = slugOf(organization_name)
  try {
    await reserveNames(trx, owner, { organization_slug })
    return organization_slug
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return withSuffix(organization_slug)
  }
}
