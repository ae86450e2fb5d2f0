/** What goes wrong on the way out, in words for whoever entered the address. */
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

/** What codes of the system mean, for people who do not know them. */
const plainly: Record<string, string> = {
  ENOTFOUND: ': there is no such host',
  ECONNREFUSED: ': nothing answers at this port',
}

/** What a failed request means, for whoever entered its address: `timeout` is what it had, in milliseconds. */
export function toOutboundError(error: unknown, url: URL, timeout: number): OutboundError {
  const { name, code } = error as { name?: string; code?: string }
  const known = [error, ...((error as AggregateError).errors ?? [])].find(
    (inner) => inner instanceof OutboundError,
  )
  if (known) return known
  if (name === 'TimeoutError' || code?.endsWith('_TIMEOUT')) {
    const message = `${url.host} did not answer completely within ${timeout} ms`
    return new OutboundError('timeout', message, { cause: error })
  }
  const certificate = /CERT|SELF_SIGNED|ALTNAME/.test(code ?? '')
  const message = certificate
    ? `${url.host} shows a certificate that is not trusted here (${code}); an operator can add its authority with NODE_EXTRA_CA_CERTS`
    : `${url.host} could not be reached${(code && plainly[code]) ?? ''} (${code ?? name ?? 'unknown'})`
  return new OutboundError('unreachable', message, { cause: error })
}
