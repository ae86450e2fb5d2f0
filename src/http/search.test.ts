import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { ApiError } from './errors.ts'
import { decodeCursor, encodeCursor, likePattern, parseOperands, toPage } from './search.ts'

const id = (n: number) => `organization-test-018f0000-0000-7000-8000-${String(n).padStart(12, '0')}`

const seen: unknown[] = []
const note = (value: unknown) => {
  seen.push(value)
  return sql<boolean>`true`
}
const filters = {
  ids: { takes: 'strings', where: note },
  name_fuzzy: { takes: 'fuzzy', where: note },
  phone_fuzzy: {
    takes: 'fuzzy',
    where: note,
    too_short: 'member_search_member_mfa_phone_number_fuzzy_too_short',
  },
  connection: { takes: 'string', where: note },
  active: { takes: 'boolean', where: note },
} as const

function errorOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof ApiError) return error.error_type
    throw error
  }
  return 'none'
}

const operandError = (operand: Record<string, unknown>) =>
  errorOf(() => parseOperands('member', { operator: 'AND', operands: [operand] }, filters))

test('each filter is given its value in the type that it takes', () => {
  seen.length = 0
  const search = parseOperands(
    'organization',
    {
      operator: 'OR',
      operands: [
        { filter_name: 'ids', filter_value: ['a', 'b'] },
        { filter_name: 'name_fuzzy', filter_value: '50%_o\\f' },
        { filter_name: 'connection', filter_value: '' },
        { filter_name: 'active', filter_value: false },
      ],
    },
    filters,
  )
  assert.equal(search.operator, 'OR')
  assert.equal(search.conditions.length, 4)
  assert.deepEqual(seen, [['a', 'b'], '%50\\%\\_o\\\\f%', '', false])
})

test('a query that is absent, or has no operands, puts no condition', () => {
  for (const query of [undefined, {}, { operator: null, operands: null }, { operands: [] }])
    assert.deepEqual(parseOperands('member', query, filters), { operator: 'AND', conditions: [] })
})

test('an operand that is wrong is refused by the error type that says how', () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ filter_value: 1 }, 'member_search_missing_filter_name'],
    [{ filter_name: null, filter_value: 1 }, 'member_search_missing_filter_name'],
    [{ filter_name: '', filter_value: 1 }, 'member_search_missing_filter_name'],
    [{ filter_name: 7, filter_value: 1 }, 'member_search_filter_name_must_be_string'],
    [{ filter_name: 'nope', filter_value: 1 }, 'member_search_filter_name_not_recognized'],
    [{ filter_name: '__proto__', filter_value: 1 }, 'member_search_filter_name_not_recognized'],
    [{ filter_name: 'ids' }, 'member_search_missing_filter_value'],
    [{ filter_name: 'ids', filter_value: null }, 'member_search_missing_filter_value'],
    [{ filter_name: 'ids', filter_value: 'a' }, 'member_search_expected_array_of_strings'],
    [{ filter_name: 'ids', filter_value: ['a', 1] }, 'member_search_expected_array_of_strings'],
    [{ filter_name: 'connection', filter_value: ['a'] }, 'member_search_expected_string'],
    [{ filter_name: 'name_fuzzy', filter_value: 1234 }, 'member_search_expected_string'],
    [{ filter_name: 'active', filter_value: 'true' }, 'member_search_expected_boolean'],
    [{ filter_name: 'name_fuzzy', filter_value: 'ab' }, 'member_search_name_fuzzy_too_short'],
    [
      { filter_name: 'phone_fuzzy', filter_value: '+1' },
      'member_search_member_mfa_phone_number_fuzzy_too_short',
    ],
    [{ filter_name: 'ids', filter_value: Array(1_001).fill('a') }, 'bad_request'],
  ]
  for (const [operand, error_type] of cases) assert.equal(operandError(operand), error_type)
})

test('an operator other than AND and OR is refused', () => {
  for (const operator of ['', 'and', 'NOT'])
    assert.equal(
      errorOf(() => parseOperands('member', { operator, operands: [] }, filters)),
      'user_search_invalid_operator',
    )
})

test('a cursor comes back as the id it was made of; anything else is refused', () => {
  const cursor = encodeCursor('organization', id(1))
  assert.equal(decodeCursor('organization', cursor), id(1))
  assert.equal(decodeCursor('organization', undefined), '')
  assert.equal(decodeCursor('organization', ''), '')
  const made = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  for (const wrong of [
    'x',
    `${cursor}=`,
    cursor.slice(0, -4),
    made(['member', id(1)]),
    made(['organization', "'; drop table organizations --"]),
    made({ after: id(1) }),
  ])
    assert.equal(
      errorOf(() => decodeCursor('organization', wrong)),
      'user_search_invalid_cursor',
    )
  assert.equal(
    errorOf(() => decodeCursor('member', cursor)),
    'user_search_invalid_cursor',
  )
})

test('the last page has no cursor, also when it is full', () => {
  const rows = [id(1), id(2), id(3)]
  assert.equal(toPage('organization', rows, 3, (row) => row).next_cursor, null)
  assert.equal(toPage('organization', [], 3, (row: string) => row).next_cursor, null)
  const { page, next_cursor } = toPage('organization', rows, 2, (row) => row)
  assert.deepEqual(page, [id(1), id(2)])
  assert.equal(decodeCursor('organization', next_cursor ?? ''), id(2))
})

test('wildcards of LIKE stand for themselves', () => {
  assert.equal(likePattern('a_b%c\\d'), '%a\\_b\\%c\\\\d%')
})
