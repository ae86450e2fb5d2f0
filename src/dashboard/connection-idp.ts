/** The part of a connection's settings that says who its identity provider is, and how it is trusted. */
import { html, type Markup } from '../http/html.ts'
import { card, facts, field, notice } from '../http/parts.ts'
import { guideFor } from '../setup/guides.ts'
import type { GuideInput } from '../setup/guides-shape.ts'
import type { ConnectionRow } from '../sso/connections.ts'
import { mayChange, type Shown, uploadForm } from './connection-frame.ts'
import { postForm } from './frame.ts'
import type { ProjectVisit } from './visit.ts'

/**
 * Of some fields of a form those that say something else than is stored. What was not touched is not
 * given: an address that belongs to the old issuer would be taken for one of the new.
 */
export function changedFields(
  { form }: ProjectVisit,
  row: ConnectionRow,
  names: readonly (keyof ConnectionRow & string)[],
): Record<string, string> {
  const typed = names.map((name) => [name, form.text(name)] as const)
  return Object.fromEntries(typed.filter(([name, text]) => text !== String(row[name] ?? '')))
}

/** The forms for what is brought from the identity provider. */
export function addressCards(visit: ProjectVisit, shown: Shown): Markup {
  if (!mayChange(visit)) return readOnly(shown)
  return shown.row.type === 'saml' ? samlCards(visit, shown) : oidcCard(visit, shown)
}

type Words = (field: GuideInput, otherwise: string) => { label: string; placeholder?: string }

/** What the identity provider calls its values. */
function wordsOf(visit: ProjectVisit, { row, guide }: Shown): Words {
  const asked = visit.c.req.query('guide')
  const inputs = (asked ? guideFor(asked, row.type) : guide).steps.flatMap(
    ({ input }) => input ?? [],
  )
  return (name, otherwise) => {
    const known = inputs.find((input) => input.field === name)
    return {
      label: known && known.label !== otherwise ? `${otherwise}: “${known.label}”` : otherwise,
      ...(known?.example && { placeholder: known.example }),
    }
  }
}

/** What was typed into this form if it is shown again, else what is stored. */
function valuesOf({ form, c }: ProjectVisit, row: ConnectionRow, part: string) {
  const typed = c.req.method === 'POST' && form.raw('part') === part
  return (name: string, stored = String(row[name as keyof ConnectionRow] ?? '')) =>
    typed ? form.raw(name) : stored
}

const part = (name: string) => html`<input type="hidden" name="part" value="${name}">`

function samlCards(visit: ProjectVisit, shown: Shown): Markup {
  const { row, base } = shown
  const words = wordsOf(visit, shown)
  const { form, c } = visit
  const open = c.req.method === 'POST' ? form.raw('part') : ''
  const byURL = postForm(
    visit,
    `${base}/settings/metadata-url`,
    html`${part('metadata-url')}${field({ name: 'metadata_url', type: 'url', required: true, ...words('metadata_url', 'Metadata address'), value: valuesOf(visit, row, 'metadata-url')('metadata_url'), hint: 'It is read again every few hours. What is new waits for approval under Certificates, or is taken by itself where you say so there.' })}
<button class="btn btn-primary">Read the metadata</button>`,
  )
  const byXML = uploadForm(
    visit,
    `${base}/settings/metadata-xml`,
    html`${part('metadata-xml')}<div class="mb-3"><label class="form-label" for="field-metadata_file">File</label><input class="form-control" type="file" id="field-metadata_file" name="metadata_file" accept=".xml,application/xml,text/xml"></div>
${field({ name: 'metadata_xml', rows: 5, ...words('metadata_xml', 'Or its content'), placeholder: '<EntityDescriptor …', value: valuesOf(visit, row, 'metadata-xml')('metadata_xml', '') })}
<button class="btn btn-primary">Take the metadata</button>`,
  )
  return html`${unfresh(row)}${card('Identity provider, by its metadata address', byURL)}
<section class="card"><details class="card-body"${open === 'metadata-xml' ? html` open` : ''}><summary><h2 class="card-title d-inline">By a metadata file</h2></summary><div class="mt-3">${byXML}</div></details></section>
${card('Identity provider, value by value', samlFields(visit, shown, words))}`
}

function unfresh({ status }: ConnectionRow): Markup | '' {
  if (status !== 'active') return ''
  return notice(
    'info',
    'This connection is in use.',
    'What you change here holds from the next login on: a wrong value locks its members out. Afterwards, test it.',
  )
}

function samlFields(visit: ProjectVisit, { row, base, keys }: Shown, words: Words): Markup {
  const value = valuesOf(visit, row, 'idp')
  const certificates = keys.filter((key) => key.purpose === 'verification').length
  const have = certificates === 1 ? 'One is there' : `${certificates || 'None'} are there`
  return postForm(
    visit,
    `${base}/settings/idp`,
    html`${part('idp')}
${field({ name: 'idp_entity_id', ...words('idp_entity_id', 'Entity ID'), value: value('idp_entity_id') })}
${field({ name: 'idp_sso_url', ...words('idp_sso_url', 'Single sign-on address'), value: value('idp_sso_url') })}
${field({ name: 'x509_certificate', rows: 4, ...words('x509_certificate', 'Add a signing certificate'), placeholder: '-----BEGIN CERTIFICATE-----', value: value('x509_certificate', ''), hint: html`PEM. ${have}: see <a href="${base}/certificates">Certificates</a>.` })}
<button class="btn btn-primary">Save</button>`,
  )
}

function oidcCard(visit: ProjectVisit, shown: Shown): Markup {
  const { row, base } = shown
  const words = wordsOf(visit, shown)
  const value = valuesOf(visit, row, 'idp')
  const address = (name: keyof ConnectionRow & string, label: string) =>
    field({ name, label, value: value(name) })
  const manual = row.issuer !== '' && row.jwks_url === ''
  return html`${unfresh(row)}${card(
    'Identity provider',
    postForm(
      visit,
      `${base}/settings/idp`,
      html`${part('idp')}
${field({ name: 'issuer', ...words('issuer', 'Issuer'), value: value('issuer'), hint: 'Its addresses are read from the discovery document behind it.' })}
${field({ name: 'client_id', ...words('client_id', 'Client ID'), value: value('client_id') })}
${field({ name: 'client_secret', type: 'password', autocomplete: 'new-password', ...words('client_secret', 'Client secret'), hint: row.client_secret ? 'One is stored, encrypted; leave it empty to keep it.' : 'It is stored encrypted and never shown again.' })}
<details class="mb-3"${manual ? html` open` : ''}><summary>Addresses, where there is no discovery document</summary><div class="mt-2">
${address('authorization_url', 'Authorization address')}${address('token_url', 'Token address')}${address('userinfo_url', 'Userinfo address')}${address('jwks_url', 'JWKS address')}</div></details>
<button class="btn btn-primary">Save</button>`,
    ),
  )}`
}

function readOnly({ row }: Shown): Markup {
  const names =
    row.type === 'saml'
      ? (['metadata_url', 'idp_entity_id', 'idp_sso_url'] as const)
      : ([
          'issuer',
          'client_id',
          'authorization_url',
          'token_url',
          'userinfo_url',
          'jwks_url',
        ] as const)
  return card(
    'Identity provider',
    facts(names.map((name) => [name, row[name] ? html`<code>${row[name]}</code>` : '–'] as const)),
  )
}
