import type { Hono } from 'hono'
import { sql } from 'kysely'
import type { Services } from '../context.ts'

/** `/healthz`: the process answers. `/readyz`: it can serve, because the database answers. */
export function mountHealth(app: Hono, services: Services): void {
  app.get('/healthz', (c) => c.json({ status: 'ok' }))
  app.get('/readyz', async (c) => {
    try {
      await sql`select 1`.execute(services.db)
      return c.json({ status: 'ok', listening_for_changes: services.caches.listening() })
    } catch {
      return c.json({ status: 'the database does not answer' }, 503)
    }
  })
}
