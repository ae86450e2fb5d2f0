import { type Database, transaction } from '../db/connect.ts'
import { environmentOf } from '../db/ids.ts'
import { ApiError, type ErrorType } from '../http/errors.ts'
import type { Project, RedirectURLType } from './projects.ts'

export const redirectURLTypes: readonly RedirectURLType[] = [
  'LOGIN',
  'SIGNUP',
  'INVITE',
  'RESET_PASSWORD',
  'DISCOVERY',
]

const forbiddenSchemes = new Set(['javascript:', 'data:', 'blob:', 'file:', 'vbscript:'])
const maxLength = 2048

/** Two that become the default of a type at a time: the second tries again. */
const oneDefault = { retryOn: ['redirect_urls_one_default'] }

/**
 * The URL in the form that is stored and compared (WHATWG parsed). Throws when it cannot be a redirect
 * URL of such a project: no user info, no fragment, https, a scheme of an app's own, or http on loopback
 * and *.localhost in test projects; a wildcard is one whole left-most label, in test projects only.
 */
export function checkRedirectURL(project_id: string, text: string): string {
  const url = URL.parse(text)
  if (!url || text.length > maxLength || /[\0-\x20\x7f]/.test(text))
    throw new ApiError('invalid_url')
  if (url.username || url.password || url.hash)
    throw new ApiError('invalid_url', {
      message: 'A redirect URL has no user name, no password and no fragment.',
    })
  if (forbiddenSchemes.has(url.protocol)) throw new ApiError('redirect_url_cannot_use_protocol')
  const live = environmentOf(project_id) === 'live'
  if (url.protocol === 'http:' && (live || !isLoopback(url.hostname)))
    throw new ApiError('redirect_url_must_use_https')
  if (url.href.includes('*')) checkWildcard(url, live)
  return url.href
}

function checkWildcard(url: URL, live: boolean): void {
  if (live) throw new ApiError('no_wildcards_in_live_redirect_url')
  const labels = url.hostname.split('.')
  const whole =
    labels[0] === '*' && labels.length >= 3 && !labels.slice(1).some((l) => l.includes('*'))
  const elsewhere = (url.pathname + url.search).includes('*')
  if (!whole || elsewhere || url.protocol !== 'https:')
    throw new ApiError('invalid_url', {
      message:
        'A wildcard is the whole left-most label of an https host: https://*.example.com/path',
    })
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    /^127(\.\d{1,3}){3}$/.test(hostname) ||
    hostname === '[::1]'
  )
}

/**
 * Registers a redirect URL for types. The first of a type becomes its default unless
 * `do_not_promote_defaults`; `is_default` makes it the default of all given types.
 */
export async function addRedirectURL(
  db: Database,
  input: {
    project_id: string
    url: string
    types: readonly string[]
    is_default?: boolean
    do_not_promote_defaults?: boolean
  },
): Promise<{ url: string; valid_types: { type: RedirectURLType; is_default: boolean }[] }> {
  const { project_id } = input
  const url = checkRedirectURL(project_id, input.url)
  const types = input.types.map(asType)
  if (types.length === 0) throw new ApiError('invalid_redirect_url_type')
  const wildcard = url.includes('*')
  if (wildcard && input.is_default)
    throw new ApiError('redirect_url_with_wildcard_cannot_be_default')
  return transaction(
    db,
    async (trx) => {
      const known = await trx
        .selectFrom('redirect_urls')
        .select(['url', 'type', 'is_default'])
        .where('project_id', '=', project_id)
        .execute()
      const valid_types = []
      for (const type of types) {
        if (known.some((row) => row.url === url && row.type === type))
          throw new ApiError('duplicate_redirect_url')
        const first = !known.some((row) => row.type === type && row.is_default)
        const promoted = first && !wildcard && !input.do_not_promote_defaults
        const is_default = input.is_default === true || promoted
        if (input.is_default) await clearDefault(trx, project_id, type)
        await trx
          .insertInto('redirect_urls')
          .values({ project_id, url, type, is_default })
          .execute()
        valid_types.push({ type, is_default })
      }
      return { url, valid_types }
    },
    oneDefault,
  )
}

function asType(type: string): RedirectURLType {
  const known = redirectURLTypes.find((each) => each === type.toUpperCase())
  if (!known) throw new ApiError('invalid_redirect_url_type')
  return known
}

async function clearDefault(
  db: Database,
  project_id: string,
  type: RedirectURLType,
): Promise<void> {
  await db
    .updateTable('redirect_urls')
    .set({ is_default: false })
    .where('project_id', '=', project_id)
    .where('type', '=', type)
    .where('is_default', '=', true)
    .execute()
}

/** The redirect URLs of a project. */
export async function listRedirectURLs(db: Database, project_id: string) {
  return db
    .selectFrom('redirect_urls')
    .select(['url', 'type', 'is_default'])
    .where('project_id', '=', project_id)
    .orderBy('created_at')
    .orderBy('type')
    .execute()
}

/** Removes a redirect URL with all its types, or `type` alone; throws `redirect_url_not_found`. */
export async function removeRedirectURL(
  db: Database,
  input: { project_id: string; url: string; type?: string },
): Promise<void> {
  let rows = db
    .deleteFrom('redirect_urls')
    .where('project_id', '=', input.project_id)
    .where('url', 'in', [input.url, URL.parse(input.url)?.href ?? input.url])
  if (input.type !== undefined) rows = rows.where('type', '=', asType(input.type))
  const result = await rows.executeTakeFirst()
  if (result.numDeletedRows === 0n) throw new ApiError('redirect_url_not_found')
}

/**
 * Makes a registered URL the default of a type: it is used where a login names none. Throws
 * `redirect_url_not_found`, and `redirect_url_with_wildcard_cannot_be_default`.
 */
export async function makeDefaultRedirectURL(
  db: Database,
  { project_id, ...input }: { project_id: string; url: string; type: string },
): Promise<void> {
  const type = asType(input.type)
  if (input.url.includes('*')) throw new ApiError('redirect_url_with_wildcard_cannot_be_default')
  await transaction(
    db,
    async (trx) => {
      await clearDefault(trx, project_id, type)
      const result = await trx
        .updateTable('redirect_urls')
        .set({ is_default: true })
        .where('project_id', '=', project_id)
        .where('url', '=', input.url)
        .where('type', '=', type)
        .executeTakeFirst()
      if (result.numUpdatedRows === 0n) throw new ApiError('redirect_url_not_found')
    },
    oneDefault,
  )
}

type LoginType = 'LOGIN' | 'SIGNUP'

/**
 * The redirect URL to use at start and again at the redirect: the given one where it is registered for
 * the type, exactly with path and query, or the default of the type. Throws the error types of
 * backend.md section 5.
 */
export function matchRedirectURL(
  project: Project,
  type: LoginType,
  given: string | undefined,
): string {
  const registered = project.redirect_urls.filter((row) => row.type === type)
  if (given === undefined || given === '') return defaultOf(registered, type)
  const url = URL.parse(given)
  const invalid: ErrorType = type === 'LOGIN' ? 'invalid_login_sso_url' : 'invalid_signup_sso_url'
  if (!url || /[\0-\x20\x7f*]/.test(given + url.hostname)) throw new ApiError(invalid)
  if (registered.some((row) => sameURL(row.url, url))) return url.href
  if (project.redirect_urls.some((row) => sameURL(row.url, url))) throw new ApiError(invalid)
  const bare = new URL(url)
  bare.search = ''
  const otherQuery = registered.some((row) => {
    const candidate = new URL(row.url)
    candidate.search = ''
    return sameURL(candidate.href, bare)
  })
  throw new ApiError(otherQuery ? 'query_params_do_not_match' : 'no_match_for_provided_sso_url')
}

function defaultOf(registered: Project['redirect_urls'], type: LoginType): string {
  const url = registered.find((row) => row.is_default)?.url
  if (url !== undefined) return url
  const none = registered.length === 0
  if (type === 'LOGIN')
    throw new ApiError(none ? 'no_login_redirect_urls_set' : 'no_default_login_redirect_url_set')
  throw new ApiError(none ? 'no_signup_redirect_urls_set' : 'no_default_signup_redirect_url_set')
}

/** Whether a given URL is a registered one; `www.` counts as the bare host, on https. */
function sameURL(registered: string, given: URL): boolean {
  if (registered === given.href) return true
  if (given.protocol !== 'https:') return false
  const known = new URL(registered)
  if (known.protocol !== 'https:') return false
  const rest = (url: URL) =>
    `${url.port}${url.pathname}${url.search}${url.hash}${url.username}:${url.password}`
  if (rest(known) !== rest(given)) return false
  if (known.hostname.startsWith('*.')) return matchesWildcard(known.hostname, given.hostname)
  return withoutWWW(known.hostname) === withoutWWW(given.hostname)
}

function matchesWildcard(pattern: string, hostname: string): boolean {
  const [label, ...parents] = hostname.split('.')
  return label !== '' && parents.join('.') === pattern.slice(2)
}

function withoutWWW(hostname: string): string {
  return hostname.startsWith('www.') ? hostname.slice(4) : hostname
}
