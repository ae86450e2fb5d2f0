/** What is known of the identity provider, and how the connection behaves. */
import type { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { card, checkbox, type Field, field } from '../http/parts.ts'
import { guides, storedIdentityProvider } from '../setup/guides.ts'
import type { ConnectionRow } from '../sso/connections.ts'
import { updateOIDCConnection } from '../sso/oidc-connection-update.ts'
import { updateSAMLConnection } from '../sso/saml-connection-update.ts'
import { ask } from './ask.ts'
import {
  connectionPage,
  mayChange,
  orAgain,
  otherProviders,
  type Shown,
  shownConnection,
} from './connection-frame.ts'
import { addressCards, changedFields } from './connection-idp.ts'
import { saved } from './connection-save.ts'
import { postForm } from './frame.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

const path = '/connections/:connection_id/settings'

export const connectionSettingsPages: readonly DashboardPage[] = [
  projectPage({
    method: 'GET',
    path,
    needs: 'viewer',
    run: async (visit) => settingsPage(visit, await shownConnection(visit)),
  }),
  projectPage({ method: 'POST', path, needs: 'editor', run: orAgain(save, settingsPage) }),
]

/** The page, with what was typed where it comes from a form. */
export function settingsPage(visit: ProjectVisit, shown: Shown, error?: ApiError): Response {
  return connectionPage(visit, shown, {
    tab: 'Settings',
    error,
    body: html`${addressCards(visit, shown)}${details(visit, shown)}`,
  })
}

async function save(visit: ProjectVisit, shown: Shown): Promise<Response> {
  const { row } = shown
  const { organization_id, connection_id } = row
  const names =
    row.type === 'saml'
      ? ([...common, 'nameid_format', 'alternative_audience_uri', 'alternative_acs_url'] as const)
      : ([...common, 'custom_scopes'] as const)
  const raw = { organization_id, connection_id, ...changedFields(visit, row, names) }
  if (row.type === 'saml')
    await ask(visit, updateSAMLConnection, {
      ...raw,
      idp_initiated_auth_disabled: !visit.form.flag('idp_initiated'),
    })
  else await ask(visit, updateOIDCConnection, raw)
  const message = 'The settings were saved.'
  return saved(visit, shown, { action: 'connection.update', at: '/settings', message })
}

const common = ['display_name', 'identity_provider'] as const

function providerOptions({ type }: ConnectionRow): NonNullable<Field['options']> {
  const own = guides.filter(
    (guide) =>
      guide.type === type &&
      storedIdentityProvider(guide.identity_provider) === guide.identity_provider,
  )
  return [
    ...own.map(({ identity_provider, name }) => [identity_provider, name] as const),
    ...Object.entries(otherProviders),
  ]
}

const formats: NonNullable<Field['options']> = [
  ['urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress', 'E-mail address'],
  ['urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified', 'Unspecified: as it is set there'],
  ['urn:oasis:names:tc:SAML:2.0:nameid-format:persistent', 'Persistent'],
  ['urn:oasis:names:tc:SAML:2.0:nameid-format:transient', 'Transient'],
]

function details(visit: ProjectVisit, { row, base }: Shown): Markup {
  const { form } = visit
  const typed = visit.c.req.method === 'POST' && form.raw('part') === 'details'
  const value = (name: keyof ConnectionRow & string) =>
    typed ? form.raw(name) : String(row[name] ?? '')
  const initiated = typed ? form.flag('idp_initiated') : !row.idp_initiated_auth_disabled
  const body = html`<input type="hidden" name="part" value="details">
${field({ name: 'display_name', label: 'Display name', value: value('display_name'), hint: 'Members read it where they choose how to log in.' })}
${field({ name: 'identity_provider', label: 'Identity provider', value: value('identity_provider'), options: providerOptions(row), hint: 'Decides the setup guide and the hints in traces, never trust.' })}
${
  row.type === 'saml'
    ? samlDetails(value, initiated)
    : field({
        name: 'custom_scopes',
        label: 'Scopes',
        value: value('custom_scopes'),
        placeholder: 'openid email profile',
        hint: 'Separated by spaces; openid email profile where it is empty.',
      })
}
${mayChange(visit) ? html`<button class="btn btn-primary">Save</button>` : ''}`
  return card('Details', postForm(visit, `${base}/settings`, body))
}

function samlDetails(
  value: (name: keyof ConnectionRow & string) => string,
  initiated: boolean,
): Markup {
  const format = value('nameid_format')
  const known = formats.some(([each]) => each === format)
  return html`${field({ name: 'nameid_format', label: 'NameID format that we ask for', value: format, options: known ? formats : [...formats, [format, format]], hint: 'Choose “Unspecified” where the identity provider answers InvalidNameIDPolicy.' })}
<div class="mb-3">${checkbox('idp_initiated', 'Logins may begin at the identity provider (IdP-initiated)', initiated)}</div>
<details class="mb-3"><summary>Moving from another product</summary><div class="mt-2">
${field({ name: 'alternative_acs_url', label: 'Alternative ACS URL', value: value('alternative_acs_url'), hint: 'The address that the identity provider still answers to; it must lead here.' })}
${field({ name: 'alternative_audience_uri', label: 'Alternative audience', value: value('alternative_audience_uri'), hint: 'The entity ID that it still knows us by.' })}</div></details>`
}
