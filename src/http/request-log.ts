import type { Services } from '../context.ts'

/** What a request turned out to be about. */
export interface RequestFacts {
  request_id?: string
  project_id?: string
}

/** Kept at level debug alone. */
const facts = new WeakMap<Request, RequestFacts>()

/** Remembers of a request what its line in the log says beside method, route and status. */
export function noteRequest(
  { log }: Pick<Services, 'log'>,
  request: Request,
  found: RequestFacts,
): void {
  if (log.isLevelEnabled('debug')) facts.set(request, { ...facts.get(request), ...found })
}

/**
 * Writes the line of an answered request, at level debug. The route is the pattern, never the address: that
 * holds tokens.
 */
export function logRequest(
  { log }: Pick<Services, 'log'>,
  request: Request,
  answer: { route: string; status: number; seconds: number },
): void {
  if (!log.isLevelEnabled('debug')) return
  const { route, status, seconds } = answer
  const ms = Math.round(seconds * 1e5) / 100
  log.debug({ method: request.method, route, status, ms, ...facts.get(request) }, 'answered')
}
