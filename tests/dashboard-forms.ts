/** What every form of the dashboard is filled in with so that it is taken, in an order in which all are. */
import { randomBytes } from 'node:crypto'
import { createPublicToken } from '../src/projects/secrets.ts'
import type { Estate } from './dashboard-estate.ts'
import { danger, type Fill, typed } from './dashboard-filled.ts'
import { accountForms } from './dashboard-forms-account.ts'
import { connectionForms } from './dashboard-forms-connections.ts'
import { server } from './harness.ts'
import { app_url } from './login.ts'

const random = () => randomBytes(6).toString('hex')
const organization = '/organizations/:organization_id'
const login = '/logins/:flow_id'
const webhook = '/webhooks/:webhook_id'
const member = '/members/:member_id'
const secret = '/api-keys/secrets/:secret_id'
const callback = 'https://app.example/callback'

const organizationForms: [string, Fill][] = [
  [
    'POST /organizations',
    () => ({ fields: { organization_name: 'B', organization_slug: random() } }),
  ],
  [`POST ${organization}/sso/connections`, typed({ display_name: 'C', provider: 'okta saml' })],
  [`POST ${organization}/sso/default`, ({ ids }) => ({ fields: { connection_id: ids.oidc! } })],
  [
    `POST ${organization}/setup-links`,
    ({ ids }) => ({
      fields: { to: 'kim@acme.test', lifetime_hours: '24', connection_id: ids.connection_id! },
    }),
  ],
  [`POST ${organization}/setup-links/:setup_link_id/revoke`, typed()],
  [
    `POST ${organization}/members`,
    typed({ email_address: 'grace@acme.test', name: 'Grace', roles: ['stytch_admin'] }),
  ],
  [
    `POST ${organization}/policies/joining`,
    ({ ids }) => ({
      fields: {
        sso_jit_provisioning: 'RESTRICTED',
        sso_jit_provisioning_allowed_connections: [ids.oidc!],
        email_invites: 'ALL_ALLOWED',
        email_jit_provisioning: 'NOT_ALLOWED',
        email_allowed_domains: 'acme.test',
      },
    }),
  ],
  [
    `POST ${organization}/policies/authentication`,
    typed({ auth_methods: 'ALL_ALLOWED', mfa_policy: 'OPTIONAL', mfa_methods: 'ALL_ALLOWED' }),
  ],
  ...['remove', 'add'].map((what): [string, Fill] => [
    `POST ${organization}/policies/roles/${what}`,
    typed({ domain: 'acme.test', role_id: 'stytch_admin' }),
  ]),
  [
    `POST ${organization}/settings`,
    ({ tag }) => ({
      fields: { details: '1', organization_name: 'Renamed', organization_slug: `acme-${tag}` },
    }),
  ],
]

/** A mail that could not be sent. */
async function failMail({ ids }: Estate) {
  const { db } = (await server()).services
  const change = db.updateTable('mails').set({ state: 'failed', last_error: 'refused' })
  await change.where('mail_id', '=', ids.mail_id!).execute()
  return { fields: {} }
}

const eventForms: [string, Fill][] = [
  [`POST ${login}/share`, typed({ valid_for: '24' })],
  [`POST ${login}/share/:trace_link_id/revoke`, typed()],
  ['POST /dashboard/mail/:mail_id/retry', failMail],
  ['POST /webhooks', typed({ url: 'https://hooks.example/new', description: 'New' })],
  [`POST ${webhook}`, ({ tag }) => ({ fields: { url: `https://hooks-${tag}.example/2` } })],
  [`POST ${webhook}/rotate`, typed()],
  [`POST ${webhook}/test`, typed()],
  [`POST ${webhook}/deliveries/:delivery_id/replay`, typed()],
  [`POST ${webhook}/status`, typed({ status: 'disabled' })],
  [`POST ${webhook}/delete`, danger(webhook, `${webhook}/delete`)],
]

const memberForms: [string, Fill][] = [
  [`POST ${member}`, typed({ email_address: 'ada.lovelace@acme.test', name: 'Countess' })],
  [`POST ${member}/sessions/:member_session_id/revoke`, typed()],
  [`POST ${member}/sessions/revoke`, typed()],
  // New roles end the sessions of before.
  [`POST ${member}/roles`, typed({ roles: [] })],
  [`POST ${member}/delete`, danger(member, `${member}/delete`)],
  [`POST ${member}/reactivate`, typed()],
]

/** One more token, which can go. */
async function spareToken({ tenant }: Estate) {
  const { services } = await server()
  const { project_id } = tenant.project
  const { public_token } = await createPublicToken(services.db, { project_id })
  services.caches.drop('project', project_id)
  return { fields: { confirm_name: public_token.slice(-4) }, query: { public_token } }
}

const projectForms: [string, Fill][] = [
  [
    'POST /dashboard/projects',
    () => ({ fields: { project_name: 'New', project_slug: random(), environment: 'test' } }),
  ],
  ['POST /redirect-urls', typed({ url: callback, types: ['LOGIN', 'SIGNUP'] })],
  ['POST /redirect-urls/default', typed({ url: callback, type: 'LOGIN' })],
  [
    'POST /redirect-urls/remove',
    () => ({ fields: { confirm_name: app_url }, query: { url: app_url } }),
  ],
  ['POST /api-keys/secrets', typed()],
  ['POST /api-keys/public-tokens', typed()],
  ['POST /api-keys/public-tokens/delete', spareToken],
  [`POST ${secret}/rotate`, typed({ overlap: '24' })],
  [`POST ${secret}/revoke`, danger(secret, `${secret}/revoke`)],
  ['POST /settings', typed({ project_name: 'Renamed', login_straight: 'on' })],
]

/** Every form by the name of its page. */
export const forms: readonly (readonly [string, Fill])[] = [
  ...memberForms,
  ...organizationForms,
  ...connectionForms,
  ...eventForms,
  ...projectForms,
  ...accountForms,
  [
    'POST /connections/:connection_id/delete',
    danger('/connections/:connection_id/danger', '/connections/:connection_id/delete'),
  ],
  [`POST ${organization}/delete`, danger(`${organization}/settings`, `${organization}/delete`)],
]
