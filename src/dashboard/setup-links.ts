/** Setup links of an organization: how its IT admin connects the identity provider without an account. */
import { html, type Markup } from '../http/html.ts'
import { badge, emptyState, field, table, time } from '../http/parts.ts'
import { canSendMail } from '../mail/mail.ts'
import type { OrganizationRow } from '../organizations/organization.ts'
import { progressOf } from '../setup/progress.ts'
import { listSetupLinks, type SetupLink } from '../setup/setup-links.ts'
import { failedCheck, resultBadge } from '../sso/trace-page.ts'
import { postForm } from './frame.ts'
import { connectionsOf, organizationPath } from './organization-frame.ts'
import type { ProjectVisit } from './visit.ts'

/** Where the setup links of an organization are. */
export function setupLinksPath(visit: ProjectVisit, { organization_id }: OrganizationRow): string {
  return `${organizationPath(visit, organization_id)}/setup-links`
}

/** The part of an organization's page that lists, creates and revokes its setup links. */
export async function setupLinksPart(
  visit: ProjectVisit,
  organization: OrganizationRow,
): Promise<Markup> {
  const here = setupLinksPath(visit, organization)
  const may = visit.admin.role !== 'viewer'
  return html`<section class="card" id="setup-links"><div class="card-header"><div><h2 class="card-title">Setup links</h2>
<div class="card-subtitle">Whoever has one connects the identity provider of ${organization.organization_name} step by step, without an account here, and you see how far they are.</div></div></div>
<div hx-get="${here}" hx-trigger="every 3s" hx-swap="innerHTML">${await setupLinkTable(visit, organization)}</div>
${may ? html`<div class="card-body border-top">${await createForm(visit, organization, here)}</div>` : ''}</section>`
}

/** The links with their live progress. */
export async function setupLinkTable(
  visit: ProjectVisit,
  organization: OrganizationRow,
): Promise<Markup> {
  const { services, project } = visit
  const { organization_id } = organization
  const links = await listSetupLinks(services.db, project.project_id, organization_id)
  if (links.length === 0)
    return emptyState(
      'No setup link yet',
      'Create one below and send it to the customer’s IT admin.',
    )
  const rows = await Promise.all(links.map((link) => linkRow(visit, organization, link)))
  return table(['Created', 'For', 'State', 'Step reached', 'Last test', ''], rows)
}

async function linkRow(visit: ProjectVisit, organization: OrganizationRow, link: SetupLink) {
  const { at, of, title, last_test } = await progressOf(visit.services, link)
  const here = setupLinksPath(visit, organization)
  const failed = last_test && failedCheck(last_test.checks)
  const open = isOpen(visit, link) && visit.admin.role !== 'viewer'
  return [
    time(link.created_at),
    link.note || '–',
    html`${stateOf(visit, link)}${link.last_seen_at ? html`<div class="text-secondary">seen ${time(link.last_seen_at)}</div>` : ''}`,
    link.opened_at ? html`${at} of ${of}: ${title}` : '–',
    last_test
      ? html`<a href="${visit.base}/logins/${last_test.flow_id}">${resultBadge(last_test)}</a>${failed ? html`<div class="text-secondary">${failed.name.replaceAll('_', ' ')}</div>` : ''}`
      : '–',
    open
      ? postForm(
          visit,
          `${here}/${link.setup_link_id}/revoke`,
          html`<button class="btn btn-sm">Revoke</button>`,
        )
      : '',
  ]
}

function isOpen({ services }: ProjectVisit, link: SetupLink): boolean {
  return !link.revoked_at && !link.completed_at && link.expires_at > services.now()
}

function stateOf({ services }: ProjectVisit, link: SetupLink): Markup {
  if (link.completed_at) return badge('switched on', 'green')
  if (link.revoked_at) return badge('revoked', 'red')
  if (link.expires_at <= services.now()) return badge('expired', 'secondary')
  return link.opened_at ? badge('being worked on', 'blue') : badge('not opened yet', 'yellow')
}

const lifetimes = [
  ['24', '1 day'],
  ['72', '3 days'],
  ['168', '7 days'],
  ['720', '30 days'],
] as const

async function createForm(
  visit: ProjectVisit,
  organization: OrganizationRow,
  here: string,
): Promise<Markup> {
  const { form, services } = visit
  const connections = await connectionsOf(visit, organization)
  return html`<h3>New setup link</h3>${postForm(
    visit,
    here,
    html`<div class="row"><div class="col-md-6">${field({
      name: 'connection_id',
      label: 'It is for',
      value: form.text('connection_id'),
      options: [
        ['', 'a new connection'],
        ...connections.map(({ connection_id, name }) => [connection_id, name] as const),
      ],
    })}</div><div class="col-md-6">${field({ name: 'lifetime_hours', label: 'It opens for', value: form.text('lifetime_hours') || '168', options: lifetimes })}</div>
<div class="col-md-6">${field({ name: 'note', label: 'Note for yourselves', value: form.text('note'), placeholder: 'Kim at Acme IT' })}</div>
<div class="col-md-6">${
      canSendMail(services.config)
        ? field({
            name: 'to',
            type: 'email',
            label: 'Send it by mail to',
            value: form.text('to'),
            hint: 'Empty: you pass it on yourself.',
          })
        : ''
    }</div></div><button class="btn btn-primary">Create setup link</button>`,
  )}`
}
