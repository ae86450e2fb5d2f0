import { noCaches } from '../db/cache.ts'
import { countKeyUse } from '../db/encrypted-columns.ts'
import { reEncrypt } from '../db/re-encrypt.ts'
import { rotateSigningKey } from '../sessions/keys.ts'
import { auditCommand } from './audit.ts'
import { type Command, UsageError } from './command.ts'
import { type CommandDatabase, withDatabase } from './database.ts'
import { projectOf } from './projects.ts'

/**
 * `portcullis keys rotate`: publishes a new key for session JWTs, which signs 15 minutes later; with
 * `--encryption` encrypts every stored secret with the first key of the ring.
 */
export const rotateKeys: Command = {
  name: 'keys rotate',
  summary: 'Publish a new key for session JWTs, or re-encrypt stored secrets with the first key',
  options: { project: { type: 'string' }, encryption: { type: 'boolean', default: false } },
  help: `With --project: a new key for session JWTs begins to sign in 15 minutes. The key before it stays
published for an hour after its last use, so that local checks go on.

With --encryption: every client secret and private key of all projects is encrypted with the first key of
PORTCULLIS_ENCRYPTION_KEYS, in small batches while servers run. It can be ended and begun again at any
time. Add the new key to the end of the ring of every node first, then move it to the front everywhere,
then run this; it says which keys are not used any more. The exit code is 1 when a value cannot be read.`,
  run: (values) =>
    withDatabase(async (database) => {
      if (values.encryption) {
        if (values.project)
          throw new UsageError('--encryption is for all projects: leave --project out.')
        return rotateEncryption(database)
      }
      const project_id = await projectOf(database.db, values)
      const services = {
        db: database.db,
        cipher: database.cipher(),
        caches: noCaches,
        now: () => new Date(),
      }
      const rotated = await rotateSigningKey(services, project_id)
      await auditCommand(database.db, {
        project_id,
        action: 'signing_key.rotate',
        target_type: 'project',
        target_id: project_id,
        after: rotated,
      })
      return rotated
    }),
  failed: (result) => 'unreadable' in result && (result.unreadable as unknown[]).length > 0,
}

const reportEveryMs = 1_000

async function rotateEncryption({ db, cipher: makeCipher }: CommandDatabase) {
  const cipher = makeCipher()
  let reported_at = performance.now()
  const { columns, unreadable } = await reEncrypt(db, cipher, {
    onProgress(column, re_encrypted) {
      if (performance.now() - reported_at < reportEveryMs) return
      reported_at = performance.now()
      process.stderr.write(`${column}: ${re_encrypted} re-encrypted\n`)
    },
  })
  await auditCommand(db, {
    project_id: null,
    action: 'encryption_key.rotate',
    target_type: 'encryption_key',
    target_id: cipher.key_ids[0],
  })
  const uses = await countKeyUse(db)
  const used = new Set(uses.map((use) => use.key_id))
  const [encryption_key_id, ...others] = cipher.key_ids
  return {
    encryption_key_id,
    columns,
    key_use: uses,
    /** May leave the ring, once no node encrypts with them any more. */
    unused_key_ids: others.filter((key_id) => !used.has(key_id)),
    missing_key_ids: [...used].filter((key_id) => !cipher.key_ids.includes(key_id)),
    unreadable,
  }
}
