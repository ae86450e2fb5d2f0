/**
 * The connections to PostgreSQL. `pg`'s pool makes, counts and closes them; those that were just used are
 * kept before it for a moment, where taking one costs neither a turn nor a timer.
 */
import pg from 'pg'
import { forgetPlans, type Plan, Plans } from './plans.ts'
import { type Answer, execute } from './prepared.ts'

/** "cached plan must not change result type", after a migration. */
export const stalePlan = '0A000'

const keptMs = 1_000

/** How often statements that have no answer yet are looked at. */
const lookedAtMs = 1_000

/** Sends one statement, to one connection or to any that is free. */
export type Send = (text: string, values?: unknown[]) => Promise<Answer>

/** A connection taken from the pool; whoever took it gives it back once. */
export interface Connection {
  query: Send
  release(broken?: boolean): void
}

export class ConnectionPool {
  readonly #pool: pg.Pool
  readonly #prepared: boolean
  readonly #connections = new WeakMap<pg.PoolClient, PooledConnection>()
  readonly #all = new Set<PooledConnection>()
  #spare: PooledConnection[] = []
  #timer: NodeJS.Timeout | undefined
  readonly #watch: NodeJS.Timeout | undefined

  /**
   * No connection is made before one is needed. `prepared`: whether statements get names. A connection whose
   * statement has no answer for longer than `patienceMs` is cut: a network that has fallen silent, or a
   * database that hangs, would keep it, and whoever waits, for many minutes.
   */
  constructor(options: pg.PoolConfig, prepared: boolean, patienceMs?: number) {
    this.#pool = new pg.Pool(options)
    this.#prepared = prepared
    if (patienceMs !== undefined)
      this.#watch = setInterval(() => this.#cutSilent(patienceMs), lookedAtMs).unref()
    // An idle connection that breaks leaves the pool by itself; without a listener it ends the process.
    this.#pool.on('error', () => {})
  }

  /** One that is free, or a new one; rejects where there is none for too long. */
  acquire(): Connection | Promise<Connection> {
    const spare = this.#spare.pop()
    if (!spare) return this.#connect()
    spare.taken = true
    return spare
  }

  /** Closes the connections, each when it is given back. */
  async end(): Promise<void> {
    if (this.#pool.ending) return
    clearInterval(this.#watch)
    const ended = this.#pool.end()
    this.#giveBack()
    await ended
  }

  async #connect(): Promise<Connection> {
    const client = await this.#pool.connect()
    const connection = this.#connections.get(client) ?? this.#add(client)
    connection.taken = true
    return connection
  }

  #add(client: pg.PoolClient): PooledConnection {
    const connection = new PooledConnection(client, this.#prepared, () => this.#keep(connection))
    this.#connections.set(client, connection)
    this.#all.add(connection)
    client.once('end', () => this.#all.delete(connection))
    // While it is out of `pg`'s pool nobody else listens, and an error without a listener ends the process.
    client.on('error', () => {
      connection.broken = true
      const at = this.#spare.indexOf(connection)
      if (at < 0) return
      this.#spare.splice(at, 1)
      client.release(true)
    })
    return connection
  }

  #keep(connection: PooledConnection): void {
    if (connection.broken || this.#pool.ending || this.#pool.waitingCount > 0) {
      connection.client.release(connection.broken)
      return
    }
    this.#spare.push(connection)
    this.#timer ??= setTimeout(() => this.#giveBack(), keptMs).unref()
  }

  #cutSilent(patienceMs: number): void {
    const before = performance.now() - patienceMs
    for (const connection of this.#all) if (connection.asked_at < before) connection.cut()
  }

  /** To `pg`'s pool, which closes what is idle for long. */
  #giveBack(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const spare = this.#spare
    this.#spare = []
    for (const { client } of spare) client.release()
  }
}

/**
 * A connection that sends every statement with values under its name, and once more where a migration has
 * made its plan stale; within a transaction that is left to `transaction`.
 */
class PooledConnection implements Connection {
  readonly client: pg.PoolClient
  taken = false
  broken = false
  /** When the statement under way was sent; Infinity between statements. */
  asked_at = Number.POSITIVE_INFINITY
  #underWay = 0
  readonly #prepared: boolean
  readonly #plans = new Plans()
  readonly #onRelease: () => void

  constructor(client: pg.PoolClient, prepared: boolean, onRelease: () => void) {
    this.client = client
    this.#prepared = prepared
    this.#onRelease = onRelease
  }

  async query(text: string, values: unknown[] = []): Promise<Answer> {
    const plan = this.#planOf(text, values)
    this.asked_at = performance.now()
    this.#underWay++
    try {
      return await this.#send(plan, text, values)
    } catch (error) {
      // Without this its stack tells of the socket, not of who asked.
      if (error instanceof Error) Error.captureStackTrace(error)
      const code = error instanceof pg.DatabaseError ? error.code : undefined
      if (code?.startsWith('57P')) this.broken = true // PostgreSQL closes the connection
      if (!plan || code !== stalePlan) throw error
      forgetPlans()
      if (this.client.getTransactionStatus() !== 'I') throw error
      return await this.#send(this.#planOf(text, values), text, values)
    } finally {
      this.asked_at = --this.#underWay === 0 ? Number.POSITIVE_INFINITY : performance.now()
    }
  }

  /** Without a word to PostgreSQL; who waits for an answer gets "Connection terminated unexpectedly". */
  cut(): void {
    this.broken = true
    const { connection } = this.client as pg.PoolClient & { connection: pg.Connection }
    connection.stream.destroy()
  }

  #planOf(text: string, values: unknown[]): Plan | undefined {
    return this.#prepared && values.length > 0 ? this.#plans.of(text) : undefined
  }

  #send(plan: Plan | undefined, text: string, values: unknown[]): Promise<Answer> {
    return plan ? execute(this.client, plan, values) : this.client.query(text, values)
  }

  release(broken = false): void {
    if (!this.taken) throw new Error('a connection was given back twice')
    this.taken = false
    if (broken) this.broken = true
    this.#onRelease()
  }
}
