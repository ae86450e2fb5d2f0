/**
 * What is prepared on which connection: the names that statements go by, the same in all, and what each
 * connection has learnt of them.
 */

export type Row = Record<string, unknown>

export interface Columns {
  names: readonly string[]
  /** What makes a value of a column's text; undefined where the text is the value. */
  parsers: readonly (((text: string) => unknown) | undefined)[]
  /** A row of nulls, to copy: rows of a statement then have one shape. */
  empty: Row
}

/** A statement on one connection. */
export interface Plan {
  readonly name: string
  readonly text: string
  parsed: boolean
  columns: Columns | undefined
  /** The last answer's tag ("UPDATE 1"), mostly the same as the next one's, and what it says. */
  tag: string
  command: string
  rowCount: number | null
}

// Each name keeps a plan in every connection, so texts that requests put together do not all get one.
const maxBuilt = 300
const names = new Map<string, string>()
/** Texts that stand in the code as they are: there is an end to them. */
const constant = new Set<string>()
let built = 0
let generation = 0

/** Says that a text stands in the code as it is. Such a text is always prepared. */
export function markConstant(text: string): void {
  constant.add(text)
}

/** Forgets every name, so that statements are prepared anew: the plans of the old names are stale. */
export function forgetPlans(): void {
  generation += 1
  built = 0
  names.clear()
}

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

/** The statements of one connection. */
export class Plans {
  readonly #plans = new Map<string, Plan>()
  #generation = generation

  /** The plan of a text, or undefined where it is to be sent without a name. */
  of(text: string): Plan | undefined {
    if (this.#generation !== generation) {
      this.#plans.clear()
      this.#generation = generation
    }
    return this.#plans.get(text) ?? this.#add(text)
  }

  #add(text: string): Plan | undefined {
    const name = nameOf(text)
    if (name === undefined) return undefined
    const last = { tag: '', command: '', rowCount: null }
    const plan: Plan = { name, text, parsed: false, columns: undefined, ...last }
    this.#plans.set(text, plan)
    return plan
  }
}
