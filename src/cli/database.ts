import { connect, type Database } from '../db/connect.ts'
import { startEmbedded } from '../db/embedded.ts'
import { migrate } from '../db/migrate.ts'
import { type Cipher, createCipher } from '../db/secrets.ts'
import { readDevelopmentFile, writeDevelopmentFile } from '../development-file.ts'

export interface CommandDatabase {
  db: Database
  url: string
  /** The cipher of the key ring; throws where none is set. */
  cipher(): Cipher
}

/**
 * Runs a command on the database: that of DATABASE_URL, else that of the development server's data
 * folder, whether it runs or not. Brings the tables up to date first.
 */
export async function withDatabase<T>(
  work: (database: CommandDatabase) => Promise<T>,
  options: { migrate?: boolean } = {},
): Promise<T> {
  const data_dir = process.env.PORTCULLIS_DATA_DIR || '.portcullis'
  const file = process.env.DATABASE_URL ? undefined : await readDevelopmentFile(data_dir)
  const running = process.env.DATABASE_URL || (await ifItAnswers(file?.database_url))
  const embedded = running
    ? undefined
    : await startEmbedded({ data_dir, log: (line) => process.stderr.write(`${line}\n`) })
  const url = running ?? embedded!.url
  // A key ring that was made just now must be there for the next start.
  if (embedded && file) await writeDevelopmentFile(data_dir, file)
  const db = connect({
    url,
    prepared_statements: process.env.PORTCULLIS_PREPARED_STATEMENTS !== 'off',
    max_connections: 2,
  })
  const keyRing = process.env.PORTCULLIS_ENCRYPTION_KEYS || file?.encryption_keys
  try {
    if (options.migrate !== false) await migrate(db)
    return await work({
      db,
      url,
      cipher() {
        if (!keyRing)
          throw new Error('PORTCULLIS_ENCRYPTION_KEYS must be set to what the server has.')
        return createCipher(keyRing)
      },
    })
  } finally {
    await db.destroy()
    await embedded?.stop()
  }
}

async function ifItAnswers(url: string | undefined): Promise<string | undefined> {
  if (!url) return undefined
  const db = connect({ url, prepared_statements: false, max_connections: 1 })
  try {
    await db.selectNoFrom((eb) => eb.lit(1).as('one')).execute()
    return url
  } catch {
    return undefined
  } finally {
    await db.destroy()
  }
}
