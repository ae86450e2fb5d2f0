/** The order of logins in time: what the ids of flows and requests say of it, and the cursor of a list. */
import type { Environment } from '../db/ids.ts'
import { ApiError } from '../http/errors.ts'

/** How far the times in the ids of one request, and the time in its row, may be apart. */
const slackMs = 60_000

/** Which ids of flows can belong to a time, or to a request: both are made when a flow begins. */
export function idRange(
  environment: Environment,
  { request_id, since, until }: { request_id?: string; since?: Date; until?: Date },
): { from: string; below: string } {
  const at = (ms: number) => {
    const hex = Math.min(Math.max(ms, 0), 2 ** 48 - 1)
      .toString(16)
      .padStart(12, '0')
    return `sso-flow-${environment}-${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`
  }
  const requested = request_id === undefined ? undefined : timeOfRequest(request_id)
  const from = requested ?? since?.getTime() ?? 0
  const below = requested ?? until?.getTime() ?? 2 ** 48
  return { from: at(from - slackMs), below: at(below + slackMs) }
}

/** The milliseconds in a request id; 0, at which there was no login, where it is none. */
function timeOfRequest(request_id: string): number {
  const [, high, low] =
    /^request-id-(?:test|live)-([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-/.exec(request_id) ?? []
  return high && low ? Number.parseInt(high + low, 16) : 0
}

/** The cursor of the page after this login. */
export function encodeCursor(started_at: Date, flow_id: string): string {
  return Buffer.from(JSON.stringify([started_at.getTime(), flow_id])).toString('base64url')
}

/** Where a page begins; throws `user_search_invalid_cursor` for what `encodeCursor` did not make. */
export function decodeCursor(cursor: string | undefined) {
  if (!cursor) return undefined
  const text = Buffer.from(cursor, 'base64url').toString('utf8')
  const [, ms, flow_id] =
    /^\[(\d{1,15}),"(sso-flow-(?:test|live)-[0-9a-f-]{36})"\]$/.exec(text) ?? []
  if (!ms || !flow_id) throw new ApiError('user_search_invalid_cursor')
  return { started_at: new Date(Number(ms)), flow_id }
}
