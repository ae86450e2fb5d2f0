import { databaseURLProblem } from './database-url.ts'
import { createCipher } from './db/secrets.ts'
import { readTrustedProxies } from './http/client-address.ts'
import {
  noRateLimits,
  productionRateLimits,
  type RateLimits,
  readRateLimits,
} from './http/rate-settings.ts'

/** Everything that the environment decides, read once and frozen. */
export interface Config {
  /** `development` is `npm start` (seeded, test IdP, loopback only); `production` is `portcullis serve`. */
  readonly mode: 'development' | 'production'
  /** Public address without a slash at its end; ACS, redirect URLs, cookies come from it. */
  readonly base_url: string
  readonly hosts: readonly string[]
  readonly port: number
  readonly database_url: string
  /** A direct connection for LISTEN, where database_url leads through pgbouncer. */
  readonly database_listen_url: string
  readonly prepared_statements: boolean
  /** Key ring `id:base64[,id:base64]`, the first encrypts. */
  readonly encryption_keys: string
  /** On-premises identity providers that outbound requests may reach. */
  readonly allowed_private_hosts: readonly string[]
  /** Proxies whose X-Forwarded-For is believed: addresses and CIDR ranges. */
  readonly trusted_proxies: readonly string[]
  /** Limits on rates; in development none unless set. */
  readonly rate_limits: RateLimits
  readonly log_level: string
  readonly metrics_token: string
  /** How long finished and failed logins are kept, in days. */
  readonly flow_retention_days: number
  /** The SMTP server that mail goes to, `smtp://` or `smtps://`; empty: none. */
  readonly smtp_url: string
  /** Whom mail comes from: an address, or `Name <address>`. */
  readonly mail_from: string
}

/** Settings that are missing or wrong: the message names each of them and says what to do. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

type Environment = Record<string, string | undefined>

/**
 * Reads the settings of `portcullis serve` from the environment. Throws ConfigError naming every
 * setting that is missing or weak at once.
 */
export function readProductionConfig(environment: Environment): Config {
  const problems: string[] = []
  const base_url = baseURL(environment.PORTCULLIS_BASE_URL, problems)
  const database_url = environment.DATABASE_URL ?? ''
  const listen_url = environment.PORTCULLIS_DATABASE_LISTEN_URL || database_url
  for (const [name, url] of [
    ['DATABASE_URL', database_url],
    ...(listen_url === database_url ? [] : [['PORTCULLIS_DATABASE_LISTEN_URL', listen_url]]),
  ] as [string, string][]) {
    const problem = databaseURLProblem(name, url)
    if (problem) problems.push(problem)
  }
  const encryption_keys = environment.PORTCULLIS_ENCRYPTION_KEYS ?? ''
  if (encryption_keys === '')
    problems.push(
      'PORTCULLIS_ENCRYPTION_KEYS must be set, such as 2026a:BASE64 (make 32 bytes with: openssl rand -base64 32)',
    )
  else checkKeyRing(encryption_keys, problems)
  const config = {
    ...common(environment, productionRateLimits, problems),
    mode: 'production' as const,
    base_url,
    database_url,
    encryption_keys,
  }
  if (problems.length > 0)
    throw new ConfigError(
      `The settings are not complete:\n${problems.map((line) => `  - ${line}`).join('\n')}`,
    )
  return Object.freeze({ ...config, database_listen_url: listen_url })
}

/** What development decides itself: addresses of this run, database and key of its data folder. */
export interface DevelopmentFacts {
  base_url: string
  port: number
  database_url: string
  encryption_keys: string
}

/** The settings of `npm start`: what was found out at start, the rest from the environment. */
export function developmentConfig(environment: Environment, facts: DevelopmentFacts): Config {
  const problems: string[] = []
  const settings = common(environment, noRateLimits, problems)
  if (problems.length > 0) throw new ConfigError(problems.join('\n'))
  return Object.freeze({
    ...settings,
    mode: 'development' as const,
    ...facts,
    hosts: ['127.0.0.1', '::1'],
    log_level: environment.PORTCULLIS_LOG_LEVEL || 'warn',
    database_listen_url: environment.PORTCULLIS_DATABASE_LISTEN_URL || facts.database_url,
  })
}

/** The settings that both modes read alike. */
function common(environment: Environment, rateLimits: RateLimits, problems: string[]) {
  return {
    hosts: [environment.PORTCULLIS_HOST || '0.0.0.0'],
    port: integer('PORTCULLIS_PORT', environment.PORTCULLIS_PORT, 4000, [0, 65_535], problems),
    prepared_statements: onOff(
      'PORTCULLIS_PREPARED_STATEMENTS',
      environment.PORTCULLIS_PREPARED_STATEMENTS,
      problems,
    ),
    allowed_private_hosts: privateHosts(environment.PORTCULLIS_ALLOWED_PRIVATE_HOSTS, problems),
    trusted_proxies: readTrustedProxies(list(environment.PORTCULLIS_TRUSTED_PROXIES), problems),
    rate_limits: readRateLimits(environment.PORTCULLIS_RATE_LIMITS, rateLimits, problems),
    log_level: logLevel(environment.PORTCULLIS_LOG_LEVEL, problems),
    metrics_token: metricsToken(environment.PORTCULLIS_METRICS_TOKEN ?? '', problems),
    flow_retention_days: integer(
      'PORTCULLIS_FLOW_RETENTION_DAYS',
      environment.PORTCULLIS_FLOW_RETENTION_DAYS,
      30,
      [1, 3650],
      problems,
    ),
    ...mail(environment, problems),
  }
}

function mail(environment: Environment, problems: string[]) {
  const smtp_url = environment.PORTCULLIS_SMTP_URL ?? ''
  const mail_from = environment.PORTCULLIS_MAIL_FROM ?? ''
  const url = URL.parse(smtp_url)
  if (smtp_url !== '' && !(url && isSMTP(url)))
    problems.push(
      'PORTCULLIS_SMTP_URL must be such as smtp://user:password@mail.example.com:587 or smtps://user:password@mail.example.com:465 (what is special in a password written as %40 and so on)',
    )
  if (smtp_url !== '' && mail_from === '')
    problems.push(
      'PORTCULLIS_MAIL_FROM must be set where PORTCULLIS_SMTP_URL is, such as "Example SSO <sso@example.com>"',
    )
  else if (
    mail_from !== '' &&
    !/^([^\p{Cc}<>"@]{1,100} <[^\s<>"@,;]+@[^\s<>"@,;]+>|[^\s<>"@,;]+@[^\s<>"@,;]+)$/u.test(
      mail_from,
    )
  )
    problems.push(
      'PORTCULLIS_MAIL_FROM must be an e-mail address or a name with one, such as "Example SSO <sso@example.com>"',
    )
  return { smtp_url, mail_from: mail_from || 'Portcullis <portcullis@localhost>' }
}

function isSMTP(url: URL): boolean {
  return (
    /^smtps?:$/.test(url.protocol) &&
    url.hostname !== '' &&
    /^\/?$/.test(url.pathname) &&
    url.search === '' &&
    url.hash === '' &&
    (url.username === '') === (url.password === '') &&
    isEncoded(url.username) &&
    isEncoded(url.password)
  )
}

function isEncoded(text: string): boolean {
  try {
    return decodeURIComponent(text) !== undefined
  } catch {
    return false
  }
}

function baseURL(value: string | undefined, problems: string[]): string {
  const url = value && URL.canParse(value) ? new URL(value) : undefined
  if (
    url?.protocol === 'https:' &&
    url.pathname === '/' &&
    !url.search &&
    !url.hash &&
    !url.username
  )
    return url.origin
  problems.push(
    'PORTCULLIS_BASE_URL must be the public https address of this server, such as https://sso.example.com (no path)',
  )
  return ''
}

function checkKeyRing(keyRing: string, problems: string[]): void {
  try {
    createCipher(keyRing)
  } catch (error) {
    problems.push((error as Error).message)
  }
}

function privateHosts(value: string | undefined, problems: string[]): string[] {
  return list(value).filter((entry) => {
    if (/^[^\s/@?#*]+$/.test(entry)) return true
    problems.push(
      `PORTCULLIS_ALLOWED_PRIVATE_HOSTS must list hosts such as idp.corp.example or idp.corp.example:8443, not "${entry}"`,
    )
    return false
  })
}

function metricsToken(token: string, problems: string[]): string {
  if (token !== '' && !/^[\x21-\x7e]{16,}$/.test(token))
    problems.push(
      'PORTCULLIS_METRICS_TOKEN must be 16 characters or more, without spaces (make one with: openssl rand -hex 32)',
    )
  return token
}

function list(value: string | undefined): string[] {
  return (value ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
}

function integer(
  name: string,
  value: string | undefined,
  fallback: number,
  [min, max]: [number, number],
  problems: string[],
): number {
  if (value === undefined || value === '') return fallback
  const number = Number(value)
  if (Number.isInteger(number) && number >= min && number <= max) return number
  problems.push(`${name} must be a whole number from ${min} to ${max}, not "${value}"`)
  return fallback
}

function onOff(name: string, value: string | undefined, problems: string[]): boolean {
  if (value === undefined || value === '' || value === 'on') return true
  if (value !== 'off') problems.push(`${name} must be on or off, not "${value}"`)
  return false
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent']

function logLevel(value: string | undefined, problems: string[]): string {
  if (value === undefined || value === '') return 'info'
  if (!logLevels.includes(value))
    problems.push(`PORTCULLIS_LOG_LEVEL must be one of ${logLevels.join(', ')}, not "${value}"`)
  return value
}
