/** The forms that change whom a connection trusts: they ask for the password again. */
import { issuerOf } from '../sso/connection-input.ts'
import { updateOIDCConnection } from '../sso/oidc-connection-update.ts'
import { updateSAMLConnectionByURL } from '../sso/saml-connection-by-url.ts'
import { updateSAMLConnectionByXML } from '../sso/saml-connection-by-xml.ts'
import { updateSAMLConnection } from '../sso/saml-connection-update.ts'
import { ask } from './ask.ts'
import { dashboardContext, orAgain, type Shown } from './connection-frame.ts'
import { changedFields } from './connection-idp.ts'
import { saved } from './connection-save.ts'
import { settingsPage } from './connection-settings.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

const path = '/connections/:connection_id/settings'
const trust = { method: 'POST', needs: 'editor', fresh: true } as const

export const connectionIdPPages: readonly DashboardPage[] = [
  projectPage({ ...trust, path: `${path}/metadata-url`, run: orAgain(byURL, settingsPage) }),
  projectPage({ ...trust, path: `${path}/metadata-xml`, run: orAgain(byXML, settingsPage) }),
  projectPage({ ...trust, path: `${path}/idp`, run: orAgain(byValue, settingsPage) }),
]

async function byURL(visit: ProjectVisit, shown: Shown): Promise<Response> {
  const { organization_id, connection_id } = shown.row
  const metadata_url = visit.form.text('metadata_url')
  await ask(visit, updateSAMLConnectionByURL, { organization_id, connection_id, metadata_url })
  const message = `The metadata were read: entity ID and address are those in them. ${trusted(shown)}`
  return saved(visit, shown, { action: 'connection.update', at: '/settings', message })
}

async function byXML(visit: ProjectVisit, shown: Shown): Promise<Response> {
  const { organization_id, connection_id } = shown.row
  const xml = visit.form.raw('metadata_file') || visit.form.raw('metadata_xml')
  await updateSAMLConnectionByXML(dashboardContext(visit), { organization_id, connection_id }, xml)
  const message = `The metadata were taken: entity ID and address are those in them. ${trusted(shown)}`
  return saved(visit, shown, { action: 'connection.update', at: '/settings', message })
}

/** Certificates of metadata are added to those that were there. */
function trusted({ keys }: Shown): string {
  return keys.some(({ purpose }) => purpose === 'verification')
    ? 'Certificates from before are trusted as well: delete under Certificates what is not wanted.'
    : 'Their certificates are trusted now.'
}

const samlNames = ['idp_entity_id', 'idp_sso_url'] as const
const oidcNames = [
  'issuer',
  'client_id',
  'authorization_url',
  'token_url',
  'userinfo_url',
  'jwks_url',
] as const

async function byValue(visit: ProjectVisit, shown: Shown): Promise<Response> {
  const { row } = shown
  const { organization_id, connection_id } = row
  const target = { organization_id, connection_id }
  const done = { action: 'connection.update', at: '/settings' }
  if (row.type === 'saml') {
    const certificate = visit.form.text('x509_certificate')
    await ask(visit, updateSAMLConnection, {
      ...target,
      ...changedFields(visit, row, samlNames),
      ...(certificate && { x509_certificate: certificate }),
    })
    return saved(visit, shown, { ...done, message: 'The identity provider was saved.' })
  }
  const client_secret = visit.form.raw('client_secret')
  const issuer = issuerOf(visit.form.text('issuer'))
  const { warning } = await ask(visit, updateOIDCConnection, {
    ...target,
    ...changedFields(visit, row, oidcNames),
    // A first attempt may have found no discovery document: saving once more asks again.
    ...(issuer && { issuer }),
    ...(client_secret && { client_secret }),
  })
  const message = warning ? `Saved, but: ${warning}` : 'The identity provider was saved.'
  return saved(visit, shown, { ...done, message })
}
