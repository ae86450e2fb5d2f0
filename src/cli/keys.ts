import { noCaches } from '../db/cache.ts'
import { rotateSigningKey } from '../sessions/keys.ts'
import type { Command } from './command.ts'
import { withDatabase } from './database.ts'
import { projectOf } from './projects.ts'

/** `portcullis keys rotate`: publishes a new key for session JWTs; it signs 15 minutes later. */
export const rotateKeys: Command = {
  name: 'keys rotate',
  summary: 'Publish a new key for session JWTs; it begins to sign 15 minutes later',
  options: { project: { type: 'string' } },
  help: 'The key before it stays published for an hour after its last use, so that local checks go on.',
  run: (values) =>
    withDatabase(async (database) => {
      const project_id = await projectOf(database.db, values)
      const services = {
        db: database.db,
        cipher: database.cipher(),
        caches: noCaches,
        now: () => new Date(),
      }
      return rotateSigningKey(services, project_id)
    }),
}
