/** A step of the guide: what to do over there, what to copy, and what to bring back, checked at once. */
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { card, field, notice } from '../http/parts.ts'
import type { GuideInput, GuideStep } from './guides-shape.ts'
import { guideStep } from './guides-view.ts'
import { portalPage, setupForm } from './portal-frame.ts'
import type { Chosen, SetupVisit } from './portal-visit.ts'

/** The step of the guide in the address; throws `bad_request` where this guide has none such. */
export function guideStepOf(chosen: Chosen, id: string): GuideStep {
  const step = chosen.guide.steps.find((each) => `guide-${each.id}` === id)
  if (!step) throw new ApiError('bad_request', { message: 'This guide has no such step.' })
  return step
}

/** The page of a step; `kept` says that what was entered stands, in spite of the error. */
export function guidePage(
  visit: SetupVisit,
  chosen: Chosen,
  id: string,
  error?: ApiError,
  kept = false,
): Response {
  const step = guideStepOf(chosen, id)
  const inputs = step.input ?? []
  return portalPage(visit, {
    step: id,
    title: step.title,
    error,
    kept,
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
