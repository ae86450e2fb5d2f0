// A PostgreSQL of the server's own, run when DATABASE_URL is unset: this file starts and stops it.
// Beside it: embedded-programs.ts (where npm put it), embedded-account.ts (who runs it),
// embedded-lock.ts (one server a folder), embedded-cluster.ts (the database folder),
// embedded-server.ts (start and stop), embedded-process.ts (ends with the server),
// embedded-error.ts (plain sentences).
import { mkdir, realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import { chooseAccount } from './embedded-account.ts'
import { major, openCluster } from './embedded-cluster.ts'
import { explainFailure } from './embedded-error.ts'
import { takeLock } from './embedded-lock.ts'
import { findPrograms } from './embedded-programs.ts'
import { startServer, stopServer } from './embedded-server.ts'

/** A running PostgreSQL: where to connect, its process, and how it ends. */
export type EmbeddedDatabase = {
  url: string
  pid: number
  stop(): Promise<void>
  /** Resolves when PostgreSQL has ended, whether stopped or crashed; never rejects. */
  exited: Promise<void>
}

/**
 * Runs a PostgreSQL of the server's own on the data in `data_dir`, made at the first start; it
 * ends with this process at the latest. `log` gets what an operator should know. `run_as` forces
 * one of the two ways of root (tests).
 * Throws `EmbeddedDatabaseError` with a sentence for the person who started the server.
 */
export async function startEmbedded(options: {
  data_dir: string
  log?: (line: string) => void
  run_as?: 'namespace' | 'user'
}): Promise<EmbeddedDatabase> {
  const log = options.log ?? (() => undefined)
  const releases: (() => Promise<void>)[] = []
  const release = async () => {
    for (const free of releases.splice(0).reverse()) await free().catch(() => undefined)
  }
  try {
    const data_dir = await ownFolder(resolve(options.data_dir))
    releases.push(await takeLock(data_dir))
    const programs = await findPrograms()
    const database = `postgres-${major}`
    const request = { data_dir, database, programs, log, run_as: options.run_as }
    const account = await chooseAccount(request)
    // A copied data_dir points to the same home.
    if (account.home !== data_dir) releases.push(await takeLock(account.home))
    const cluster = await openCluster(account, log)
    const { child, port } = await startServer(account, cluster, log)
    const exited = new Promise<void>((ended) => child.once('close', () => ended())).then(release)
    return {
      url: `postgres://portcullis:${cluster.password}@127.0.0.1:${port}/portcullis`,
      pid: child.pid!,
      stop: () => stopServer(child, exited),
      exited,
    }
  } catch (error) {
    await release()
    throw explainFailure(error, options.data_dir)
  }
}

async function ownFolder(data_dir: string): Promise<string> {
  try {
    await mkdir(data_dir, { recursive: true, mode: 0o700 })
    return await realpath(data_dir)
  } catch (error) {
    throw explainFailure(error, data_dir)
  }
}
