/** Making a setup link, which is shown once, and revoking one. */
import { transaction } from '../db/connect.ts'
import { ApiError } from '../http/errors.ts'
import { html } from '../http/html.ts'
import { card, copyField, notice, time } from '../http/parts.ts'
import { renderPart } from '../http/screen.ts'
import { sendMail } from '../mail/mail.ts'
import { mailBody } from '../mail/mail-body.ts'
import { createSetupLink, revokeSetupLink } from '../setup/setup-links.ts'
import { parameter } from './ask.ts'
import { seeOther } from './frame.ts'
import { organizationOf, organizationPage, organizationPath } from './organization-frame.ts'
import { setupLinksPart, setupLinkTable } from './setup-links.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

const path = '/organizations/:organization_id/setup-links'

export const setupLinksPages: readonly DashboardPage[] = [
  projectPage({
    method: 'GET',
    path,
    needs: 'viewer',
    run: async (visit) => renderPart(await setupLinkTable(visit, await organizationOf(visit))),
  }),
  projectPage({ method: 'POST', path, needs: 'editor', run: create }),
  projectPage({
    method: 'POST',
    path: `${path}/:setup_link_id/revoke`,
    needs: 'editor',
    run: revoke,
  }),
]

async function create(visit: ProjectVisit): Promise<Response> {
  const organization = await organizationOf(visit)
  try {
    return await made(visit, organization)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    const body = await setupLinksPart(visit, organization)
    return organizationPage(visit, organization, 'SSO', { error, body })
  }
}

type Organization = Awaited<ReturnType<typeof organizationOf>>

async function made(visit: ProjectVisit, organization: Organization): Promise<Response> {
  const { services, project, form, admin } = visit
  const { organization_id } = organization
  const connection_id = form.text('connection_id')
  const to = form.text('to')
  const lifetime_hours = Number(form.text('lifetime_hours') || 168)
  const link = await transaction(services.db, async (db) => {
    const created = await createSetupLink(
      { ...services, db },
      {
        project_id: project.project_id,
        organization_id,
        ...(connection_id && { connection_id }),
        created_by: admin.admin_id,
        note: form.text('note') || to,
        lifetime_hours,
      },
    )
    if (to) await sendMail({ ...services, db }, invitation(visit, organization, to, created.url))
    return created
  })
  await visit.audit({
    action: 'setup_link.create',
    target_type: 'organization',
    target_id: organization_id,
    target_name: organization.organization_name,
    after: { setup_link_id: link.setup_link_id, lifetime_hours, connection_id, sent_to: to },
  })
  return organizationPage(visit, organization, 'SSO', {
    body: html`${card(
      'The setup link',
      html`${notice('success', to ? `It is on its way to ${to}.` : 'Send it to the customer’s IT admin.', 'It is shown this once. Whoever has it can set up single sign-on for this organization, and nothing else.')}
${copyField(link.url, 'Copy the link')}<p class="mt-3 mb-0 text-secondary">It opens until ${time(link.expires_at)}, or until the connection is switched on.</p>`,
    )}<p><a class="btn" href="${organizationPath(visit, organization_id)}/sso">Back to SSO</a></p>`,
  })
}

function invitation(
  { project }: ProjectVisit,
  organization: Organization,
  to: string,
  url: string,
) {
  const { project_name } = project
  const { organization_name } = organization
  return {
    project_id: project.project_id,
    kind: 'setup_link',
    to,
    subject: `Set up single sign-on to ${project_name} for ${organization_name}`.slice(0, 200),
    ...mailBody({
      title: `Single sign-on to ${project_name}`,
      paragraphs: [
        `You are asked to connect the identity provider of ${organization_name}, so that its people sign in to ${project_name} with the account that they have.`,
        'The link leads you through it step by step, in the words of your identity provider’s own pages. You need no account, and nothing is switched on before a test login has worked.',
      ],
      action: { label: 'Set up single sign-on', url },
      footer:
        'Treat this link as a password: whoever has it can set up single sign-on for your organization.',
    }),
  }
}

async function revoke(visit: ProjectVisit): Promise<Response> {
  const { services, project } = visit
  const organization = await organizationOf(visit)
  const { organization_id, organization_name } = organization
  const setup_link_id = parameter(visit, 'setup_link_id')
  await revokeSetupLink(services, project.project_id, organization_id, setup_link_id)
  await visit.audit({
    action: 'setup_link.revoke',
    target_type: 'organization',
    target_id: organization_id,
    target_name: organization_name,
    after: { setup_link_id },
  })
  return seeOther(
    visit,
    `${organizationPath(visit, organization_id)}/sso`,
    'The setup link was revoked.',
  )
}
