/**
 * explain/ holds what people configure wrongly, as data, each with what the trace must say of it: the
 * cause, the value that is registered and the one that came, who must act, and what to do. This file: how
 * a refusal is read, by the trace, the member's page and the command line.
 */
import assert from 'node:assert/strict'
import { runCommand } from '../../src/cli/commands.ts'
import type { Check } from '../../src/sso/flow.ts'
import { getLogin } from '../../src/sso/login-trace.ts'
import { databaseURL, server } from '../harness.ts'
import type { Setup } from '../login.ts'

/** One misconfiguration, run as a login. */
export interface Case {
  name: string
  kind: 'saml' | 'oidc' | 'policy' | 'start' | 'never back'
  run(): Promise<void>
}

/**
 * What the trace must say. Names in braces stand for values of the run, such as `{acs}`; `expected` and
 * `actual` are parts of what the check has.
 */
export interface Told {
  error_type: string
  check: string
  expected: string
  actual: string
  who: 'it_admin' | 'developer' | 'operator'
  /** What the sentence on what to do must hold. */
  what: RegExp | string
}

const people = {
  it_admin: 'Your organization’s IT administrator',
  developer: 'The developers of the application',
  operator: 'The operator of this sign-in service',
}

export type Names = Record<string, string>

/** Fills in the names in braces. */
export function filled(text: string, names: Names): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => names[name] ?? whole)
}

/** The command line is asked once for each error type: it takes longer than a login. */
const shown = new Set<string>()

/** Asserts that a refusal explains itself on its page, in its trace, and by the command line. */
export async function assertExplained(
  setup: Setup,
  response: Response,
  told: Told,
  names: Names = {},
  onPage?: string,
): Promise<void> {
  const page = readable(await response.text())
  assert.ok(response.status >= 400 && response.status < 500, `${response.status} ${page}`)
  assert.equal(response.headers.get('location'), null)
  const [request_id] = /request-id-test-[0-9a-f-]+/.exec(page) ?? []
  assert.ok(request_id, page)
  const { services } = await server()
  const login = await getLogin(
    services.db,
    setup.project.project_id,
    request_id,
    new Date(Date.now() + 1_000),
  )
  assert.ok(login, `no trace of ${request_id}: ${page}`)
  assert.deepEqual(
    [login.state, login.error_type, login.failed_check],
    ['failed', told.error_type, told.check],
    JSON.stringify(login.checks.at(-1)),
  )
  const failed = login.checks.findLast(({ verdict }) => verdict === 'fail')!
  assertSays(failed, told, names)
  assertPage(page, { ...failed, ...(onPage !== undefined && { actual: onPage }) }, told)
  if (onPage !== undefined) assert.ok(!page.includes(failed.actual!), page)
  if (shown.has(told.error_type)) return
  shown.add(told.error_type)
  await assertShown(setup.project.project_id, request_id, failed)
}

/** Asserts that a check holds both values, who must act, and a sentence on what to do. */
export function assertSays(check: Check, told: Told, names: Names = {}): void {
  const { expected = '', actual = '', fix } = check
  assert.ok(expected.includes(filled(told.expected, names)), `expected: ${expected}`)
  assert.ok(actual.includes(filled(told.actual, names)), `actual: ${actual}`)
  assert.ok(told.expected.length > 2 && told.actual.length > 2 && expected !== actual)
  assert.ok(expected.length <= 600 && actual.length <= 600)
  assert.equal(fix?.who, told.who, fix?.what)
  assertSentence(fix!.what, told.what, names)
}

/** Asserts that words can be acted on: whole sentences that hold `what`. */
export function assertSentence(text: string, what: RegExp | string, names: Names = {}): void {
  if (typeof what === 'string') assert.ok(text.includes(filled(what, names)), text)
  else assert.match(text, what)
  assert.match(text, /^\p{Lu}.{30,}\.$/su, text)
}

/** Asserts that the page of a refusal says all of it. */
export function assertPage(
  page: string,
  { expected, actual, fix }: Check,
  { error_type, who }: Told,
) {
  for (const text of [error_type, expected, actual, fix!.what, people[who]])
    assert.ok(page.includes(oneLine(text!)), `${text} is not on the page: ${page}`)
}

/** The same by `portcullis logins show`, with and without `--json`. */
async function assertShown(project_id: string, request_id: string, failed: Check): Promise<void> {
  const show = ['logins', 'show', request_id, '--project', project_id]
  const json = JSON.parse(await portcullis(...show, '--json'))
  assert.deepEqual(json.checks.at(-1), failed)
  const text = await portcullis(...show)
  assert.match(text, /expected +\S.*\n +found +\S.*\n +who must act +\S.*\n +what to do +\S/)
}

async function portcullis(...args: string[]): Promise<string> {
  let printed = ''
  let complaint = ''
  const before = process.env.DATABASE_URL
  try {
    process.env.DATABASE_URL = await databaseURL()
    const code = await runCommand(args, {
      stdout: (text) => {
        printed += text
      },
      stderr: (text) => {
        complaint += text
      },
    })
    assert.equal(code, 0, complaint)
  } finally {
    if (before === undefined) delete process.env.DATABASE_URL
    else process.env.DATABASE_URL = before
  }
  return printed
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }

/** What a person reads of a page. */
export function readable(html: string): string {
  const text = html.replace(/<style.*?<\/style>/s, '').replace(/<[^>]*>/g, ' ')
  return oneLine(text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name]!))
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
