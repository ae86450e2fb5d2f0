export type GuardOptions = {
  /** `host` or `host:port`: these may be private, and use http and any port */
  allowed_private_hosts: readonly string[]
  /** plain http, any port, loopback and private addresses */
  development: boolean
  /** ports besides 443 for everybody */
  ports?: readonly number[]
  timeout_ms?: number
  max_bytes?: number
  /** all addresses of a host; tests pass their own */
  lookup?: (hostname: string) => Promise<{ address: string; family: number }[]>
}

export type GuardedInit = RequestInit & {
  /** exact media types; otherwise anything that is JSON or XML */
  content_types?: readonly string[]
}

export type GuardedFetch = {
  (input: string | URL | Request, init?: GuardedInit): Promise<Response>
  close(): Promise<void>
}

export type OutboundErrorCode =
  | 'invalid_url'
  | 'not_https'
  | 'blocked_port'
  | 'blocked_address'
  | 'redirect'
  | 'timeout'
  | 'too_large'
  | 'wrong_content_type'
  | 'unreachable'

/** Why a request was not made or its answer not taken; the message says what to do. */
export class OutboundError extends Error {
  readonly code: OutboundErrorCode

  constructor(code: OutboundErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'OutboundError'
    this.code = code
  }
}

/**
 * A `fetch` for addresses that customers give us. Rejects with OutboundError; `close()` ends
 * kept connections.
 */
export declare function guardedFetch(options: GuardOptions): GuardedFetch
