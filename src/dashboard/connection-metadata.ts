/** The metadata of a connection's identity provider: when they were read, what they would change. */
import { html, type Markup } from '../http/html.ts'
import { badge, type Content, card, copyField, facts, field, notice, time } from '../http/parts.ts'
import { type MetadataStatus, metadataStatus } from '../sso/metadata-refresh-approval.ts'
import type { ApprovalReason, MetadataChanges } from '../sso/metadata-refresh-diff.ts'
import { mayChange, type Shown } from './connection-frame.ts'
import { postForm } from './frame.ts'
import type { ProjectVisit } from './visit.ts'

/** What the page on certificates says of metadata. */
export async function metadataCard(visit: ProjectVisit, shown: Shown): Promise<Markup> {
  const { project_id, connection_id } = shown.row
  const status = await metadataStatus(visit.services.db, project_id, connection_id)
  if (status.metadata_url === '')
    return card(
      'Metadata',
      html`<p>No metadata address is known: nobody will notice here when the identity provider changes its certificate.</p>
<a class="btn" href="${shown.base}/settings">Enter one under Settings</a>`,
    )
  return html`${status.pending ? waiting(visit, shown, status.pending) : ''}${card('Metadata', reading(visit, shown, status))}`
}

const modes = [
  ['automatic', 'Take new certificates by themselves'],
  ['approve', 'Let every change wait for approval'],
  ['off', 'Do not read them again'],
] as const

function reading(visit: ProjectVisit, { base }: Shown, status: MetadataStatus): Markup {
  const problem = status.error
    ? notice(
        'warning',
        'They could not be read.',
        html`${status.error} The last good copy is in force${status.failing_since ? html`; failing since ${time(status.failing_since)}` : ''}.`,
      )
    : ''
  return html`${problem}${facts([
    ['Address', copyField(status.metadata_url)],
    ['Last read', time(status.checked_at, 'never')],
    ['Read next', time(status.due_at, 'not by itself')],
  ])}${
    mayChange(visit)
      ? html`<div class="mt-3">${postForm(visit, `${base}/metadata/refresh`, html`<button class="btn">Refresh now</button>`)}</div>
<div class="mt-3">${postForm(
          visit,
          `${base}/metadata/mode`,
          html`${field({ name: 'metadata_refresh', label: 'When something has changed', value: status.metadata_refresh, options: modes, hint: 'Another entity ID or another host always waits for approval.' })}<button class="btn">Save</button>`,
        )}</div>`
      : ''
  }`
}

const reasons: Record<ApprovalReason, string> = {
  entity_id_differs: 'They are of another entity ID than this connection.',
  sso_url_of_another_host: 'They send people to another host.',
  certificate_deleted_by_hand_returns: 'They hold a certificate that somebody deleted here.',
}

function waiting(
  visit: ProjectVisit,
  { base }: Shown,
  pending: NonNullable<MetadataStatus['pending']>,
): Markup {
  const decide = (decision: string, label: string, look: string) =>
    postForm(
      visit,
      `${base}/metadata/${decision}`,
      html`<input type="hidden" name="pending_id" value="${pending.pending_id}"><button class="btn ${look}">${label}</button>`,
    )
  return card(
    html`Changes of the metadata ${badge('waiting for approval', 'yellow')}`,
    html`${pending.reasons.map((reason) => notice('warning', reasons[reason], 'Ask the identity provider’s admin over another way before you approve: whoever controls these metadata can sign in as anybody.'))}
<p>Found ${time(pending.found_at)}. Until somebody decides, everything stays as it is.</p>${changesList(pending.changes)}
${mayChange(visit) ? html`<div class="d-flex flex-wrap gap-2 mt-3">${decide('approve', 'Approve', 'btn-primary')}${decide('reject', 'Reject', '')}</div>` : ''}`,
  )
}

const labels = {
  idp_entity_id: 'Entity ID',
  idp_sso_url: 'Single sign-on address',
  idp_sso_binding: 'Binding',
} as const

/** What a copy of metadata changes, value by value. */
function changesList(changes: MetadataChanges): Markup {
  const values = (Object.keys(labels) as (keyof typeof labels)[]).flatMap((name) => {
    const change = changes[name]
    const difference: Content =
      change &&
      html`<del><code>${change.before || '(empty)'}</code></del><br><ins><code>${change.after}</code></ins>`
    return difference ? [[labels[name], difference] as const] : []
  })
  const certificate = (sign: string) => (each: MetadataChanges['certificates_added'][number]) =>
    [
      `${sign} certificate`,
      html`${each.issuer}, expires ${time(each.expires_at)}<br><code>${each.fingerprint}</code>`,
    ] as const
  return facts([
    ...values,
    ...changes.certificates_added.map(certificate('New')),
    ...changes.certificates_removed.map(certificate('Removed')),
  ])
}
