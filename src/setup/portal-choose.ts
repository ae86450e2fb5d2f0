/** The first step: which identity provider. It makes the connection, which nobody can use before the last. */

import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { notice } from '../http/parts.ts'
import type { OrganizationRow } from '../organizations/organization.ts'
import { deleteConnection } from '../sso/connection-delete.ts'
import { deactivateConnection } from '../sso/connection-switches.ts'
import { createOIDCConnection } from '../sso/oidc-connection-create.ts'
import { createSAMLConnection } from '../sso/saml-connection-create.ts'
import { updateSAMLConnection } from '../sso/saml-connection-update.ts'
import { guides, storedIdentityProvider } from './guides.ts'
import type { Guide } from './guides-shape.ts'
import { portalPage, setupForm } from './portal-frame.ts'
import { ask, auditSetup, type SetupVisit } from './portal-visit.ts'
import { recordProgress } from './setup-links.ts'
import { stepsOf } from './steps.ts'

const protocols = { saml: 'SAML 2.0', oidc: 'OpenID Connect' }

/** The list of identity providers. */
export function choosePage(visit: SetupVisit, error?: ApiError): Response {
  const { chosen, given } = visit
  const offered = given && chosen ? guides.filter(({ type }) => type === chosen.row.type) : guides
  return portalPage(visit, {
    step: 'choose',
    title: 'Choose your identity provider',
    error,
    body: html`<p>Where do your people sign in today? The next steps are written for what you choose, in the words of its own pages.</p>
${chosen ? notice('info', `You chose ${chosen.guide.name}.`, given ? 'Another choice changes the instructions alone.' : 'Another choice begins anew: what you have entered here goes.') : ''}
<ul class="choices">${providersOf(offered).map((own) => choice(visit, own))}</ul>
<p class="mt-3 text-secondary">Not sure which protocol? Where both are offered, SAML is what most companies use.</p>`,
  })
}

/** The guides of each identity provider together; those for any other stand alone, last. */
function providersOf(offered: readonly Guide[]): Guide[][] {
  const own = offered.filter(({ identity_provider }) => identity_provider !== 'generic')
  const generic = offered.filter(({ identity_provider }) => identity_provider === 'generic')
  const named = Map.groupBy(own, ({ identity_provider }) => identity_provider)
  return [...named.values(), ...(generic.length > 0 ? [generic] : [])]
}

function choice(visit: SetupVisit, own: readonly Guide[]): Markup {
  const [first] = own
  const name = first?.identity_provider === 'generic' ? 'Another one' : first?.name
  return html`<li class="card m-0"><div class="card-body"><h2 class="h3">${name}</h2><div class="d-flex flex-wrap gap-2">${own.map(
    (guide) =>
      setupForm(
        visit,
        '/setup/choose',
        html`<input type="hidden" name="provider" value="${guide.identity_provider} ${guide.type}"><button class="btn" aria-label="${name}, ${protocols[guide.type]}">${protocols[guide.type]}</button>`,
      ),
  )}</div></div></li>`
}

/** Makes the connection for the choice, in place of an earlier one, and goes on to the guide. */
export async function choose(visit: SetupVisit): Promise<Response> {
  const { chosen, given, services, c } = visit
  const guide = guideOfForm(visit)
  const keep = chosen && (given || chosen.guide === guide)
  if (given && chosen?.row.type !== guide.type)
    throw new ApiError('bad_request', { message: 'The protocol of this connection is given.' })
  const connection_id = keep ? chosen.row.connection_id : await exchange(visit, guide)
  const first = stepsOf(guide)[1]!
  await recordProgress(services, visit.link, {
    connection_id,
    identity_provider: guide.identity_provider,
    step: keep && chosen.guide === guide ? visit.link.step : first.id,
  })
  return c.redirect(`/setup/step/${first.id}`, 303)
}

function guideOfForm({ form }: SetupVisit): Guide {
  const wanted = form.text('provider')
  const guide = guides.find((each) => `${each.identity_provider} ${each.type}` === wanted)
  if (!guide) throw new ApiError('bad_request', { message: 'Choose one of the list.' })
  return guide
}

/** Members read it on the login page, where the name of a protocol says nothing. */
function nameOf(guide: Guide, { organization_name }: OrganizationRow): string {
  if (guide.identity_provider !== 'generic') return guide.name
  return organization_name.length <= 120 ? `${organization_name} SSO` : 'Single sign-on'
}

async function exchange(visit: SetupVisit, guide: Guide): Promise<string> {
  const { organization, chosen, services, link } = visit
  const { organization_id } = organization
  if (chosen?.row.activation === 'automatic')
    throw new ApiError('bad_request', {
      message: 'The connection is switched on already: it cannot be exchanged here.',
    })
  const raw = {
    organization_id,
    display_name: nameOf(guide, organization),
    identity_provider: storedIdentityProvider(guide.identity_provider),
  }
  const { connection } = await (guide.type === 'saml'
    ? ask(visit, createSAMLConnection, raw)
    : ask(visit, createOIDCConnection, raw))
  const { connection_id } = connection
  await deactivateConnection(services, link.project_id, connection_id)
  if (guide.type === 'saml')
    await ask(visit, updateSAMLConnection, {
      organization_id,
      connection_id,
      attribute_mapping: guide.attribute_mapping,
      idp_initiated_auth_disabled: true,
    })
  const target = { type: `${guide.type}_connection`, id: connection_id, name: raw.display_name }
  await auditSetup(visit, 'connection.create', target, { ...raw, type: guide.type })
  if (chosen) {
    const old = chosen.row.connection_id
    await ask(visit, deleteConnection, { organization_id, connection_id: old })
    await auditSetup(visit, 'connection.delete', { type: `${chosen.row.type}_connection`, id: old })
  }
  return connection_id
}
