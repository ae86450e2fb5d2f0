import type { Fix } from './checks.ts'
import type { Fetch } from './settings.ts'

/** An answer that is no JSON object of status 200; the message is fit for a check. */
export class AnswerError extends Error {}

/**
 * Fetches a JSON object. Rejects with AnswerError for another status, more than `maxBytes` or a
 * body that is no JSON object, and with the error of `fetch`.
 */
export async function fetchJSON(
  fetch: Fetch,
  url: string,
  maxBytes: number,
): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    headers: { accept: 'application/json, application/jwk-set+json' },
    redirect: 'manual',
  })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new AnswerError(`${url} answered with status ${response.status}`)
  }
  const text = await response.text()
  if (Buffer.byteLength(text) > maxBytes) {
    throw new AnswerError(`${url} answered with more than ${maxBytes} bytes`)
  }
  const body = parseObject(text)
  if (!body) throw new AnswerError(`${url} did not answer with a JSON object`)
  return body
}

/** A JSON object that `isShallow`, or null where the text is anything else. */
export function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) && isShallow(value) ? value : null
  } catch {
    return null
  }
}

const MAX_DEPTH = 32

/**
 * Whether lists and objects stand within one another no deeper than anybody needs. What is nested some
 * thousands deep becomes half a gigabyte once it is set out in lines.
 */
export function isShallow(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return true
  return depth < MAX_DEPTH && Object.values(value).every((inner) => isShallow(inner, depth + 1))
}

/** Whether a value is an object, not null and not an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const operatorCodes: unknown[] = ['blocked_address', 'blocked_port', 'not_https']

/**
 * What to say about an error of `fetch`. Only the sentences of the guarded fetch (OutboundError) and
 * our own are repeated: any other message could hold what was sent.
 */
export function describeFailure(error: unknown, what: string): { actual: string; fix: Fix } {
  const known =
    error instanceof AnswerError || (error instanceof Error && error.name === 'OutboundError')
  const blocked = known && 'code' in error && operatorCodes.includes(error.code)
  return {
    actual: known ? error.message : 'the request failed',
    fix: blocked
      ? {
          who: 'operator',
          what: `If the ${what} of this connection is right, allow its host with PORTCULLIS_ALLOWED_PRIVATE_HOSTS; otherwise have the IT administrator of the organization correct it.`,
        }
      : {
          who: 'it_admin',
          what: `Compare the ${what} of this connection with the discovery document of the identity provider, and see that the identity provider is up.`,
        },
  }
}
