import type { Hono } from 'hono'
import { sql } from 'kysely'
import type { Services } from '../context.ts'
import { hashToken, sameHash } from '../db/secrets.ts'
import type { Metrics } from '../metrics.ts'
import { within } from '../within.ts'
import { ApiError } from './errors.ts'

/** Load balancers wait for seconds; a database that hangs answers never. */
const answerMs = 2_000

/**
 * `/healthz`: the process answers. `/readyz`: it can serve, because the database answers. `/metrics`: for
 * Prometheus, by the bearer token of PORTCULLIS_METRICS_TOKEN; without that setting in development only.
 */
export function mountHealth(app: Hono, services: Services, metrics: Metrics): void {
  app.get('/healthz', (c) => c.json({ status: 'ok' }))
  app.get('/readyz', async (c) => {
    try {
      await within(answerMs, sql`select 1`.execute(services.db))
      return c.json({ status: 'ok', listening_for_changes: services.caches.listening() })
    } catch {
      return c.json({ status: 'the database does not answer' }, 503)
    }
  })
  app.get('/metrics', async (c) => {
    if (!mayReadMetrics(services, c.req.header('authorization')))
      throw new ApiError('route_not_found')
    const text = await metrics.registry.metrics()
    return c.text(text, 200, { 'content-type': metrics.registry.contentType })
  })
}

function mayReadMetrics({ config }: Services, authorization: string | undefined): boolean {
  if (config.metrics_token === '') return config.mode === 'development'
  const given = hashToken(authorization?.replace(/^Bearer /i, '') ?? '')
  return sameHash(given, hashToken(config.metrics_token))
}
