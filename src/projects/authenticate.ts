import type { RequestProject, Services } from '../context.ts'
import { hashToken, sameHash } from '../db/secrets.ts'
import { ApiError } from '../http/errors.ts'
import { findProject, type Project } from './projects.ts'
import { recordSecretUse } from './secrets.ts'

const nobody = hashToken('no secret has this digest')
const flushAfterMs = 10_000

type Used = Map<string, { project_id: string; last_used_at: Date }>
const uses = new WeakMap<Services['caches'], Used>()

/**
 * The project of a request by HTTP Basic `project_id:secret` (RFC 7617). Throws
 * `unauthorized_credentials` alike for an unknown project, a wrong, expired or revoked secret and a
 * missing header; every digest is compared in constant time.
 */
export async function authenticate(services: Services, request: Request): Promise<RequestProject> {
  const credentials = readBasic(request.headers.get('authorization'))
  if (!credentials) throw new ApiError('unauthorized_credentials')
  const project = await findProject(services, credentials.project_id).catch(notFoundAsUndefined)
  const secret_hash = hashToken(credentials.secret)
  const secret = matchingSecret(project, secret_hash, services.now())
  if (!project || !secret) throw new ApiError('unauthorized_credentials')
  noteUse(services, project.project_id, secret.secret_id)
  return project
}

function notFoundAsUndefined(error: unknown): undefined {
  if (error instanceof ApiError && error.error_type === 'project_not_found') return undefined
  throw error
}

function readBasic(header: string | null): { project_id: string; secret: string } | undefined {
  const match = header?.match(/^Basic ([A-Za-z0-9+/]+={0,2})$/i)
  if (!match) return undefined
  const text = Buffer.from(match[1]!, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 1 || text.includes('\0')) return undefined
  return { project_id: text.slice(0, colon), secret: text.slice(colon + 1) }
}

function matchingSecret(project: Project | undefined, secret_hash: Buffer, now: Date) {
  let found: Project['secrets'][number] | undefined
  for (const secret of project?.secrets ?? [
    { secret_id: '', secret_hash: nobody, expires_at: null },
  ])
    if (
      sameHash(secret.secret_hash, secret_hash) &&
      !(secret.expires_at && secret.expires_at <= now)
    )
      found = secret
  return found
}

/** Remembers the use, and writes all that gathered within ten seconds in one go. */
function noteUse(services: Services, project_id: string, secret_id: string): void {
  let used = uses.get(services.caches)
  if (!used) {
    used = new Map()
    uses.set(services.caches, used)
  }
  if (used.size === 0) setTimeout(() => void flush(services), flushAfterMs).unref()
  used.set(secret_id, { project_id, last_used_at: services.now() })
}

async function flush(services: Services): Promise<void> {
  const used = uses.get(services.caches)
  if (!used || used.size === 0) return
  uses.set(services.caches, new Map())
  await recordSecretUse(services.db, used).catch((error) =>
    services.log.warn({ err: error }, 'last_used_at of secrets was not written'),
  )
}
