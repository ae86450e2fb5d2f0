/** What the IT admin brings from the identity provider, by address, by file or value by value. */
import { ApiError } from '../http/errors.ts'
import { issuerOf } from '../sso/connection-input.ts'
import { updateOIDCConnection } from '../sso/oidc-connection-update.ts'
import { updateSAMLConnectionByURL } from '../sso/saml-connection-by-url.ts'
import { updateSAMLConnectionByXML } from '../sso/saml-connection-by-xml.ts'
import { deleteVerificationCertificate } from '../sso/saml-connection-certificates.ts'
import { readCertificate } from '../sso/saml-connection-keys.ts'
import { updateSAMLConnection } from '../sso/saml-connection-update.ts'
import { ask, auditSetup, type Chosen, chosenOf, type SetupVisit } from './portal-visit.ts'

interface Target {
  organization_id: string
  connection_id: string
}

/**
 * Takes what was brought, by the same code as the API. Throws what it refuses, in words for the admin.
 * What comes back is null, or what is wrong with what was taken all the same.
 */
export async function takeInput(visit: SetupVisit, chosen: Chosen): Promise<string | null> {
  const { organization_id, connection_id, type } = chosen.row
  const target = { organization_id, connection_id }
  const way = visit.form.raw('way')
  if (way === '') return null
  const warning = type === 'saml' ? await takeSAML(visit, target) : await takeOIDC(visit, target)
  if (type === 'saml') await dropOlder(visit, chosen, target)
  await auditSetup(
    visit,
    'connection.update',
    { type: `${type}_connection`, id: connection_id },
    { way },
  )
  return warning
}

/** What was typed, without what was left empty. */
function typed({ form }: SetupVisit, names: readonly string[]): Record<string, string> {
  const values = names.map((name) => [name, form.text(name)] as const)
  const given = values.filter(([, value]) => value !== '')
  if (given.length === 0)
    throw new ApiError('bad_request', {
      message: 'Nothing was entered: fill in the fields first.',
    })
  return Object.fromEntries(given)
}

async function takeSAML(visit: SetupVisit, target: Target): Promise<null> {
  const { form, context } = visit
  const way = form.raw('way')
  if (way === 'metadata_url')
    await ask(visit, updateSAMLConnectionByURL, { ...target, metadata_url: form.text(way) })
  else if (way === 'metadata_xml') {
    const xml = form.raw('metadata_file') || form.raw('metadata_xml')
    await updateSAMLConnectionByXML(context, target, xml)
  } else {
    const given = typed(visit, ['idp_entity_id', 'idp_sso_url', 'x509_certificate'])
    await ask(visit, updateSAMLConnection, { ...target, ...given })
  }
  return null
}

/**
 * Certificates are added, so that one can replace another without a pause. While a connection is not
 * switched on there is none to keep: what a mistake brought (the certificate of another application, the
 * metadata of another identity provider) would be trusted for good, and nobody would see it here.
 */
async function dropOlder(visit: SetupVisit, before: Chosen, target: Target): Promise<void> {
  if (before.row.status === 'active') return
  const now = await chosenOf(visit.services, visit.link)
  if (!now) return
  const verification = now.keys.filter(({ purpose }) => purpose === 'verification')
  const certificate = visit.form.text('x509_certificate')
  const brought =
    visit.form.raw('way') === 'fields' && certificate
      ? [readCertificate(certificate).fingerprint_sha256]
      : now.row.idp_entity_id === before.row.idp_entity_id
        ? null
        : newOnes(before, now)
  if (!brought || brought.length === 0) return
  for (const { key_id, fingerprint } of verification)
    if (!brought.includes(fingerprint))
      await ask(visit, deleteVerificationCertificate, { ...target, certificate_id: key_id })
}

function newOnes(before: Chosen, now: Chosen): string[] {
  const known = new Set(before.keys.map(({ key_id }) => key_id))
  return now.keys
    .filter(({ key_id, purpose }) => purpose === 'verification' && !known.has(key_id))
    .map(({ fingerprint }) => fingerprint)
}

async function takeOIDC(visit: SetupVisit, target: Target): Promise<string | null> {
  const names = ['client_id', 'authorization_url', 'token_url', 'userinfo_url', 'jwks_url']
  const given = typed(visit, ['issuer', ...names, 'client_secret'])
  if (given.issuer) given.issuer = issuerOf(given.issuer)
  const { warning } = await ask(visit, updateOIDCConnection, { ...target, ...given })
  return warning
}
