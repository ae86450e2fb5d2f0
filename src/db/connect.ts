/**
 * The connection to PostgreSQL: Kysely over a pool of `pg`, every statement prepared under a name.
 * Measured: PostgreSQL spends two to four times as much on a statement that it plans anew. What is written
 * as text (`statement`) and transactions go to the pool straight: the layers of the query builder cost a
 * node as much CPU as the round trip itself.
 */
import {
  CompiledQuery,
  type DatabaseConnection,
  Kysely,
  PostgresDialect,
  type PostgresPoolClient,
  Transaction,
} from 'kysely'
import pg from 'pg'
import { markConstant } from './plans.ts'
import { type Connection, ConnectionPool, type Send, stalePlan } from './pool.ts'
import type { Schema } from './schema.ts'

/** The database or a transaction on it: what every shared function takes as its first argument. */
export type Database = Kysely<Schema>

export interface ConnectOptions {
  url: string
  /** Off behind pgbouncer in transaction mode, which cannot keep prepared statements. */
  prepared_statements: boolean
  max_connections?: number
  /** A statement that has no answer for so long is given up, with its connection; without it, never. */
  patience_ms?: number
}

const retryable = new Set([stalePlan, '40001', '40P01'])

/** How a database that `connect` opened, or a transaction on it, is reached without its query builder. */
interface Reach {
  send: Send
  begin<T>(work: (trx: Transaction<Schema>) => Promise<T>): Promise<T>
}

const reaches = new WeakMap<Database, Reach>()

/**
 * Opens a pool (connections are made when first used). Close it with `db.destroy()`.
 */
export function connect(options: ConnectOptions): Database {
  const settings = {
    connectionString: options.url,
    max: options.max_connections ?? 20,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    application_name: 'portcullis',
  }
  const pool = new ConnectionPool(settings, options.prepared_statements, options.patience_ms)
  const dialect = new PostgresDialect({
    pool: {
      options: settings,
      connect: async () => (await pool.acquire()) as unknown as PostgresPoolClient,
      end: async () => {}, // by PooledDatabase: Kysely forgets it where only `statement` was used
    } as ConstructorParameters<typeof PostgresDialect>[0]['pool'] & object,
  })
  const db = new PooledDatabase(dialect, pool)
  const executor = db.getExecutor()
  const parts = { config: { dialect }, dialect, driver: dialect.createDriver() }
  reaches.set(db, {
    async send(text, values) {
      const connection = await pool.acquire()
      try {
        return await connection.query(text, values)
      } finally {
        connection.release()
      }
    },
    begin: async (work) =>
      runTransaction(await pool.acquire(), work, (connection) => {
        const provideConnection = <T>(use: (connection: DatabaseConnection) => Promise<T>) =>
          use(connection)
        return new Transaction<Schema>({
          ...parts,
          executor: executor.withConnectionProvider({ provideConnection }),
        })
      }),
  })
  return db
}

class PooledDatabase extends Kysely<Schema> {
  readonly #pool: ConnectionPool

  constructor(dialect: PostgresDialect, pool: ConnectionPool) {
    super({ dialect })
    this.#pool = pool
  }

  override async destroy(): Promise<void> {
    await super.destroy()
    await this.#pool.end()
  }
}

/** BEGIN, `work`, COMMIT; ROLLBACK where one of them fails. Nothing can be sent afterwards. */
async function runTransaction<T>(
  connection: Connection,
  work: (trx: Transaction<Schema>) => Promise<T>,
  transactionOn: (connection: DatabaseConnection) => Transaction<Schema>,
): Promise<T> {
  let ended = false
  const send: Send = async (text, values) => {
    if (ended) throw new Error('this transaction has ended')
    return connection.query(text, values)
  }
  const trx = transactionOn(builderConnection(send))
  reaches.set(trx, { send, begin: (inner) => inner(trx) })
  let broken = false
  try {
    await connection.query('begin')
    const result = await work(trx)
    ended = true
    // PostgreSQL answers so where an error within was caught, and nothing is written.
    const { command } = await connection.query('commit')
    if (command === 'ROLLBACK') throw new Error('the transaction was aborted by an earlier error')
    return result
  } catch (error) {
    ended = true
    await connection.query('rollback').catch(() => {
      broken = true
    })
    throw error
  } finally {
    connection.release(broken)
  }
}

const counted = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE'])

/** A connection as the query builder wants it. */
function builderConnection(send: Send): DatabaseConnection {
  return {
    async executeQuery<Row>({ sql, parameters }: CompiledQuery) {
      const { command, rowCount, rows } = await send(sql, [...parameters])
      return {
        rows: (rows ?? []) as Row[],
        ...(counted.has(command) && { numAffectedRows: BigInt(rowCount ?? 0) }),
      }
    },
    streamQuery() {
      throw new Error('rows are not streamed here')
    },
  }
}

/**
 * Runs a statement of constant SQL text with `$1`-style values and returns its rows, always prepared. For
 * the hot path, where building the query would cost as much as running it.
 */
export async function statement<Row>(
  db: Database,
  text: string,
  values: unknown[],
): Promise<Row[]> {
  markConstant(text)
  const reach = reaches.get(db)
  const { rows } = reach
    ? await reach.send(text, values)
    : await db.executeQuery<Row>(CompiledQuery.raw(text, values))
  return rows as Row[]
}

/**
 * Runs `work` in a transaction, once more when PostgreSQL asks for that (serialization, deadlock, a plan
 * made stale by a migration) or when `retryOn` names the constraint whose violation means that somebody
 * else was faster. Inside a transaction it just joins it.
 */
export async function transaction<T>(
  db: Database,
  work: (trx: Transaction<Schema>) => Promise<T>,
  options: { retryOn?: readonly string[] } = {},
): Promise<T> {
  if (db.isTransaction) return work(db as Transaction<Schema>)
  for (let attempt = 1; ; attempt++) {
    try {
      const reach = reaches.get(db)
      return await (reach ? reach.begin(work) : db.transaction().execute(work))
    } catch (error) {
      const violated = violatedConstraint(error)
      const again =
        retryable.has(pgCode(error) ?? '') ||
        (violated !== undefined && options.retryOn?.includes(violated))
      if (!again || attempt >= 5) throw error
    }
  }
}

/** The SQLSTATE of an error of PostgreSQL. */
export function pgCode(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined
}

/** The unique constraint or index that an insert or update violated, if that is what went wrong. */
export function violatedConstraint(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError && error.code === '23505' ? error.constraint : undefined
}
