/** A project where every page of the dashboard has something to show, with names that are found again. */
import { randomBytes } from 'node:crypto'
import { Hono } from 'hono'
import { by } from '../src/admins/admins.test-kit.ts'
import { inviteAdmin } from '../src/admins/invitations.ts'
import { recordAudit } from '../src/events/audit.ts'
import { sendTestEvent } from '../src/events/test-event.ts'
import { createWebhook } from '../src/events/webhooks.ts'
import { sendMail } from '../src/mail/mail.ts'
import { createSecret } from '../src/projects/secrets.ts'
import { attacker, IDP, keyInfo } from '../src/saml/signing.test-kit.ts'
import { createSetupLink } from '../src/setup/setup-links.ts'
import { keysOf } from '../src/sso/connections.ts'
import { proposedFixes } from '../src/sso/fixes.ts'
import { metadataXML } from '../src/sso/metadata-refresh.test-kit.ts'
import { refreshNow } from '../src/sso/metadata-refresh.ts'
import { readMessages } from '../src/sso/read-messages.ts'
import { certificate, connectIdP, mapping, otherCertificate } from '../src/sso/saml-idp.test-kit.ts'
import { tryAnswer } from '../src/sso/test-login.test-kit.ts'
import { createTraceLink } from '../src/sso/trace-links.ts'
import { anotherPrivateKey, must, newTenant, type Tenant } from './contract/tenant.ts'
import { makeAdmin } from './dashboard-visitor.ts'
import { inProcess, server, type TestProject } from './harness.ts'

export interface Estate {
  tenant: Tenant
  /** Stands in every name of the project that people can give. */
  tag: string
  /** What stands for the parameters of the pages' paths, and for the ids that forms name. */
  ids: Record<string, string>
  metadata_url: string
  /** What the identity provider's metadata hold from now on. */
  say(entity_id: string): void
}

/** An organization that has one of everything, in a project of its own or in a given one. */
export async function newEstate(given?: TestProject): Promise<Estate> {
  const tag = `canary${randomBytes(8).toString('hex')}`
  const names = {
    organization_name: `Acme ${tag}`,
    organization_slug: `acme-${tag}`,
    organization_external_id: `crm-${tag}`,
    // Of a project only one organization claims a domain.
    claimed_email_domains: [],
  }
  const tenant = await newTenant(names, given)
  const { project, organization_id, member_id } = tenant
  await must(project, 'PUT', `/v1/b2b/organizations/${organization_id}/members/${member_id}`, {
    name: `Ada ${tag}`,
    external_id: `ada-${tag}`,
  })
  const idp = newIdP(tag)
  const { db } = (await server()).services
  const { project_id } = project
  const named = db.updateTable('projects').set({ project_name: `Project ${tag}` })
  const { project_slug } = await named
    .where('project_id', '=', project_id)
    .returning('project_slug')
    .executeTakeFirstOrThrow()
  const ids = {
    project_slug,
    organization_id,
    member_id,
    member_session_id: tenant.member_session_id,
    oidc: tenant.oidc,
    ...(await connectionIds(tenant, tag, idp.metadata_url)),
    ...(await eventIds(tenant, tag)),
    ...(await serverIds(tenant, tag)),
  }
  idp.say('urn:another')
  await refreshNow((await server()).services, project_id, ids.connection_id)
  return { tenant, tag, ids, ...idp }
}

function newIdP(tag: string) {
  const origin = `https://${tag}.example`
  let entity_id = IDP
  const app = new Hono()
  const location = 'https://idp.example/sso'
  app.get('/metadata', (c) =>
    c.body(metadataXML({ certificates: [certificate], entity_id, location })),
  )
  inProcess.set(origin, app)
  return {
    metadata_url: `${origin}/metadata`,
    say(next: string) {
      entity_id = next
    },
  }
}

/** A connection whose last test failed in a way that can be mended, with all that was kept of it. */
async function connectionIds(tenant: Tenant, tag: string, metadata_url: string) {
  const { project, organization_id } = tenant
  const { services } = await server()
  const { project_id } = project
  const connection_id = await connectIdP(project, organization_id, {
    display_name: `Okta ${tag}`,
    saml_encryption_private_key: anotherPrivateKey,
    attribute_mapping: { ...mapping, groups: 'groups' },
    saml_group_implicit_role_assignments: [{ role_id: 'stytch_admin', group: `group-${tag}` }],
  })
  const path = `/v1/b2b/sso/saml/${organization_id}/connections/${connection_id}`
  await must(project, 'PUT', `${path}/url`, { metadata_url })
  const failing = await failTest(tenant, connection_id, tag)
  const message = (await readMessages(services, project_id, failing.flow_id)).at(-1)
  const { trace_link_id } = await createTraceLink(services, {
    project_id,
    flow_id: failing.flow_id,
    created_by: 'admin-1',
    valid_for_ms: 86_400_000,
  })
  const keys = await keysOf(services.db, [{ project_id, connection_id }])
  const key = (wanted: string) => keys.find(({ purpose }) => purpose === wanted)!.key_id
  return {
    connection_id,
    ...failing,
    message_id: message!.message_id,
    trace_link_id,
    certificate_id: key('verification'),
    private_key_id: key('encryption'),
  }
}

/** A test login whose response is signed with a certificate that the connection does not have. */
export async function failTest(tenant: Tenant, connection_id: string, tag: string) {
  const { services } = await server()
  const { flow_id } = await tryAnswer(tenant, connection_id, {
    name_id: `ada-${tag}@acme.test`,
    attributes: { email: `ada-${tag}@acme.test`, firstName: 'Ada', lastName: tag },
    signature: { signer: attacker, after: keyInfo(otherCertificate) },
  })
  const [fix] = await proposedFixes(services, tenant.project.project_id, flow_id)
  return { flow_id, fix_id: fix!.fix_id }
}

async function eventIds({ project, organization_id }: Tenant, tag: string) {
  const { services } = await server()
  const { project_id } = project
  const link = { project_id, organization_id, created_by: 'admin-1', note: `Kim ${tag}` }
  const { setup_link_id } = await createSetupLink(services, { ...link, lifetime_hours: 24 })
  const url = `https://hooks-${tag}.example/in`
  const { webhook } = await createWebhook(services, { project_id, url, description: `Ours ${tag}` })
  const { webhook_id } = webhook
  await sendTestEvent(services, { ...webhook, request_id: 'request-id-test' })
  const { delivery_id } = await services.db
    .selectFrom('webhook_deliveries')
    .select('delivery_id')
    .where('webhook_id', '=', webhook_id)
    .executeTakeFirstOrThrow()
  const { event_id } = await services.db
    .selectFrom('events')
    .select('event_id')
    .where('project_id', '=', project_id)
    .where('event_type', '=', 'direct.organization.create')
    .executeTakeFirstOrThrow()
  const { secret_id } = await createSecret(services.db, { project_id })
  return { setup_link_id, webhook_id, event_id, delivery_id, secret_id }
}

async function serverIds({ project }: Tenant, tag: string) {
  const { services } = await server()
  const { mail_id } = await sendMail(services, {
    project_id: project.project_id,
    kind: 'setup_link',
    to: `kim-${tag}@acme.test`,
    subject: `A link ${tag}`,
    text: 'text',
    html: '<p>text</p>',
  })
  const { invitation_id } = await inviteAdmin(services.db, {
    email_address: `grace-${tag}@example.com`,
    role: 'viewer',
    by,
    now: services.now(),
  })
  const { admin_id } = await makeAdmin('editor')
  await recordAudit(services.db, {
    project_id: project.project_id,
    actor: { type: 'admin', id: admin_id, name: `Kim ${tag}` },
    action: 'organization.update',
    target_type: 'organization',
    target_id: 'organization-1',
    target_name: `Acme ${tag}`,
    before: { organization_name: tag },
    at: services.now(),
  })
  return { mail_id, invitation_id, admin_id }
}
