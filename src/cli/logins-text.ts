/** What people read of logins on a terminal. */
import { people } from '../sso/check-words.ts'
import type { Check } from '../sso/flow.ts'
import type { LoginPage, LoginSummary, LoginTrace } from '../sso/traces.ts'

/** Text from outside without what a terminal would obey, or what would break a line. */
function plain(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ')
}

/** The logins as a table, and how to go on where there are more. */
export function loginTable({ logins, next_cursor }: LoginPage): string {
  if (logins.length === 0) return 'No login is like that.\n'
  const head = ['TIME', 'STATE', 'WHO', 'ORGANIZATION', 'CONNECTION', 'REASON', 'ID']
  const rows = [head, ...logins.map((login) => toCells(login).map(plain))]
  const widths = head.map((_, column) => Math.max(...rows.map((row) => [...row[column]!].length)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat(widths[column]! - [...cell].length))
      .join('  ')
      .trimEnd(),
  )
  if (next_cursor !== null) lines.push('', `Older ones: --cursor ${next_cursor}`)
  return `${lines.join('\n')}\n`
}

function toCells(login: LoginSummary): string[] {
  return [
    time(login.started_at),
    login.state,
    login.email_address ?? '-',
    login.organization_slug ?? login.organization_id,
    login.connection_display_name || login.connection_id,
    reason(login),
    login.flow_id,
  ]
}

function reason({ state, verified_at, error_type, failed_check }: LoginSummary): string {
  if (state === 'expired') return verified_at ? 'token never redeemed' : 'never came back'
  if (state !== 'failed') return '-'
  return [error_type, failed_check && `(${failed_check})`].filter(Boolean).join(' ')
}

/** One login: what it was, each check with its mark, and who must act. */
export function loginText(login: LoginTrace): string {
  const facts: [string, string | null][] = [
    ['flow id', login.flow_id],
    ['request id', login.request_id],
    ['state', login.state],
    [
      'began',
      `${time(login.started_at)} ${login.tested_by ? `as a test of ${login.tested_by}` : began[login.initiated_by]}`,
    ],
    ['who', who(login)],
    ['organization', `${login.organization_slug ?? 'deleted'} (${login.organization_id})`],
    ['connection', connection(login)],
    ['steps', steps(login.durations)],
    ['member', login.member_id],
    ['session', login.member_session_id],
    ['error', login.error_type],
    ['kept', kept(login)],
    ['like it', login.suppressed_count > 0 ? `${login.suppressed_count} more, not kept` : null],
  ]
  const lines = facts
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name.padEnd(13)} ${plain(value!)}`)
  if (login.checks.length > 0) lines.push('', 'Checks', ...login.checks.flatMap(checkLines))
  if (login.finding)
    lines.push(
      '',
      'Finding',
      `  ${login.finding.what}`,
      ...detail('who must act', people[login.finding.who]),
      ...login.finding.hints.map((hint) => `    - ${plain(hint)}`),
    )
  return `${lines.join('\n')}\n`
}

function kept({ kept_messages }: LoginTrace): string | null {
  if (kept_messages.length === 0) return null
  return `${kept_messages.join(', ')} (encrypted, for 24 hours; shown in the dashboard)`
}

const began = { sp: 'at the application', idp: 'at the identity provider, or by no known login' }
const marks = { pass: '✓', fail: '✗', skip: '–' }

function checkLines({ name, verdict, expected, actual, fix }: Check): string[] {
  const title = `${marks[verdict]} ${plain(name)}`
  const noted = actual ?? expected
  if (verdict !== 'fail') return [`  ${title}${noted ? `: ${plain(noted)}` : ''}`]
  return [
    `  ${title}`,
    ...detail('expected', expected),
    ...detail('found', actual),
    ...detail('who must act', fix && people[fix.who]),
    ...detail('what to do', fix?.what),
  ]
}

function detail(name: string, value: string | undefined): string[] {
  return value ? [`    ${name.padEnd(13)} ${plain(value)}`] : []
}

function who({ email_address, name, subject }: LoginTrace): string {
  if (email_address === null) return 'not known'
  return [email_address, name, subject && `subject ${subject}`].filter(Boolean).join(', ')
}

function connection(login: LoginTrace): string {
  const { connection_type, connection_display_name, connection_id, identity_provider } = login
  if (connection_type === null) return `deleted (${connection_id})`
  return `${connection_display_name || '-'} (${connection_type}, ${identity_provider}, ${connection_id})`
}

function steps(durations: LoginTrace['durations']): string | null {
  const known: [string, number | null][] = [
    ['at the identity provider', durations.at_identity_provider_ms],
    ['exchange of the code', durations.code_exchange_ms],
    ['until the token was used', durations.redemption_ms],
    ['together', durations.total_ms],
  ]
  const parts = known.flatMap(([name, ms]) => (ms === null ? [] : `${name} ${duration(ms)}`))
  return parts.length > 0 ? parts.join(', ') : null
}

function duration(ms: number): string {
  if (ms < 1_000) return `${ms} ms`
  return ms < 120_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`
}

function time(at: Date): string {
  return at.toISOString().replace('T', ' ').replace(/\..*/, 'Z')
}
