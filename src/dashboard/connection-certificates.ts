/** The certificates of a SAML connection, in both directions. */
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { card, copyField, emptyState, field, table, time } from '../http/parts.ts'
import { deleteVerificationCertificate } from '../sso/saml-connection-certificates.ts'
import { updateSAMLConnection } from '../sso/saml-connection-update.ts'
import { ask, assertConfirmed, parameter } from './ask.ts'
import {
  connectionPage,
  daysBadge,
  mayChange,
  orAgain,
  type Shown,
  samlConnection,
} from './connection-frame.ts'
import { metadataCard } from './connection-metadata.ts'
import { ownKeys } from './connection-own-keys.ts'
import { saved } from './connection-save.ts'
import { dangerForm, postForm } from './frame.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

const path = '/connections/:connection_id/certificates'
const trust = { method: 'POST', needs: 'editor', fresh: true } as const

export const connectionCertificatesPages: readonly DashboardPage[] = [
  projectPage({
    method: 'GET',
    path,
    needs: 'viewer',
    run: async (visit) => certificatesPage(visit, await samlConnection(visit)),
  }),
  projectPage({ ...trust, path, run: orAgain(add, certificatesPage) }),
  projectPage({
    method: 'GET',
    path: `${path}/:certificate_id`,
    needs: 'editor',
    async run(visit) {
      const shown = await samlConnection(visit)
      if (!named(visit, shown)) throw new ApiError('sso_verification_key_not_found')
      return removal(visit, shown)
    },
  }),
  projectPage({ ...trust, path: `${path}/:certificate_id`, run: orAgain(remove, removal) }),
]

/** The page; also for the forms about metadata and our own keys that stand on it. */
export async function certificatesPage(
  visit: ProjectVisit,
  shown: Shown,
  error?: ApiError,
): Promise<Response> {
  return connectionPage(visit, shown, {
    tab: 'Certificates',
    error,
    body: html`${theirs(visit, shown)}${await metadataCard(visit, shown)}${ownKeys(visit, shown)}`,
  })
}

/** The beginning of a fingerprint, as people compare it. */
export function shortFingerprint(fingerprint: string): string {
  return (fingerprint.slice(0, 16).match(/../g) ?? []).join(':').toUpperCase()
}

function verification({ keys }: Shown) {
  return keys.filter((key) => key.purpose === 'verification')
}

function theirs(visit: ProjectVisit, shown: Shown): Markup {
  const now = visit.services.now()
  const rows = verification(shown).map((key) => [
    html`${key.issuer}<div class="small">${details(key.fingerprint, key.certificate)}</div>`,
    time(key.created_at),
    time(key.expires_at),
    daysBadge(key.expires_at, now),
    mayChange(visit)
      ? html`<a class="btn btn-sm" href="${shown.base}/certificates/${key.key_id}" aria-label="Delete the certificate ${shortFingerprint(key.fingerprint)}">Delete</a>`
      : '',
  ])
  const list =
    rows.length > 0
      ? table(['Issuer', 'Added', 'Expires', 'Left', ''], rows)
      : emptyState(
          'No certificate yet',
          'Responses are believed only if one of the identity provider’s certificates signed them. Read its metadata under Settings, or add a certificate here.',
        )
  return html`<section class="card"><div class="card-header"><div><h2 class="card-title">Certificates of the identity provider</h2><div class="card-subtitle">A response must be signed with one of these, five at most. A change of certificates needs no pause: add the new one before the old one is switched off.</div></div></div>${list}</section>${mayChange(visit) ? addCard(visit, shown) : ''}`
}

function details(fingerprint: string, certificate: string): Markup {
  return html`<details><summary><code>${shortFingerprint(fingerprint)}…</code></summary><dl class="facts mt-2"><dt>SHA-256 fingerprint</dt><dd>${copyField(fingerprint)}</dd><dt>Certificate</dt><dd><pre class="small">${certificate}</pre></dd></dl></details>`
}

function addCard(visit: ProjectVisit, { base }: Shown): Markup {
  return card(
    'Add a certificate',
    postForm(
      visit,
      `${base}/certificates`,
      html`${field({ name: 'x509_certificate', label: 'Certificate (PEM)', rows: 5, required: true, value: visit.form.raw('x509_certificate'), placeholder: '-----BEGIN CERTIFICATE-----' })}
<button class="btn btn-primary">Add certificate</button>`,
    ),
  )
}

async function add(visit: ProjectVisit, shown: Shown): Promise<Response> {
  const { organization_id, connection_id } = shown.row
  const x509_certificate = visit.form.text('x509_certificate')
  await ask(visit, updateSAMLConnection, { organization_id, connection_id, x509_certificate })
  const message = 'The certificate was added: what it signs is believed from now on.'
  return saved(visit, shown, {
    action: 'connection.certificate_add',
    at: '/certificates',
    message,
  })
}

function named(visit: ProjectVisit, shown: Shown) {
  return verification(shown).find((key) => key.key_id === parameter(visit, 'certificate_id'))
}

function removal(visit: ProjectVisit, shown: Shown, error?: ApiError): Response {
  const key = named(visit, shown)
  const last = verification(shown).length === 1
  const danger = key
    ? html`<p>${key.issuer}, expires ${time(key.expires_at)}</p>${dangerForm(visit, {
        action: `${shown.base}/certificates/${key.key_id}`,
        name: shortFingerprint(key.fingerprint),
        button: 'Delete certificate',
        consequences: last
          ? 'It is the last one: without it nobody can log in over this connection. It cannot be deleted while the connection is active.'
          : 'Responses signed with it are refused from the next login on. Delete it only once the identity provider signs with another.',
      })}`
    : html`<p>There is no such certificate any more.</p>`
  return connectionPage(visit, shown, {
    tab: 'Certificates',
    error,
    body: card('Delete a certificate', danger),
  })
}

async function remove(visit: ProjectVisit, shown: Shown): Promise<Response> {
  const { organization_id, connection_id } = shown.row
  const certificate_id = parameter(visit, 'certificate_id')
  const key = named(visit, shown)
  if (key) assertConfirmed(visit, shortFingerprint(key.fingerprint))
  const target = { organization_id, connection_id, certificate_id }
  await ask(visit, deleteVerificationCertificate, target)
  const message = 'The certificate was deleted.'
  return saved(visit, shown, {
    action: 'connection.certificate_delete',
    at: '/certificates',
    message,
  })
}
