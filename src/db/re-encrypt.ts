import { type Database, statement, transaction } from './connect.ts'
import {
  type EncryptedColumn,
  type EncryptedRow,
  encryptedColumns,
  nameOf,
  readRow,
  type Unreadable,
} from './encrypted-columns.ts'
import { type Cipher, ciphertextPrefix } from './secrets.ts'

export interface ReEncrypted {
  column: string
  re_encrypted: number
}

export interface ReEncryptOptions {
  batch?: number
  /** Called after each batch with the values done so far in that column. */
  onProgress?(column: string, re_encrypted: number): void
}

/**
 * Encrypts with the ring's first key whatever was encrypted with another, in small batches while servers
 * run. Each value is replaced only where it still is what was read. It can be ended and begun again at any
 * time. What cannot be read is left as it is, and listed.
 */
export async function reEncrypt(
  db: Database,
  cipher: Cipher,
  options: ReEncryptOptions = {},
): Promise<{ columns: ReEncrypted[]; unreadable: Unreadable[] }> {
  const columns: ReEncrypted[] = []
  const unreadable: Unreadable[] = []
  for (const column of encryptedColumns) {
    const name = nameOf(column)
    let re_encrypted = 0
    // What a server changed meanwhile, or wrote with the key that came first before, is for the next pass.
    for (let pass = 1; pass <= maxPasses; pass++) {
      const found = await reEncryptColumn(db, cipher, column, options.batch ?? 100, (done) => {
        re_encrypted += done
        options.onProgress?.(name, re_encrypted)
      })
      if (found.values > found.unreadable.length && pass < maxPasses) continue
      unreadable.push(...found.unreadable)
      break
    }
    columns.push({ column: name, re_encrypted })
  }
  return { columns, unreadable }
}

const maxPasses = 20

/** One pass through a column, in the order of its primary key. */
async function reEncryptColumn(
  db: Database,
  cipher: Cipher,
  column: EncryptedColumn,
  batch: number,
  onDone: (values: number) => void,
): Promise<{ values: number; unreadable: Unreadable[] }> {
  const found = { values: 0, unreadable: [] as Unreadable[] }
  const select = selectSQL(column)
  const prefix = ciphertextPrefix(cipher.key_ids[0])
  let after: string[] = column.primary_key.map(() => '')
  for (;;) {
    const rows = await statement<EncryptedRow>(db, select, [prefix, batch, ...after])
    const last = rows.at(-1)
    if (!last) return found
    found.values += rows.length
    const changed = rows.flatMap((row) => reEncryptRow(cipher, column, row, found.unreadable))
    if (changed.length > 0) onDone(await replace(db, column, changed))
    after = column.primary_key.map((name) => last[name]!)
  }
}

function reEncryptRow(
  cipher: Cipher,
  column: EncryptedColumn,
  row: EncryptedRow,
  unreadable: Unreadable[],
): { row: EncryptedRow; replacement: Buffer }[] {
  const read = readRow(cipher, column, row)
  if ('plaintext' in read) {
    const replacement = cipher.encrypt(read.plaintext, read.place)
    return [{ row, replacement }]
  }
  unreadable.push(read)
  return []
}

function selectSQL({ table, column, primary_key }: EncryptedColumn): string {
  const key = primary_key.join(', ')
  const after = primary_key.map((_, index) => `$${index + 3}::text`).join(', ')
  return `select ${key}, ${column} as ciphertext from ${table}
    where length(${column}) > 0 and substring(${column} from 1 for length($1::bytea)) <> $1::bytea
      and (${key}) > (${after}) order by ${key} limit $2`
}

/** One statement a batch: nobody waits for more than these rows, and for no longer than it takes. */
async function replace(
  db: Database,
  { table, column, primary_key }: EncryptedColumn,
  changed: { row: EncryptedRow; replacement: Buffer }[],
): Promise<number> {
  const names = [...primary_key, 'read', 'replacement']
  const types = [...primary_key.map(() => 'text[]'), 'bytea[]', 'bytea[]']
  const text = `update ${table} t set ${column} = n.replacement
    from unnest(${types.map((type, index) => `$${index + 1}::${type}`).join(', ')}) as n(${names.join(', ')})
    where ${primary_key.map((name) => `t.${name} = n.${name}`).join(' and ')} and t.${column} = n.read
    returning 1 as replaced`
  const values = [
    ...primary_key.map((name) => changed.map(({ row }) => row[name])),
    changed.map(({ row }) => row.ciphertext),
    changed.map(({ replacement }) => replacement),
  ]
  const rows = await transaction(db, (trx) => statement(trx, text, values))
  return rows.length
}
