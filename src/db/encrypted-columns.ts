/** The columns that hold ciphertext: what a rotation of the encryption key goes through. */
import { type Database, statement } from './connect.ts'
import {
  type Cipher,
  type CipherPlace,
  ciphertextPrefix,
  DecryptionError,
  keyIdOf,
} from './secrets.ts'

export interface EncryptedColumn {
  table: string
  column: string
  /** The column that names the row to the cipher. */
  row: string
  primary_key: readonly string[]
}

/** All of them: another bytea column is a hash, or stands here. */
export const encryptedColumns: readonly EncryptedColumn[] = [
  {
    table: 'sso_connections',
    column: 'client_secret',
    row: 'connection_id',
    primary_key: ['project_id', 'connection_id'],
  },
  {
    table: 'saml_keys',
    column: 'private_key',
    row: 'key_id',
    primary_key: ['project_id', 'connection_id', 'key_id'],
  },
  {
    table: 'signing_keys',
    column: 'private_key',
    row: 'key_id',
    primary_key: ['project_id', 'key_id'],
  },
  { table: 'admins', column: 'totp_secret', row: 'admin_id', primary_key: ['admin_id'] },
  {
    table: 'webhook_endpoints',
    column: 'secret',
    row: 'webhook_id',
    primary_key: ['project_id', 'webhook_id'],
  },
  { table: 'mails', column: 'content', row: 'mail_id', primary_key: ['mail_id'] },
  {
    table: 'sso_flow_messages',
    column: 'content',
    row: 'message_id',
    primary_key: ['project_id', 'flow_id', 'message_id'],
  },
]

/** How many values of a column were encrypted with a key. */
export interface KeyUse {
  column: string
  key_id: string
  values: number
}

/** Which keys are in use where; a column without values is left out. */
export async function countKeyUse(db: Database): Promise<KeyUse[]> {
  const uses = await Promise.all(
    encryptedColumns.map(async (each) => {
      const { table, column } = each
      const prefix = `substring(${column} from 1 for 1 + get_byte(${column}, 0))`
      const rows = await statement<{ prefix: Buffer; count: number }>(
        db,
        `select ${prefix} as prefix, count(*)::int as count from ${table}
          where length(${column}) > 0 group by 1 order by 1`,
        [],
      )
      return rows.map((row) => ({
        column: nameOf(each),
        key_id: keyIdOf(row.prefix),
        values: row.count,
      }))
    }),
  )
  return uses.flat()
}

/** A value that could not be read, and why. */
export interface Unreadable {
  column: string
  row: string
  reason: string
}

/** A row with its ciphertext, and the columns that name it. */
export type EncryptedRow = Record<string, string> & { ciphertext: Buffer }

/** How a column is called in reports. */
export function nameOf({ table, column }: EncryptedColumn): string {
  return `${table}.${column}`
}

/** The secret of a row, or why it cannot be read. */
export function readRow(
  cipher: Cipher,
  column: EncryptedColumn,
  row: EncryptedRow,
): { plaintext: string; place: CipherPlace } | Unreadable {
  const place = { table: column.table, column: column.column, row: row[column.row]! }
  try {
    return { plaintext: cipher.decrypt(row.ciphertext, place), place }
  } catch (error) {
    if (!(error instanceof DecryptionError)) throw error
    return { column: nameOf(column), row: place.row, reason: error.message }
  }
}

/** Tries one value of each column and key that the ring has; returns those that do not open. */
export async function findUnreadable(db: Database, cipher: Cipher): Promise<Unreadable[]> {
  const unreadable: Unreadable[] = []
  for (const column of encryptedColumns)
    for (const key_id of cipher.key_ids) {
      const rows = await statement<EncryptedRow>(
        db,
        `select ${column.row}, ${column.column} as ciphertext from ${column.table}
          where substring(${column.column} from 1 for length($1::bytea)) = $1::bytea limit 1`,
        [ciphertextPrefix(key_id)],
      )
      for (const row of rows) {
        const read = readRow(cipher, column, row)
        if ('reason' in read) unreadable.push(read)
      }
    }
  return unreadable
}

const sampled = 20

/**
 * Undefined where the ring opens some of what is stored, or nothing is stored yet; else a value that it does
 * not open, as it opens none of some signing and SAML keys: it is the ring of another database.
 */
export async function findForeign(db: Database, cipher: Cipher): Promise<Unreadable | undefined> {
  let foreign: Unreadable | undefined
  for (const column of encryptedColumns.filter(({ column }) => column === 'private_key')) {
    const rows = await statement<EncryptedRow>(
      db,
      `select ${column.row}, ${column.column} as ciphertext from ${column.table} limit $1`,
      [sampled],
    )
    for (const row of rows) {
      const read = readRow(cipher, column, row)
      if ('plaintext' in read) return undefined
      foreign ??= read
    }
  }
  return foreign
}
