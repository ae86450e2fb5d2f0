/** PORTCULLIS_RATE_LIMITS: how many requests are answered, by what they are about. */

/** So many at once, and then so many in each period. */
export interface RateLimit {
  readonly count: number
  readonly period_ms: number
}

const meanings = {
  api: 'calls to one endpoint of the API, for a project and a client address',
  start: 'logins begun and metadata read, for a project or connection and a client address',
  callback: 'answers of identity providers, for a connection and a client address',
  connection: 'logins begun, and likewise answers, for a connection from all addresses together',
  failed:
    'wrong secrets and unknown ids, for a project and a client address (ten times that for an address)',
} as const

export type LimitName = keyof typeof meanings

/** The limits that are on. */
export type RateLimits = Readonly<Partial<Record<LimitName, RateLimit>>>

export const noRateLimits: RateLimits = Object.freeze({})

/** What `portcullis serve` has where nothing else is set. */
export const productionRateLimits: Required<RateLimits> = Object.freeze({
  api: { count: 1_000, period_ms: 1_000 },
  start: { count: 50, period_ms: 1_000 },
  callback: { count: 50, period_ms: 1_000 },
  connection: { count: 200, period_ms: 1_000 },
  failed: { count: 60, period_ms: 60_000 },
})

const units: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000 }

/**
 * Reads `name=count/unit[,...]` (`s`, `m` or `h`; `name=off` switches one off) over `defaults`; `off`
 * alone switches all off. What is not understood is added to `problems`.
 */
export function readRateLimits(
  text: string | undefined,
  defaults: RateLimits,
  problems: string[],
): RateLimits {
  if (text?.trim() === 'off') return noRateLimits
  const limits: Partial<Record<LimitName, RateLimit>> = { ...defaults }
  for (const entry of (text ?? '').split(',').map((each) => each.trim())) {
    if (entry === '') continue
    const [, name = '', count, unit] = /^(\w+)=(?:off|([1-9]\d{0,6})\/([smh]))$/.exec(entry) ?? []
    if (!isLimitName(name))
      problems.push(
        `PORTCULLIS_RATE_LIMITS does not take "${entry}": write off, or a list such as api=1000/s,failed=60/m,start=off of ${Object.keys(meanings).join(', ')}`,
      )
    else if (count === undefined) delete limits[name]
    else limits[name] = { count: Number(count), period_ms: units[unit!]! }
  }
  return Object.freeze(limits)
}

function isLimitName(name: string): name is LimitName {
  return Object.hasOwn(meanings, name)
}

/** A line for each limit with its default in production, for `--help`. */
export function describeRateLimits(): string {
  return Object.entries(productionRateLimits)
    .map(([name, { count, period_ms }]) => {
      const unit = Object.keys(units).find((each) => units[each] === period_ms)
      return `  ${`${name}=${count}/${unit}`.padEnd(18)} ${meanings[name as LimitName]}`
    })
    .join('\n')
}
