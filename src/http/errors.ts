/**
 * The error catalogue: every `error_type` that the API can answer, with its HTTP status and its
 * message. Handlers throw `new ApiError('organization_not_found')`; `endpoint.ts` makes the envelope.
 */
import { badRequest, byStatus, type SearchErrorType, search } from './error-catalogue.ts'
import { connection, oidcCallback, policy, samlCallback } from './sso-error-catalogue.ts'

type Messages = Record<string, string>

/** Every `error_type` with its status and message. */
export const errorCatalogue: ReadonlyMap<string, { status: number; message: string }> = new Map(
  [
    ...[badRequest, search, connection, samlCallback, oidcCallback, policy].map(
      (group) => [400, group] as const,
    ),
    ...Object.entries(byStatus).map(([status, group]) => [Number(status), group] as const),
  ].flatMap(([status, group]) =>
    Object.entries(group as Messages).map(
      ([error_type, message]) => [error_type, { status, message }] as const,
    ),
  ),
)

type KeysOf<T> = T extends unknown ? keyof T : never

/** Every name in the catalogue. */
export type ErrorType =
  | keyof typeof badRequest
  | SearchErrorType
  | keyof typeof connection
  | keyof typeof samlCallback
  | keyof typeof oidcCallback
  | keyof typeof policy
  | KeysOf<(typeof byStatus)[keyof typeof byStatus]>

/** Whether a name stands in the catalogue. */
export function isErrorType(name: string): name is ErrorType {
  return errorCatalogue.has(name)
}

/**
 * An error that the caller of the API is told. Takes the `error_type`, and where the catalogue's
 * sentence can be made more precise a `message`, `details` for `error_details`, the answer's `status`
 * where it differs from the catalogue's (413), its further `headers` (Retry-After), and the `cause`.
 */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly error_type: ErrorType
  readonly status: number
  readonly details: Record<string, unknown> | undefined
  readonly headers: Readonly<Record<string, string>> | undefined

  constructor(
    error_type: ErrorType,
    options: {
      message?: string
      details?: Record<string, unknown>
      status?: number
      headers?: Record<string, string>
      cause?: unknown
    } = {},
  ) {
    const entry = errorCatalogue.get(error_type)
    super(options.message ?? entry?.message ?? error_type, { cause: options.cause })
    this.error_type = error_type
    this.status = options.status ?? entry?.status ?? 400
    this.details = options.details
    this.headers = options.headers
  }
}
