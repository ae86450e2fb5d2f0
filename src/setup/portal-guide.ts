/** A step of the guide: what to do over there, what to copy, and what to bring back, checked at once. */
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { card, field, notice } from '../http/parts.ts'
import { updateOIDCConnection } from '../sso/oidc-connection-update.ts'
import { updateSAMLConnectionByURL } from '../sso/saml-connection-by-url.ts'
import { updateSAMLConnectionByXML } from '../sso/saml-connection-by-xml.ts'
import { updateSAMLConnection } from '../sso/saml-connection-update.ts'
import type { GuideInput, GuideStep } from './guides-shape.ts'
import { guideStep } from './guides-view.ts'
import { portalPage, setupForm } from './portal-frame.ts'
import { ask, auditSetup, type Chosen, type SetupVisit } from './portal-visit.ts'

/** The step of the guide in the address; throws `bad_request` where this guide has none such. */
export function guideStepOf(chosen: Chosen, id: string): GuideStep {
  const step = chosen.guide.steps.find((each) => `guide-${each.id}` === id)
  if (!step) throw new ApiError('bad_request', { message: 'This guide has no such step.' })
  return step
}

/** The page of a step. */
export function guidePage(
  visit: SetupVisit,
  chosen: Chosen,
  id: string,
  error?: ApiError,
): Response {
  const step = guideStepOf(chosen, id)
  const inputs = step.input ?? []
  return portalPage(visit, {
    step: id,
    title: step.title,
    error,
    body: html`${card(chosen.guide.name, guideStep(step, chosen.values))}
${inputs.length > 0 ? inputForms(visit, chosen, step, id) : next(visit, id)}`,
  })
}

function next(visit: SetupVisit, id: string): Markup {
  return setupForm(
    visit,
    `/setup/step/${id}`,
    html`<button class="btn btn-primary">Done, go on</button>`,
  )
}

type Named = NonNullable<GuideStep['input']>[number]

const documents: readonly GuideInput[] = ['metadata_url', 'metadata_xml']

/** One form for each way of bringing it: by address, by file, value by value. */
function inputForms(visit: SetupVisit, chosen: Chosen, step: GuideStep, id: string): Markup {
  const inputs = step.input ?? []
  const byURL = inputs.find((each) => each.field === 'metadata_url')
  const others = inputs.filter((each) => !documents.includes(each.field))
  const saml = chosen.row.type === 'saml'
  const way = (name: string, body: Markup, upload = false) =>
    setupForm(
      visit,
      `/setup/step/${id}`,
      html`<input type="hidden" name="way" value="${name}">${body}<button class="btn btn-primary">Check and go on</button>`,
      upload,
    )
  const url = byURL ? way('metadata_url', line(visit, chosen, byURL)) : null
  const file = saml ? way('metadata_xml', fileFields(visit), true) : null
  const fields =
    others.length > 0
      ? way('fields', html`${others.map((each) => line(visit, chosen, each))}`)
      : null
  const [first, ...rest] = [
    url,
    fields && !saml ? fields : null,
    file,
    saml ? fields : null,
  ].filter((each) => each !== null)
  const titles = new Map([
    [url, 'Metadata address'],
    [file, 'Upload or paste the metadata file'],
    [fields, 'Enter the values one by one'],
  ])
  const used = visit.form.raw('way')
  return html`${saved(chosen)}${card(saml ? 'Bring it here' : 'Enter what you have copied', first)}
${rest.map((form) => html`<section class="card"><details class="card-body"${isOpen(form, used, { file, fields }) ? html` open` : ''}><summary><h2 class="card-title d-inline">${titles.get(form) ?? ''}</h2></summary><div class="mt-3">${form}</div></details></section>`)}`
}

function isOpen(
  form: Markup,
  used: string,
  ways: { file: Markup | null; fields: Markup | null },
): boolean {
  return (
    (used === 'metadata_xml' && form === ways.file) || (used === 'fields' && form === ways.fields)
  )
}

function saved({ row, missing }: Chosen): Markup | '' {
  const known = row.type === 'saml' ? row.idp_entity_id : row.issuer
  if (!known || missing.length > 0) return ''
  return html`${notice('success', 'This is filled in already.', html`${row.type === 'saml' ? 'Entity ID' : 'Issuer'}: <code>${known}</code>. Send it again to change it, or <a href="/setup/step/test">go on to the test</a>.`)}`
}

const secret: readonly GuideInput[] = ['client_secret']
const long: readonly GuideInput[] = ['x509_certificate']

function line(visit: SetupVisit, { row }: Chosen, { field: name, label, example }: Named): Markup {
  if (name === 'endpoints') return endpoints(visit)
  const stored = {
    idp_entity_id: row.idp_entity_id,
    idp_sso_url: row.idp_sso_url,
    issuer: row.issuer,
    client_id: row.client_id,
    metadata_url: row.metadata_url,
  }
  const typed = visit.form.raw('way') !== ''
  const value = secret.includes(name)
    ? ''
    : typed
      ? visit.form.raw(name)
      : (stored[name as keyof typeof stored] ?? '')
  return field({
    name,
    label,
    value,
    ...(example && { placeholder: example }),
    ...(long.includes(name) && { rows: 5, placeholder: '-----BEGIN CERTIFICATE-----' }),
    ...(secret.includes(name) && {
      type: 'password' as const,
      autocomplete: 'new-password',
      hint: row.client_secret
        ? 'One is stored, encrypted; leave it empty to keep it.'
        : 'It is stored encrypted and never shown again.',
    }),
  })
}

function endpoints({ form }: SetupVisit): Markup {
  const names = {
    authorization_url: 'Authorization endpoint',
    token_url: 'Token endpoint',
    userinfo_url: 'Userinfo endpoint',
    jwks_url: 'JWKS address',
  }
  return html`<details class="mb-3"><summary>Addresses, where your provider has no discovery document</summary><div class="mt-2">${Object.entries(names).map(([name, label]) => field({ name, label, type: 'url', value: form.raw(name) }))}</div></details>`
}

function fileFields({ form }: SetupVisit): Markup {
  return html`<div class="mb-3"><label class="form-label" for="field-metadata_file">Metadata file</label><input class="form-control" type="file" id="field-metadata_file" name="metadata_file" accept=".xml,application/xml,text/xml"></div>
${field({ name: 'metadata_xml', rows: 5, label: 'Or its content', placeholder: '<EntityDescriptor …', value: form.raw('metadata_xml') })}`
}

/** Takes what was brought, by the same code as the API. Throws what it refuses, in words for the admin. */
export async function takeInput(visit: SetupVisit, chosen: Chosen): Promise<void> {
  const { form, context } = visit
  const { organization_id, connection_id, type } = chosen.row
  const target = { organization_id, connection_id }
  const way = form.raw('way')
  if (way === '') return
  if (way === 'metadata_url')
    await ask(visit, updateSAMLConnectionByURL, { ...target, metadata_url: form.text(way) })
  else if (way === 'metadata_xml') {
    const xml = form.raw('metadata_file') || form.raw('metadata_xml')
    await updateSAMLConnectionByXML(context, target, xml)
  } else if (type === 'saml') await takeSAML(visit, target)
  else await takeOIDC(visit, target)
  await auditSetup(
    visit,
    'connection.update',
    { type: `${type}_connection`, id: connection_id },
    { way },
  )
}

interface Target {
  organization_id: string
  connection_id: string
}

/** What was typed, without what was left empty. */
function typed({ form }: SetupVisit, names: readonly string[]): Record<string, string> {
  const values = names.map((name) => [name, form.text(name)] as const)
  return Object.fromEntries(values.filter(([, value]) => value !== ''))
}

async function takeSAML(visit: SetupVisit, target: Target): Promise<void> {
  const given = typed(visit, ['idp_entity_id', 'idp_sso_url', 'x509_certificate'])
  if (Object.keys(given).length === 0) throw nothing()
  await ask(visit, updateSAMLConnection, { ...target, ...given })
}

async function takeOIDC(visit: SetupVisit, target: Target): Promise<void> {
  const names = [
    'issuer',
    'client_id',
    'authorization_url',
    'token_url',
    'userinfo_url',
    'jwks_url',
  ]
  const given = typed(visit, [...names, 'client_secret'])
  if (Object.keys(given).length === 0) throw nothing()
  const { warning } = await ask(visit, updateOIDCConnection, { ...target, ...given })
  if (warning) throw new ApiError('bad_request', { message: warning })
}

function nothing(): ApiError {
  return new ApiError('bad_request', { message: 'Nothing was entered: fill in the fields first.' })
}
