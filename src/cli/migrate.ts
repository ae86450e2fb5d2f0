import { migrate } from '../db/migrate.ts'
import type { Command } from './command.ts'
import { withDatabase } from './database.ts'

/** `portcullis migrate`: brings the tables up to date; `serve` does it too when it starts. */
export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'Bring the database up to date; serve does it too when it starts',
  run: () => withDatabase(async ({ db }) => ({ applied: await migrate(db) }), { migrate: false }),
}
