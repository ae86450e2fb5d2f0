import { certificatesDue, type DueCertificate } from '../sso/certificates-due.ts'
import { type Command, UsageError, type Values } from './command.ts'
import { withDatabase } from './database.ts'
import { onlyProject } from './logins.ts'
import { textTable } from './text-table.ts'

type Page = Awaited<ReturnType<typeof certificatesDue>>

/** `portcullis certificates list`: the certificates of a project that end soon, the first to end first. */
export const listCertificates: Command = {
  name: 'certificates list',
  summary: 'List the certificates of a project that end soon or have ended',
  options: {
    project: { type: 'string' },
    'within-days': { type: 'string' },
    urgent: { type: 'boolean' },
    limit: { type: 'string' },
    cursor: { type: 'string' },
  },
  help: `--project      id or slug; may be left out where the server has one project
--within-days  those that end within so many days, 0 to 3650 (60); what has ended is always listed
--urgent       only those that no other certificate replaces
--limit        how many at most, 1 to 500 (50)
--cursor       next_cursor of the list before, for what ends later

Certificates of identity providers verify their answers; our own sign requests or decrypt assertions. One
that another replaces can end: once the identity provider uses the other one, it can be deleted.`,
  run: (values) =>
    withDatabase(async ({ db }) => {
      const [limit, within_days] = [readNumber(values, 'limit', [1, 500], 50), days(values)]
      const project_id = await onlyProject(db, values)
      const now = new Date()
      const certificates: DueCertificate[] = []
      let cursor = typeof values.cursor === 'string' ? values.cursor : null
      // A page of which something is left out may be short: then there is more.
      do {
        const page: Page = await certificatesDue(db, project_id, now, {
          within_days,
          limit: limit - certificates.length,
          urgent: values.urgent === true,
          ...(cursor !== null && { cursor }),
        })
        certificates.push(...page.certificates)
        cursor = page.next_cursor
      } while (cursor !== null && certificates.length < limit)
      return { certificates, next_cursor: cursor }
    }),
  text: (result) => toTable(result as Page),
}

function days(values: Values): number {
  return readNumber(values, 'within-days', [0, 3650], 60)
}

function readNumber(values: Values, name: string, [least, most]: [number, number], other: number) {
  const number = Number(values[name] ?? other)
  if (!Number.isInteger(number) || number < least || number > most)
    throw new UsageError(`--${name} is a number from ${least} to ${most}.`)
  return number
}

function toTable({ certificates, next_cursor }: Page): string {
  if (certificates.length === 0) return 'No certificate ends by then.\n'
  const head = ['ENDS', 'DAYS', 'PURPOSE', 'REPLACED', 'ORGANIZATION', 'CONNECTION', 'CERTIFICATE']
  const lines = textTable(
    head,
    certificates.map((each) => [
      each.expires_at.toISOString().slice(0, 10),
      String(each.days_left),
      each.purpose,
      each.replaced ? 'yes' : 'no',
      each.organization_slug,
      each.display_name || each.connection_id,
      each.certificate_id,
    ]),
  )
  if (next_cursor !== null) lines.push('', `Later ones: --cursor ${next_cursor}`)
  return `${lines.join('\n')}\n`
}
