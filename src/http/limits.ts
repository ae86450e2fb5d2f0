/**
 * Limits on rates, in memory, each process for itself. They come before everything that costs: an
 * exhausted bucket is answered with 429 `too_many_requests` and `Retry-After`. A wrong or outdated session
 * token is no failure here: the browser SDKs ask for their session on every page, logged in or not.
 */
import type { Context as HonoContext } from 'hono'
import type { Logger } from '../log.ts'
import { createAddressReader } from './client-address.ts'
import { ApiError } from './errors.ts'
import type { LimitName, RateLimit, RateLimits } from './rate-settings.ts'

export interface Limits {
  /** Counts a call of an endpoint before its credentials are looked at; throws `too_many_requests`. */
  call(c: HonoContext, route: string, project_id?: string): void
  /** Counts a call that turned out to have wrong credentials, or to name no project. */
  callFailed(c: HonoContext, project_id?: string): void
  /** Counts what a browser asks for, of the project or connection that it names; throws `too_many_requests`. */
  visit(c: HonoContext, limit: 'start' | 'callback', route: string, about: string): void
  /** Counts a browser's request about something that is not known. */
  visitFailed(c: HonoContext): void
  /** The whole address that a request comes from, for people to read. */
  addressOf(c: HonoContext): string
  /** Counts a login on its connection, whoever began it; throws `too_many_requests`. */
  login(step: 'start' | 'callback', connection_id: string): void
}

export interface LimitOptions {
  rate_limits: RateLimits
  trusted_proxies: readonly string[]
  now(): Date
  log: Logger
}

/** An address may fail with so many times what it may for one project: others share it. */
const projectsBehindOneAddress = 10

/** Makes the limits of a process. Those that are not set cost nothing. */
export function createLimits(options: LimitOptions): Limits {
  const { rate_limits, now } = options
  const report = createReport(options)
  const bucketsOf = (limit: RateLimit | undefined) => limit && createBuckets(limit, now)
  const buckets = {
    api: bucketsOf(rate_limits.api),
    start: bucketsOf(rate_limits.start),
    callback: bucketsOf(rate_limits.callback),
    connection: bucketsOf(rate_limits.connection),
  }
  const failed = bucketsOf(rate_limits.failed)
  const failedAnywhere = bucketsOf(rate_limits.failed && widen(rate_limits.failed))
  const read = createAddressReader(options.trusted_proxies, report.unbelieved)
  const readWhole = createAddressReader(options.trusted_proxies, report.unbelieved, String)
  const where = (c: HonoContext) =>
    [c.env?.incoming?.socket?.remoteAddress, c.req.raw.headers.get('x-forwarded-for')] as const
  const addressOf = (c: HonoContext) => read(...where(c))

  function refuseAt(limit: LimitName, key: string, wait_ms: number): void {
    if (wait_ms <= 0) return
    report.refused(limit, key)
    throw tooManyRequests(wait_ms)
  }
  function take(limit: keyof typeof buckets, key: string): void {
    const own = buckets[limit]
    if (own) refuseAt(limit, key, own.take(key))
  }

  return {
    addressOf: (c) => readWhole(...where(c)),
    call(c, route, project_id) {
      if (!buckets.api && !failed) return
      const address = addressOf(c)
      const project = short(project_id ?? claimedProject(c))
      if (failed && failedAnywhere) {
        refuseAt('failed', address, failed.wait(`${address} ${project}`))
        refuseAt('failed', address, failedAnywhere.wait(`call ${address}`))
      }
      take('api', `${address} ${route} ${project}`)
    },
    callFailed(c, project_id) {
      if (!failed) return
      const address = addressOf(c)
      failed.take(`${address} ${short(project_id ?? claimedProject(c))}`)
      failedAnywhere?.take(`call ${address}`)
    },
    visit(c, limit, route, about) {
      if (!buckets[limit] && !failedAnywhere) return
      const address = addressOf(c)
      if (failedAnywhere) refuseAt('failed', address, failedAnywhere.wait(`visit ${address}`))
      take(limit, `${address} ${route} ${short(about)}`)
    },
    visitFailed(c) {
      failedAnywhere?.take(`visit ${addressOf(c)}`)
    },
    login(step, connection_id) {
      take('connection', `${step} ${connection_id}`)
    },
  }
}

function widen(limit: RateLimit): RateLimit {
  return { ...limit, count: limit.count * projectsBehindOneAddress }
}

/** What a client names becomes part of a key, so there is an end to it. */
function short(name: string): string {
  return name.length > 64 ? name.slice(0, 64) : name
}

/** The project that a call says it is of; nothing has been proved yet. */
function claimedProject(c: HonoContext): string {
  const header = c.req.raw.headers.get('authorization') ?? ''
  // Ids of projects have 49 characters.
  const text = Buffer.from(header.slice('Basic '.length, 96), 'base64').toString('latin1')
  const colon = text.indexOf(':')
  return colon < 0 ? '' : text.slice(0, colon)
}

function tooManyRequests(wait_ms: number): ApiError {
  const seconds = Math.max(1, Math.ceil(wait_ms / 1_000))
  return new ApiError('too_many_requests', {
    message: `Too many requests: try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`,
    headers: { 'retry-after': String(seconds) },
  })
}

interface Buckets {
  /** Takes one: 0, or in how many milliseconds there will be one. */
  take(key: string): number
  /** What `take` would return. */
  wait(key: string): number
}

const maxKeys = 20_000

/**
 * Token buckets as their one number (GCRA, ITU-T I.371): when the bucket of a key will be full again.
 * Full ones are forgotten, and beyond 20,000 keys the one that was used least lately.
 */
function createBuckets({ count, period_ms }: RateLimit, now: () => Date): Buckets {
  const interval = period_ms / count
  const fullAt = new Map<string, number>()

  /** When it will be full; a clock that was set back makes nobody wait longer. */
  function stateOf(key: string, at: number): number {
    const full = fullAt.get(key)
    return full === undefined || full <= at ? at : Math.min(full, at + period_ms)
  }
  function waitFor(full: number, at: number): number {
    const wait = full + interval - at - period_ms
    return wait > 1e-6 ? wait : 0
  }
  /** The order of the map is that of the last use. */
  function makeRoom(at: number): void {
    for (const [oldest, full] of fullAt) {
      if (full > at && fullAt.size < maxKeys) return
      fullAt.delete(oldest)
    }
  }
  return {
    take(key) {
      const at = now().getTime()
      const full = stateOf(key, at)
      const wait = waitFor(full, at)
      if (!fullAt.delete(key)) makeRoom(at)
      fullAt.set(key, wait > 0 ? full : full + interval)
      return wait
    },
    wait(key) {
      if (!fullAt.has(key)) return 0
      const at = now().getTime()
      return waitFor(stateOf(key, at), at)
    },
  }
}

const reportEveryMs = 60_000

/** Tells the operator, once a minute for each limit, so that a flood does not become one of log lines. */
function createReport({ log, now }: LimitOptions) {
  const last = new Map<string, number>()
  function isDue(what: string): boolean {
    const at = now().getTime()
    if (Math.abs(at - (last.get(what) ?? 0)) < reportEveryMs) return false
    last.set(what, at)
    return true
  }
  return {
    refused(limit: LimitName, key: string) {
      if (isDue(limit)) log.warn({ limit, key }, 'too many requests: some are refused')
    },
    unbelieved(peer: string) {
      if (!last.has('unbelieved') && isDue('unbelieved'))
        log.warn(
          { peer },
          'X-Forwarded-For is not believed: list this proxy in PORTCULLIS_TRUSTED_PROXIES, else all of its clients count as one',
        )
    },
  }
}
