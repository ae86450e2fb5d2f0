/**
 * `/logos/{project_slug}` and `/logos/{project_slug}/{organization_slug}`: logos, which stand at other
 * people's addresses, fetched by this server and served as its own, so that no page asks anything of another
 * host. Pictures of four kinds, told by their first bytes; no SVG, which may hold scripts.
 */
import type { Services } from '../context.ts'
import { ApiError } from '../http/errors.ts'
import type { GuardedInit } from '../http/fetch.ts'

interface Logo {
  type: string
  bytes: Uint8Array<ArrayBuffer>
}

interface Known {
  logo: Promise<Logo | null>
  until: number
}

/** How each begins, as hexadecimal. */
const kinds: readonly [type: string, begins: RegExp][] = [
  ['image/png', /^89504e470d0a1a0a/],
  ['image/jpeg', /^ffd8ff/],
  ['image/gif', /^4749463837|^4749463839/],
  ['image/webp', /^52494646.{8}57454250/],
]

const keptMs = { found: 3_600_000, failed: 300_000 }
const maxKept = 200
const maxBytes = 200_000

const kept = new WeakMap<object, Map<string, Known>>()

/** The picture at this address; null where there is none that can be shown. */
function load(services: Services, url: string): Promise<Logo | null> {
  const known = kept.get(services.db) ?? new Map<string, Known>()
  kept.set(services.db, known)
  const now = services.now().getTime()
  const entry = known.get(url)
  if (entry && entry.until > now) return entry.logo
  if (known.size >= maxKept) known.delete(known.keys().next().value!)
  const made: Known = { logo: download(services, url), until: now + keptMs.found }
  void made.logo.then((logo) => {
    if (!logo) made.until = now + keptMs.failed
  })
  known.set(url, made)
  return made.logo
}

async function download({ fetch, log }: Services, url: string): Promise<Logo | null> {
  try {
    const init: GuardedInit = { content_types: kinds.map(([type]) => type) }
    const response = await fetch(url, init as RequestInit)
    const bytes = new Uint8Array(await response.arrayBuffer())
    const head = Buffer.from(bytes.subarray(0, 16)).toString('hex')
    const kind = kinds.find(([, begins]) => begins.test(head))
    if (response.ok && kind && bytes.length <= maxBytes) return { type: kind[0], bytes }
  } catch (err) {
    log.info({ err }, 'a logo could not be fetched')
  }
  return null
}

/** Whether a page may show this logo: asked before, and it was a picture. */
export async function hasLogo(services: Services, url: string): Promise<boolean> {
  if (url === '') return false
  // A slow server of somebody else's must not hold up the page: the logo comes with the next one.
  const late = new Promise<false>((resolve) => setTimeout(resolve, 300, false).unref())
  return Promise.race([load(services, url).then((logo) => logo !== null), late])
}

/** Answers with the picture. Throws `route_not_found` where there is none. */
export async function logoResponse(services: Services, url: string): Promise<Response> {
  const logo = url === '' ? null : await load(services, url)
  if (!logo) throw new ApiError('route_not_found')
  return new Response(logo.bytes, {
    headers: {
      'content-type': logo.type,
      'cache-control': 'public, max-age=3600',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    },
  })
}
