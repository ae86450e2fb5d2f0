// The way out to addresses that customers enter: issuers, discovery, keys, tokens, userinfo, SAML
// metadata. Everything that the server requests from elsewhere goes through `guardedFetch`.
import { lookup as resolveHost } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { Agent, type Dispatcher, request } from 'undici'
import { OutboundError, toOutboundError } from './outbound-error.ts'

export type GuardOptions = {
  /** `host` or `host:port`: these may be private, and use http and (without port) any port */
  allowed_private_hosts: readonly string[]
  /** plain http, any port, loopback and private addresses */
  development: boolean
  /** ports besides 443 for everybody */
  ports?: readonly number[]
  /** for the whole exchange, 5,000 unless given */
  timeout_ms?: number
  /** of the answer's body, 256 KiB unless given */
  max_bytes?: number
  /** all addresses of a host; tests pass their own */
  lookup?: (hostname: string) => Promise<{ address: string; family: number }[]>
}

export type GuardedInit = Omit<RequestInit, 'body'> & {
  body?: unknown
  /** exact media types of the answer; otherwise any that is JSON or XML */
  content_types?: readonly string[]
  /** takes any media type, and of the body so many bytes and no more */
  excerpt_bytes?: number
  /** where this exchange may take longer than others */
  timeout_ms?: number
}

export type GuardedFetch = {
  (url: string | URL, init?: GuardedInit): Promise<Response>
  /** Ends the kept connections when what is under way is done. */
  close(): Promise<void>
}

const SETTING = 'PORTCULLIS_ALLOWED_PRIVATE_HOSTS'
const KEPT_HEADERS = ['content-type', 'www-authenticate', 'cache-control', 'etag', 'last-modified']
const JSON_OR_XML = /^(application|text)\/([\w.-]+\+)?(json|xml)$/

/**
 * A `fetch` that reaches public addresses over https on port 443, those listed by the operator, and
 * in development this machine. It resolves a name once and connects to none but the addresses that
 * it has checked, follows no redirect, keeps no cookie, and gives up after five seconds or 256 KiB.
 * An answer of another media type is an error, or has its body dropped where its status is an error
 * anyway. Rejects with OutboundError.
 */
export function guardedFetch(options: GuardOptions): GuardedFetch {
  const agents = { public: makeAgent(options, false), private: makeAgent(options, true) }

  async function guarded(url: string | URL, init: GuardedInit = {}): Promise<Response> {
    const target = checkURL(url, options)
    const timeout = init.timeout_ms ?? options.timeout_ms ?? 5000
    const deadline = AbortSignal.timeout(timeout)
    try {
      const answer = await request(target.url, {
        dispatcher: target.privateToo ? agents.private : agents.public,
        method: (init.method ?? 'GET') as Dispatcher.HttpMethod,
        headers: requestHeaders(init),
        body: requestBody(init.body),
        headersTimeout: timeout,
        bodyTimeout: timeout,
        signal: init.signal ? AbortSignal.any([init.signal, deadline]) : deadline,
      })
      return await readAnswer(answer, target.url, init, options)
    } catch (error) {
      if (init.signal?.aborted) throw error
      throw toOutboundError(error, target.url, timeout)
    }
  }

  const close = async () => {
    await Promise.all([agents.public.close(), agents.private.close()])
  }
  return Object.assign(guarded, { close })
}

function makeAgent(options: GuardOptions, privateToo: boolean): Agent {
  const timeout = options.timeout_ms ?? 5000
  return new Agent({
    allowH2: false,
    maxHeaderSize: 16 * 1024,
    connect: { timeout, lookup: checkedLookup(options, privateToo) },
  })
}

/** What node:net asks for a name: it then connects to these addresses, so they are checked here. */
function checkedLookup(options: GuardOptions, privateToo: boolean): LookupFunction {
  const resolve = options.lookup ?? ((hostname: string) => resolveHost(hostname, { all: true }))
  return (hostname, { all }, callback) => {
    resolve(hostname)
      .then((found) => {
        const allowed = found.filter(({ address }) => mayConnect(address, privateToo))
        const [first] = allowed
        if (!first) throw blockedName(hostname, found[0]?.address)
        if (all) callback(null, allowed)
        else callback(null, first.address, first.family)
      })
      .catch((error: NodeJS.ErrnoException) => callback(error, []))
  }
}

type Target = { url: URL; privateToo: boolean }

/** Where a request would go; throws OutboundError for what can be refused without asking for the name. */
export function checkURL(input: string | URL, options: GuardOptions): Target {
  const url = URL.parse(String(input))
  if (!url || !['https:', 'http:'].includes(url.protocol) || url.username || url.password) {
    throw new OutboundError('invalid_url', 'The address must be an https URL without user name.')
  }
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  const privateToo = options.development || isListed(url.hostname, port, options)
  if (!privateToo && url.protocol !== 'https:') {
    throw new OutboundError(
      'not_https',
      `${url.host} is plain http; use https, or an operator can allow it with ${SETTING}=${url.hostname}`,
    )
  }
  if (!privateToo && port !== 443 && !options.ports?.includes(port)) {
    throw new OutboundError(
      'blocked_port',
      `${url.host} uses port ${port}; use 443, or an operator can allow it with ${SETTING}=${url.host}`,
    )
  }
  checkLiteral(url.hostname, privateToo)
  return { url, privateToo }
}

function isListed(hostname: string, port: number, options: GuardOptions): boolean {
  return options.allowed_private_hosts.some((entry) => {
    const [, host = entry, only] = /^(\[.+\]|[^:]+):(\d+)$/.exec(entry) ?? []
    const bracketed = ipaddr.IPv6.isValid(host) ? `[${host}]` : host
    const canonical = URL.parse(`https://${bracketed}`)?.hostname
    return canonical === hostname && (only === undefined || Number(only) === port)
  })
}

// node:net never calls `lookup` for these. URL has already made 127.0.0.1 of 0x7f.1 and 2130706433.
function checkLiteral(hostname: string, privateToo: boolean): void {
  const address = hostname.replace(/^\[|\]$/g, '')
  if (!ipaddr.isValid(address) || mayConnect(address, privateToo)) return
  throw new OutboundError(
    'blocked_address',
    `${address} is ${describe(address)}${remedy(address, hostname)}`,
  )
}

const PRIVATE_RANGES = ['private', 'loopback', 'uniqueLocal', 'carrierGradeNat']

function mayConnect(address: string, privateToo: boolean): boolean {
  const range = rangeOf(address)
  return range === 'unicast' || (privateToo && PRIVATE_RANGES.includes(range))
}

function rangeOf(address: string): string {
  if (!ipaddr.isValid(address)) return 'invalid'
  const parsed = ipaddr.process(address)
  const range = parsed.range()
  if (parsed.kind() === 'ipv4' || range !== 'unicast') return range
  // Nothing else is global unicast yet (RFC 4291, section 2.4), ::127.0.0.1 among it.
  return parsed.match(ipaddr.IPv6.parse('2000::'), 3) ? range : 'reserved'
}

function blockedName(hostname: string, address: string | undefined): OutboundError {
  if (address === undefined) {
    return new OutboundError('unreachable', `${hostname} has no address; check the spelling`)
  }
  // Without the address: whoever enters a URL, a customer's administrator say, is not to map the network.
  return new OutboundError(
    'blocked_address',
    `${hostname} resolves to ${describe(address)}${remedy(address, hostname)}`,
  )
}

function describe(address: string): string {
  const range = rangeOf(address)
  if (range === 'loopback') return 'an address of this machine'
  return PRIVATE_RANGES.includes(range) ? 'a private address' : 'not a public address'
}

function remedy(address: string, hostname: string): string {
  return PRIVATE_RANGES.includes(rangeOf(address))
    ? `; an operator can allow it with ${SETTING}=${hostname}`
    : ', and never requested'
}

function requestHeaders(init: GuardedInit): Record<string, string> {
  const headers = new Headers(init.headers)
  headers.delete('cookie')
  headers.set('user-agent', 'Portcullis')
  headers.set('accept-encoding', 'identity')
  return Object.fromEntries(headers)
}

function requestBody(body: unknown): string | null {
  if (body === undefined || body === null) return null
  if (typeof body === 'string' || body instanceof URLSearchParams) return String(body)
  throw new TypeError('A body must be a string or URLSearchParams')
}

async function readAnswer(
  answer: Dispatcher.ResponseData,
  url: URL,
  init: GuardedInit,
  options: GuardOptions,
): Promise<Response> {
  const { statusCode: status, body } = answer
  const headers = new Headers()
  for (const name of KEPT_HEADERS) {
    const value = answer.headers[name]
    if (value !== undefined) headers.set(name, String(value))
  }
  if (status >= 300 && status < 400) {
    discard(body)
    throw new OutboundError(
      'redirect',
      `${url.href} answers with a redirect, which is not followed; enter the address it leads to`,
    )
  }
  const type = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
  const taken =
    init.excerpt_bytes !== undefined ||
    (init.content_types?.includes(type) ?? JSON_OR_XML.test(type))
  if (!taken || status === 204 || status === 205) {
    discard(body)
    if (status < 400 && !taken) {
      const found = type === '' ? 'no content type' : `"${type}"`
      throw new OutboundError('wrong_content_type', `${url.href} answers with ${found}`)
    }
    return new Response(null, { status, headers })
  }
  return new Response(await readBody(body, url, options, init.excerpt_bytes), { status, headers })
}

function discard(body: Dispatcher.ResponseData['body']): void {
  body.on('error', () => {}).destroy()
}

async function readBody(
  body: Dispatcher.ResponseData['body'],
  url: URL,
  options: GuardOptions,
  excerpt_bytes?: number,
): Promise<Buffer<ArrayBuffer>> {
  const limit = excerpt_bytes ?? options.max_bytes ?? 256 * 1024
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limit && excerpt_bytes === undefined) {
      throw new OutboundError('too_large', `${url.href} answers with more than ${limit} bytes`)
    }
    chunks.push(chunk)
    if (size > limit) break
  }
  return Buffer.concat(chunks).subarray(0, limit)
}
