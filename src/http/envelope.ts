import { ApiError } from './errors.ts'

/** The five fields of every error answer (backend.md section 2), `error_details` where there are any. */
export function errorBody(base_url: string, request_id: string, error: ApiError) {
  return {
    status_code: error.status,
    request_id,
    error_type: error.error_type,
    error_message: error.message,
    error_url: `${base_url}/errors/${error.error_type}`,
    ...(error.details && { error_details: error.details }),
  }
}

/** What says that the database is away: of the network, and of PostgreSQL and pgbouncer. */
const unavailable = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  '25006', // the primary has become a standby
  '57P01',
  '57P02',
  '57P03',
])

/** An ApiError as it is; a database that is away as 503; everything else as 500, its text kept inside. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  return new ApiError(isAway(error) ? 'server_unavailable' : 'internal_server_error', {
    cause: error,
  })
}

function isAway(error: unknown): boolean {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown }
  if (typeof code === 'string' && unavailable.has(code)) return true
  // Class 53 is a full disk, no memory, no connection left. pgbouncer ends a connection with 08P01 where it
  // has none to PostgreSQL; an ERROR of that code is a mistake of ours.
  if (typeof code === 'string' && /^53...$/.test(code)) return true
  if (code === '08P01' && severity === 'FATAL') return true
  return (
    error instanceof Error &&
    /timeout exceeded when trying to connect|Connection terminated/.test(error.message)
  )
}
