/**
 * Statements that a connection keeps prepared. `pg` asks for the columns at every execution, and reads
 * their description anew each time; here that happens once. PostgreSQL refuses to run a prepared statement
 * whose columns have changed, so what is remembered is true.
 */
import pg from 'pg'
import { executeMessage } from './messages.ts'
import type { Columns, Plan, Row } from './plans.ts'

export interface Answer {
  command: string
  rowCount: number | null
  rows: Row[]
}

/**
 * Runs a statement and prepares it first where the connection has not done so yet. Rejects with PostgreSQL's
 * error, or with what broke the connection.
 */
export function execute(
  client: pg.ClientBase,
  plan: Plan,
  values: readonly unknown[],
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    client.query(new Execution(plan, values, resolve, reject))
  })
}

/** One execution, as `pg` wants it: it calls `submit` when it is its turn, then what handles the answer. */
class Execution implements pg.Submittable {
  readonly text: string
  readonly #plan: Plan
  readonly #values: readonly unknown[]
  readonly #resolve: (answer: Answer) => void
  readonly #reject: (error: unknown) => void
  readonly #rows: Row[] = []
  #command = ''
  #rowCount: number | null = null
  #failure: unknown
  #onParsed: (() => void) | undefined

  constructor(
    plan: Plan,
    values: readonly unknown[],
    resolve: (answer: Answer) => void,
    reject: (error: unknown) => void,
  ) {
    this.text = plan.text
    this.#plan = plan
    this.#values = values
    this.#resolve = resolve
    this.#reject = reject
  }

  /** An error that is returned, not thrown, goes to `handleError` and the connection goes on. */
  submit(connection: pg.Connection): unknown {
    const { name, text, parsed, columns } = this.#plan
    const values = this.#values
    try {
      const step = { name, text: parsed ? undefined : text, describe: !columns, values }
      const message = executeMessage(step)
      if (!parsed) connection.once('parseComplete', this.#awaitParse())
      // Where it is not writable, its end is about to be told to this statement.
      if (connection.stream.writable) connection.stream.write(message)
      return undefined
    } catch (error) {
      return error
    }
  }

  #awaitParse(): () => void {
    this.#onParsed = () => {
      this.#plan.parsed = true
    }
    return this.#onParsed
  }

  handleRowDescription({ fields }: { fields: pg.FieldDef[] }): void {
    this.#plan.columns = columnsOf(fields)
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    try {
      this.#rows.push(rowOf(this.#plan.columns, fields))
    } catch (error) {
      this.#failure ??= error
    }
  }

  handleCommandComplete({ text }: { text: string }): void {
    const plan = this.#plan
    plan.columns ??= columnsOf([])
    if (plan.tag !== text) readTag(plan, text)
    this.#command = plan.command
    this.#rowCount = plan.rowCount
  }

  handleReadyForQuery(): void {
    if (this.#failure !== undefined) this.#reject(this.#failure)
    else this.#resolve({ command: this.#command, rowCount: this.#rowCount, rows: this.#rows })
  }

  handleError(error: unknown, connection: pg.Connection): void {
    if (this.#onParsed) connection.off('parseComplete', this.#onParsed)
    this.#reject(error)
  }

  handleEmptyQuery(): void {}

  handlePortalSuspended(): void {}

  handleCopyData(): void {}

  /** COPY takes no values, so it is never prepared here. */
  handleCopyInResponse(connection: pg.Connection): void {
    connection.stream.destroy(new Error('nothing is copied here'))
  }
}

// The parser of types that have none: it gives the text back.
const asText = pg.types.getTypeParser(25, 'text')

function columnsOf(fields: readonly pg.FieldDef[]): Columns {
  const parsers = fields.map(({ dataTypeID }) => {
    const parser = pg.types.getTypeParser(dataTypeID, 'text')
    return parser === asText ? undefined : parser
  })
  const names = fields.map(({ name }) => name)
  return { names, parsers, empty: Object.fromEntries(names.map((name) => [name, null])) }
}

/** A row as `pg` makes it: of columns of the same name the last one counts. */
function rowOf(columns: Columns | undefined, fields: readonly (string | null)[]): Row {
  if (columns?.names.length !== fields.length)
    throw new Error('PostgreSQL sent other columns than it has described')
  const { names, parsers } = columns
  const row = { ...columns.empty }
  for (let i = 0; i < fields.length; i++) {
    const text = fields[i]!
    const parse = parsers[i]
    row[names[i]!] = text === null || parse === undefined ? text : parse(text)
  }
  return row
}

/** "INSERT 0 1", "SELECT 3", "UPDATE 0", "CREATE TABLE". */
function readTag(plan: Plan, tag: string): void {
  const [command = '', ...rest] = tag.split(' ')
  const count = Number(rest.at(-1) ?? Number.NaN)
  plan.tag = tag
  plan.command = command
  plan.rowCount = Number.isInteger(count) ? count : null
}
