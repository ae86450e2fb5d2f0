/**
 * The connection to PostgreSQL: Kysely over a pool of `pg`, every statement prepared under a name.
 * Measured: PostgreSQL spends two to four times as much on a statement that it plans anew.
 */
import {
  CompiledQuery,
  Kysely,
  PostgresDialect,
  type PostgresPoolClient,
  type Transaction,
} from 'kysely'
import pg from 'pg'
import type { Schema } from './schema.ts'

/** The database or a transaction on it: what every shared function takes as its first argument. */
export type Database = Kysely<Schema>

export interface ConnectOptions {
  url: string
  /** Off behind pgbouncer in transaction mode, which cannot keep prepared statements. */
  prepared_statements: boolean
  max_connections?: number
}

// Each name keeps a plan in every connection, so texts that requests put together do not all get one.
const maxBuilt = 300
const stalePlan = '0A000' // "cached plan must not change result type", after a migration
const retryable = new Set([stalePlan, '40001', '40P01'])

/**
 * Opens a pool (connections are made when first used). Close it with `db.destroy()`.
 */
export function connect(options: ConnectOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.max_connections ?? 20,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    application_name: 'portcullis',
  })
  // An idle connection that breaks leaves the pool by itself; without a listener it ends the process.
  pool.on('error', () => {})
  return new Kysely<Schema>({
    dialect: new PostgresDialect({
      pool: {
        options: pool.options,
        connect: async () => wrap(await pool.connect(), options.prepared_statements),
        end: () => pool.end(),
      } as ConstructorParameters<typeof PostgresDialect>[0]['pool'] & object,
    }),
  })
}

const names = new Map<string, string>()
/** Texts that stand in the code as they are: there is an end to them. */
const constant = new Set<string>()
let built = 0
let generation = 0

/** The name that a statement is prepared under, or undefined where it gets none. */
function nameOf(text: string): string | undefined {
  const known = names.get(text)
  if (known !== undefined) return known
  if (!constant.has(text)) {
    if (built >= maxBuilt) return undefined
    built += 1
  }
  const name = `p${generation}_${names.size}`
  names.set(text, name)
  return name
}

const wrapped = new WeakMap<pg.PoolClient, PostgresPoolClient>()

/**
 * A pool client that sends every parameterised statement under its name, and once more where a migration
 * has made its plan stale; within a transaction that is left to `transaction`.
 */
function wrap(client: pg.PoolClient, prepared: boolean): PostgresPoolClient {
  const known = wrapped.get(client)
  if (known) return known
  const query = (text: unknown, values?: unknown[]) => {
    if (typeof text !== 'string' || !values) return client.query(text as string)
    const name = prepared && values.length > 0 ? nameOf(text) : undefined
    if (name === undefined) return client.query(text, values)
    return client.query({ name, text, values }).catch((error) => {
      if (pgCode(error) !== stalePlan) throw error
      forgetPlans()
      if (client.getTransactionStatus() !== 'I') throw error
      return client.query({ name: nameOf(text) ?? '', text, values })
    })
  }
  const wrapper = {
    query,
    release: (error?: boolean | Error) => client.release(error),
  } as unknown as PostgresPoolClient
  wrapped.set(client, wrapper)
  return wrapper
}

/** Forgets every name, so that statements are prepared anew: the plans of the old names are stale. */
function forgetPlans(): void {
  generation += 1
  built = 0
  names.clear()
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
  constant.add(text)
  const result = await db.executeQuery<Row>(CompiledQuery.raw(text, values))
  return result.rows
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
      return await db.transaction().execute(work)
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
