import { sql } from 'kysely'
import { connect, pgCode } from './db/connect.ts'

/** What PostgreSQL answers where the tables were never made. */
const undefined_table = '42P01'

/**
 * Throws where the database of DATABASE_URL is one that `serve` runs on: development would give whoever
 * opens the link that it prints every right over it, and do its work (mail, webhooks) in its own way. Told
 * by a live project, or an administrator with a password, in a database that does not hold the project of
 * the data folder. Nothing is changed by looking.
 */
export async function refuseProduction(url: string, own_project_id = ''): Promise<void> {
  const db = connect({ url, prepared_statements: false, max_connections: 1 })
  try {
    const { rows } = await sql<{ foreign: boolean }>`
      select not exists (select from projects where project_id = ${own_project_id})
        and (exists (select from projects where project_id like 'project-live-%')
          or exists (select from admins where password_hash <> '')) as foreign`.execute(db)
    if (rows[0]?.foreign)
      throw new Error(
        'DATABASE_URL names a database that a production server works on, with live projects or administrators. npm start is for development and does not touch it: unset DATABASE_URL, or name an empty database. The production server is started by bin/portcullis serve.',
      )
  } catch (error) {
    if (pgCode(error) !== undefined_table) throw error
  } finally {
    await db.destroy()
  }
}
