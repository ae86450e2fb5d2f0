import { readdir, readFile } from 'node:fs/promises'
import { CompiledQuery, sql } from 'kysely'
import { type Database, transaction } from './connect.ts'

const folder = new URL('../../migrations/', import.meta.url)
const lock = 7_209_150_331 // any number that nothing else in this database takes

/**
 * Applies the plain-SQL files of `migrations/` that have not been applied yet, in the order of their
 * names, all in one transaction, once even if several nodes start together. Returns the names that were
 * applied now. Refuses a database that a newer version has migrated, because this version does not
 * know its tables.
 */
export async function migrate(db: Database): Promise<string[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  const version = await sql<{ server_version_num: number }>`
    select current_setting('server_version_num')::int as server_version_num`.execute(db)
  if ((version.rows[0]?.server_version_num ?? 0) < 150_000)
    throw new Error('Portcullis needs PostgreSQL 15 or newer.')
  return transaction(db, async (trx) => {
    await sql`select pg_advisory_xact_lock(${sql.lit(lock)})`.execute(trx)
    await sql`create table if not exists migrations (
      name text primary key, applied_at timestamptz not null default now())`.execute(trx)
    const rows = await sql<{ name: string }>`select name from migrations`.execute(trx)
    const applied = new Set(rows.rows.map((row) => row.name))
    const unknown = [...applied].filter((name) => !files.includes(name))
    if (unknown.length > 0)
      throw new Error(
        `This database was migrated by a newer version of Portcullis (${unknown.join(', ')}): start that version.`,
      )
    const pending = files.filter((name) => !applied.has(name))
    for (const name of pending) {
      await trx.executeQuery(CompiledQuery.raw(await readFile(new URL(name, folder), 'utf8')))
      await sql`insert into migrations (name) values (${name})`.execute(trx)
    }
    return pending
  })
}
