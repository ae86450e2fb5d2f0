/** A running server: what `npm start` and `portcullis serve` both start. */
import type { Hono } from 'hono'
import { createApp } from './app.ts'
import type { Config } from './config.ts'
import type { Services } from './context.ts'
import { createCaches } from './db/cache.ts'
import { connect } from './db/connect.ts'
import { newId } from './db/ids.ts'
import { migrate } from './db/migrate.ts'
import { createCipher } from './db/secrets.ts'
import { errorBody } from './http/envelope.ts'
import { ApiError } from './http/errors.ts'
import { guardedFetch } from './http/fetch.ts'
import { createLimits } from './http/limits.ts'
import { startJobs } from './jobs.ts'
import { createLog } from './log.ts'

/** No browser and no application waits longer for an answer. */
const patienceMs = 30_000

/** Services that live until they are closed. */
export interface Running {
  services: Services
  app: Hono
  close(): Promise<void>
}

/**
 * Connects, brings the database up to date, and makes the application. Throws what the database says
 * when it cannot be reached.
 */
export async function startServices(config: Config): Promise<Running> {
  const log = createLog(config.log_level)
  await bringUpToDate(config)
  const db = connect({ ...databaseOf(config), patience_ms: patienceMs })
  const caches = createCaches({ listen_url: config.database_listen_url, log })
  const outbound = guardedFetch({
    allowed_private_hosts: config.allowed_private_hosts,
    development: config.mode === 'development',
  })
  const now = () => new Date()
  const services: Services = {
    db,
    config,
    cipher: createCipher(config.encryption_keys),
    caches,
    limits: createLimits({ ...config, now, log }),
    log,
    fetch: outbound as unknown as typeof fetch,
    now,
  }
  const jobs = startJobs(services)
  return {
    services,
    app: createApp(services),
    async close() {
      await jobs.stop()
      await caches.close()
      await outbound.close()
      await db.destroy()
    },
  }
}

const databaseOf = ({ database_url, prepared_statements }: Config) => ({
  url: database_url,
  prepared_statements,
})

/** Over a connection of its own: a migration takes as long as it takes. */
async function bringUpToDate(config: Config): Promise<void> {
  const db = connect({ ...databaseOf(config), max_connections: 1 })
  try {
    await migrate(db)
  } finally {
    await db.destroy()
  }
}

/** The envelope for what is refused before it is a request: bytes that are no HTTP, huge headers. */
export function malformedBody(base_url: string, status = 400): string {
  const message =
    status === 431 ? 'The headers are too large.' : 'This is not a well-formed HTTP request.'
  const error =
    status >= 500
      ? new ApiError('internal_server_error')
      : new ApiError('bad_request', { status, message })
  return JSON.stringify(errorBody(base_url, newId('request-id', 'test'), error))
}
