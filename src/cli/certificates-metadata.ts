import { developmentConfig } from '../config.ts'
import type { Services } from '../context.ts'
import { createCaches } from '../db/cache.ts'
import { ApiError } from '../http/errors.ts'
import { guardedFetch } from '../http/fetch.ts'
import { createLimits } from '../http/limits.ts'
import { createLog } from '../log.ts'
import { type RefreshOutcome, refreshNow } from '../sso/metadata-refresh.ts'
import { publicChanges } from '../sso/metadata-refresh-take.ts'
import { type Command, UsageError } from './command.ts'
import { type CommandDatabase, withDatabase } from './database.ts'

/** `portcullis connection refresh-metadata`: reads the metadata of a connection now, as the server does by itself. */
export const refreshMetadata: Command = {
  name: 'connection refresh-metadata',
  summary: "Read a SAML connection's metadata again, and take what has changed",
  usage: 'CONNECTION_ID',
  help: `The metadata are read from the address that the connection was set up from, as the server does every six
hours. New certificates are added and old ones removed where the connection is set to automatic; another entity
id or another host of the SSO URL waits for approval in the dashboard, always. The outcome is unchanged, taken,
pending (waits for approval), or failed: then the last good copy stays in force.

Addresses of private networks need PORTCULLIS_ALLOWED_PRIVATE_HOSTS, as for the server.`,
  run: (_values, [connection_id]) =>
    withDatabase(async (database) => {
      if (!connection_id) throw new UsageError('Which connection? Give its connection_id.')
      const row = await database.db
        .selectFrom('sso_connections')
        .select('project_id')
        .where('connection_id', '=', connection_id)
        .executeTakeFirst()
      if (!row) throw new ApiError('saml_connection_not_found')
      const outcome = await withServices(database, (services) =>
        refreshNow(services, row.project_id, connection_id),
      )
      return { connection_id, ...shown(outcome) }
    }),
  failed: (result) => (result as RefreshOutcome).outcome === 'failed',
}

function shown(outcome: RefreshOutcome): object {
  if (!('changes' in outcome)) return outcome
  return { outcome: outcome.outcome, ...publicChanges(outcome.changes) }
}

/** Runs work with what a server would have, on the database of a command. */
async function withServices<T>(
  { db, url, cipher }: CommandDatabase,
  work: (services: Services) => Promise<T>,
): Promise<T> {
  const facts = { base_url: '', port: 0, database_url: url, encryption_keys: '' }
  const mode = process.env.DATABASE_URL ? ('production' as const) : ('development' as const)
  const config = { ...developmentConfig(process.env, facts), mode }
  const log = createLog('silent')
  const caches = createCaches({ listen_url: config.database_listen_url, log })
  const outbound = guardedFetch({
    allowed_private_hosts: config.allowed_private_hosts,
    development: mode === 'development',
  })
  const now = () => new Date()
  try {
    return await work({
      db,
      config,
      cipher: cipher(),
      caches,
      limits: createLimits({ ...config, now, log }),
      log,
      fetch: outbound as unknown as typeof fetch,
      now,
    })
  } finally {
    await caches.close()
    await outbound.close()
  }
}
