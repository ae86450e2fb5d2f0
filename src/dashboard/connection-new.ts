/** A new connection: for which organization, at which identity provider, over which protocol. */
import { ApiError } from '../http/errors.ts'
import { html } from '../http/html.ts'
import { card, field } from '../http/parts.ts'
import { findOrganization } from '../organizations/organization.ts'
import { guideFor, guides, storedIdentityProvider } from '../setup/guides.ts'
import { deactivateConnection } from '../sso/connection-switches.ts'
import { createOIDCConnection } from '../sso/oidc-connection-create.ts'
import { createSAMLConnection } from '../sso/saml-connection-create.ts'
import { updateSAMLConnection } from '../sso/saml-connection-update.ts'
import { ask } from './ask.ts'
import { dashboardPage, postForm, seeOther } from './frame.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

export const connectionNewPages: readonly DashboardPage[] = [
  projectPage({
    method: 'GET',
    path: '/connections/new',
    needs: 'editor',
    run: (visit) => newPage(visit),
  }),
  projectPage({ method: 'POST', path: '/connections/new', needs: 'editor', run: create }),
]

/** What the field `provider` of a form can hold. */
export const providerChoices = guides.map(
  (guide) =>
    [
      `${guide.identity_provider} ${guide.type}`,
      guide.identity_provider === 'generic'
        ? guide.name
        : `${guide.name} · ${guide.type === 'saml' ? 'SAML' : 'OpenID Connect'}`,
    ] as const,
)

async function newPage(visit: ProjectVisit, error?: ApiError): Promise<Response> {
  const { form, c, base } = visit
  const reference = form.text('organization_id') || (c.req.query('organization_id') ?? '')
  return dashboardPage(visit, {
    title: 'New connection',
    crumbs: [['Connections', `${base}/connections`]],
    error,
    body: card(
      'Which identity provider?',
      postForm(
        visit,
        `${base}/connections/new`,
        html`${field({
          name: 'organization_id',
          label: 'Organization',
          required: true,
          value: reference,
          placeholder: 'acme',
          hint: html`Its slug or id; they stand under <a href="${base}/organizations">Organizations</a>.`,
        })}
${field({
  name: 'provider',
  label: 'Identity provider',
  value: form.text('provider') || 'okta saml',
  options: providerChoices,
  hint: 'Decides the setup guide. The protocol cannot be changed later.',
})}
${field({ name: 'display_name', label: 'Display name', value: form.text('display_name'), placeholder: 'Acme Okta', hint: 'Members read it where they choose how to log in.' })}
<p class="text-secondary">It is made pending. Nobody logs in over it before you have set it up, tested it and activated it.</p>
<button class="btn btn-primary">Create connection</button>`,
      ),
    ),
  })
}

async function create(visit: ProjectVisit): Promise<Response> {
  try {
    const page = await makeConnection(visit, visit.form.text('organization_id'))
    return seeOther(visit, page, 'The connection was made.')
  } catch (error) {
    if (error instanceof ApiError) return newPage(visit, error)
    throw error
  }
}

/**
 * Makes a connection of what was typed: `provider` and `display_name`. Nobody logs in over it before it is
 * activated, and none that begins at the identity provider ever. Returns the address of its page.
 */
export async function makeConnection(visit: ProjectVisit, reference: string): Promise<string> {
  const { services, project, form } = visit
  const [provider = '', protocol] = form.text('provider').split(' ')
  const guide = guideFor(provider, protocol === 'oidc' ? 'oidc' : 'saml')
  const organization = await findOrganization(services.db, project, reference)
  const { organization_id } = organization
  const raw = {
    organization_id,
    display_name: form.text('display_name'),
    identity_provider: storedIdentityProvider(guide.identity_provider),
  }
  const made =
    guide.type === 'saml'
      ? await ask(visit, createSAMLConnection, raw)
      : await ask(visit, createOIDCConnection, raw)
  const { connection_id } = made.connection
  // Set up, then tested, then activated: nobody shall log in over it half-way.
  await deactivateConnection(services, project.project_id, connection_id)
  const { attribute_mapping } = guide
  if (guide.type === 'saml')
    await ask(visit, updateSAMLConnection, {
      organization_id,
      connection_id,
      attribute_mapping,
      idp_initiated_auth_disabled: true,
    })
  await visit.audit({
    action: 'connection.create',
    target_type: `${guide.type}_connection`,
    target_id: connection_id,
    organization_id,
    target_name: raw.display_name,
    after: { ...raw, type: guide.type, activation: 'manual' },
  })
  const page = `${visit.base}/connections/${connection_id}`
  // What is stored does not name every provider that has a guide.
  return raw.identity_provider === guide.identity_provider
    ? page
    : `${page}?guide=${guide.identity_provider}`
}
