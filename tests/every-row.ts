/** All that the database holds of a project: what a refused call must not change. */
import assert from 'node:assert/strict'
import { sql } from 'kysely'
import { server, type TestProject } from './harness.ts'

/** Selects all rows that a project has, of whichever table. */
async function selectEveryRow() {
  const { db } = (await server()).services
  const tables = await sql<{ name: string }>`
    select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relkind = 'r' and a.attname = 'project_id' and c.relnamespace = current_schema()::regnamespace
    `.execute(db)
  assert.ok(tables.rows.length >= 12, 'every table of a project is looked into')
  const parts = tables.rows.map(
    ({ name }) => sql`select ${name} as name, (to_jsonb(t) - 'last_used_at')::text as row
      from ${sql.table(name)} t where project_id = current_setting('test.project_id')`,
  )
  return sql<{ name: string; row: string }>`${sql.join(parts, sql` union all `)} order by 1, 2`
}

let everyRow: ReturnType<typeof selectEveryRow> | undefined

/** Every row of the project, of every table, without the times at which secrets were used. */
export async function everythingOf({ project_id }: TestProject) {
  const { db } = (await server()).services
  everyRow ??= selectEveryRow()
  const select = await everyRow
  return db.transaction().execute(async (trx) => {
    await sql`select set_config('test.project_id', ${project_id}, true)`.execute(trx)
    return (await select.execute(trx)).rows
  })
}
