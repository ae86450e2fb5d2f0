import { ApiError } from './errors.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })
const maxDepth = 64

/**
 * The bytes of a request's body, at most `limit` of them. Throws `bad_request` with status 413 beyond.
 */
export async function readBody(request: Request, limit: number): Promise<Uint8Array> {
  const length = request.headers.get('content-length')
  if (Number(length ?? 0) > limit) throw tooLarge(limit)
  if (length !== null) return new Uint8Array(await request.arrayBuffer())
  if (!request.body) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > limit) throw tooLarge(limit)
    chunks.push(chunk)
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}

function tooLarge(limit: number): ApiError {
  return new ApiError('bad_request', {
    status: 413,
    message: `The request body is too large: at most ${limit} bytes are accepted here.`,
  })
}

/** Decodes UTF-8; throws `bad_request` where the bytes are something else. */
export function decodeUTF8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw new ApiError('bad_request', { message: 'The request body is not valid UTF-8.' })
  }
}

const maxFields = 1_000

/**
 * The fields of a form, urlencoded. Throws `bad_request` for more than 1,000: some hundred thousand would
 * take seconds.
 */
export function parseFields(text: string): URLSearchParams {
  let count = 1
  for (let at = text.indexOf('&'); at !== -1; at = text.indexOf('&', at + 1)) count += 1
  if (count > maxFields)
    throw new ApiError('bad_request', {
      message: `The form has too many fields: at most ${maxFields} are accepted.`,
    })
  return new URLSearchParams(text)
}

/**
 * Reads a JSON object whatever the Content-Type says; an empty body and `null` are the empty object
 * (the official SDKs send both).
 */
export function parseJSONObject(text: string): Record<string, unknown> {
  if (text.trim() === '') return {}
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new ApiError('bad_request', { message: 'The request body is not valid JSON.', cause })
  }
  if (value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value))
    throw new ApiError('bad_request', { message: 'The request body must be a JSON object.' })
  if (text.includes('\\') || text.length > 1_000) assertStorable(value, 0)
  return value as Record<string, unknown>
}

/** Refuses what PostgreSQL cannot store (NUL, lone surrogates) and nesting beyond reason. */
export function assertStorable(value: unknown, depth = 0): void {
  if (typeof value === 'string') {
    if (value.includes('\0') || !value.isWellFormed())
      throw new ApiError('bad_request', {
        message: 'The request holds a NUL character or half of a surrogate pair.',
      })
    return
  }
  if (typeof value !== 'object' || value === null) return
  if (depth > maxDepth)
    throw new ApiError('bad_request', { message: 'The request body is nested too deeply.' })
  for (const [key, entry] of Object.entries(value)) {
    assertStorable(key, depth)
    assertStorable(entry, depth + 1)
  }
}
