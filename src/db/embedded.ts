import { EmbeddedDatabaseError } from './embedded-error.ts'

/** A running PostgreSQL: where to connect, its process, and how it ends. */
export type EmbeddedDatabase = {
  url: string
  pid: number
  stop(): Promise<void>
  /** Resolves when PostgreSQL has ended, whether stopped or crashed; never rejects. */
  exited: Promise<void>
}

/**
 * Runs a PostgreSQL of the server's own on the data in `data_dir`, made at the first start.
 * Throws `EmbeddedDatabaseError` with a sentence for the person who started the server.
 */
export function startEmbedded(options: {
  data_dir: string
  log?: (line: string) => void
  run_as?: 'namespace' | 'user'
}): Promise<EmbeddedDatabase> {
  return Promise.reject(new EmbeddedDatabaseError(`Not built yet: ${options.data_dir}`))
}
