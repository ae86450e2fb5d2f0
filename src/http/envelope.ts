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

const unavailable = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EPIPE',
  '57P01',
  '57P02',
  '57P03',
  '53300',
])

/** An ApiError as it is; a database that is away as 503; everything else as 500, its text kept inside. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  const code = (error as { code?: unknown } | null)?.code
  const away =
    (typeof code === 'string' && unavailable.has(code)) ||
    (error instanceof Error &&
      /timeout exceeded when trying to connect|Connection terminated/.test(error.message))
  return new ApiError(away ? 'server_unavailable' : 'internal_server_error', { cause: error })
}
