/**
 * What every search of the API shares (backend.md section 11): query, operands, limit and cursor. A
 * subject gives the table of its filters, each with the condition that it puts on the rows.
 */
import { type RawBuilder, type SqlBool, sql } from 'kysely'
import { z } from 'zod'
import { ApiError, type ErrorType } from './errors.ts'

/** A piece of SQL that is true or false of a row; write it with Kysely's `sql`, which binds values. */
export type Condition = RawBuilder<SqlBool>

/** What a filter takes, and the condition that it makes of that. */
export type Filter =
  | { takes: 'strings'; where(values: string[]): Condition }
  | { takes: 'string'; where(value: string): Condition }
  | { takes: 'boolean'; where(value: boolean): Condition }
  | {
      /** At least 3 characters; arrives as the pattern of a LIKE, its wildcards escaped. */
      takes: 'fuzzy'
      where(pattern: string): Condition
      /** The error type of a shorter one, where it is not `{name}_search_{filter}_too_short`. */
      too_short?: ErrorType
    }

export type Filters = Readonly<Record<string, Filter>>

const maxOperands = 20
const maxValues = 1_000

/** The `query` of a search. What an operand must be depends on its filter: `parseOperands` says. */
export const SearchQuery = z.object({
  operator: z.string('user_search_invalid_operator').nullish(),
  operands: z.array(z.record(z.string(), z.unknown())).max(maxOperands).nullish(),
})

/** The inputs that all searches have; `limit` is 100 when not given. */
export const SearchInput = z.object({
  cursor: z.string('user_search_invalid_cursor').optional(),
  limit: z.int('must be an integer from 1 to 1000').min(1).max(1_000).default(100),
  query: SearchQuery.optional(),
})

/** The `results_metadata` of a search: `next_cursor` is null on the last page. */
export const ResultsMetadata = z.object({ total: z.int(), next_cursor: z.string().nullable() })

/** The conditions of a query, and whether a row must meet all of them or any. */
export interface Search {
  operator: 'AND' | 'OR'
  conditions: Condition[]
}

/**
 * Makes conditions of a query. Throws `user_search_invalid_operator`, and of `{name}_search_*`:
 * `missing_filter_name`, `filter_name_must_be_string`, `filter_name_not_recognized`,
 * `missing_filter_value`, `expected_array_of_strings`, `expected_string`, `expected_boolean` and
 * `{filter}_too_short`. A query that is not there, or has no operands, matches everything.
 */
export function parseOperands(
  name: 'organization' | 'member',
  query: z.output<typeof SearchQuery> | undefined,
  filters: Filters,
): Search {
  const operator = query?.operator ?? 'AND'
  if (operator !== 'AND' && operator !== 'OR') throw new ApiError('user_search_invalid_operator')
  const operands = query?.operands ?? []
  return { operator, conditions: operands.map((operand) => toCondition(name, operand, filters)) }
}

function toCondition(
  name: 'organization' | 'member',
  { filter_name, filter_value }: Record<string, unknown>,
  filters: Filters,
): Condition {
  if (filter_name === undefined || filter_name === null || filter_name === '')
    throw new ApiError(`${name}_search_missing_filter_name`)
  if (typeof filter_name !== 'string')
    throw new ApiError(`${name}_search_filter_name_must_be_string`)
  const filter = Object.hasOwn(filters, filter_name) ? filters[filter_name] : undefined
  if (!filter)
    throw new ApiError(`${name}_search_filter_name_not_recognized`, {
      message: `The filter_name "${filter_name}" is not known. Known are: ${Object.keys(filters).join(', ')}.`,
    })
  if (filter_value === undefined || filter_value === null)
    throw new ApiError(`${name}_search_missing_filter_value`, {
      message: `The filter ${filter_name} needs a filter_value.`,
    })
  const wrong = (problem: 'expected_array_of_strings' | 'expected_string' | 'expected_boolean') => {
    const what = problem.slice('expected_'.length).replaceAll('_', ' ')
    const message = `The filter_value of ${filter_name} must be: ${what}.`
    return new ApiError(`${name}_search_${problem}`, { message })
  }
  if (filter.takes === 'strings') {
    const strings = z.array(z.string()).safeParse(filter_value)
    if (!strings.success) throw wrong('expected_array_of_strings')
    if (strings.data.length > maxValues)
      throw new ApiError('bad_request', {
        message: `The filter ${filter_name} takes at most ${maxValues} values.`,
      })
    return filter.where(strings.data)
  }
  if (filter.takes === 'boolean') {
    if (typeof filter_value !== 'boolean') throw wrong('expected_boolean')
    return filter.where(filter_value)
  }
  if (typeof filter_value !== 'string') throw wrong('expected_string')
  if (filter.takes === 'string') return filter.where(filter_value)
  if ([...filter_value].length < 3)
    throw new ApiError(filter.too_short ?? (`${name}_search_${filter_name}_too_short` as ErrorType))
  return filter.where(likePattern(filter_value))
}

/** The pattern of a LIKE that finds a text anywhere; `%`, `_` and `\` stand for themselves. */
export function likePattern(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`
}

/** One condition out of all: true for everything when there is none. */
export function combine(search: Search): Condition {
  if (search.conditions.length === 0) return sql<SqlBool>`true`
  const parts = search.conditions.map((condition) => sql`(${condition})`)
  return sql<SqlBool>`(${sql.join(parts, search.operator === 'OR' ? sql` or ` : sql` and `)})`
}

/**
 * The cursor of the page that follows the row with this id. Ids sort by time (UUID version 7), so rows
 * that come while somebody pages through are found at the end, and none is seen twice or lost.
 */
export function encodeCursor(name: 'organization' | 'member', after: string): string {
  return Buffer.from(JSON.stringify([name, after])).toString('base64url')
}

const idOf = {
  organization: /^organization-(test|live)-[0-9a-f-]{36}$/,
  member: /^member-(test|live)-[0-9a-f-]{36}$/,
}

/**
 * The id after which a page begins; `''`, which sorts before every id, without a cursor. Throws
 * `user_search_invalid_cursor` for anything that `encodeCursor` did not make for this search.
 */
export function decodeCursor(name: 'organization' | 'member', cursor: string | undefined): string {
  if (!cursor) return ''
  const text = Buffer.from(cursor, 'base64url').toString('utf8')
  const after = text.slice(`["${name}","`.length, -2)
  if (!idOf[name].test(after) || encodeCursor(name, after) !== cursor)
    throw new ApiError('user_search_invalid_cursor')
  return after
}

/**
 * Splits what a statement with `limit + 1` found into the page and the cursor of the next one (null at
 * the end).
 */
export function toPage<Row>(
  name: 'organization' | 'member',
  rows: readonly Row[],
  limit: number,
  idOfRow: (row: Row) => string,
): { page: Row[]; next_cursor: string | null } {
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  const more = rows.length > limit && last !== undefined
  return { page, next_cursor: more ? encodeCursor(name, idOfRow(last)) : null }
}
