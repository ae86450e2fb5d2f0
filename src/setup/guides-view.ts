import { html, type Markup } from '../http/html.ts'
import { copyField } from '../http/parts.ts'
import type { GuideStep, GuideValue } from './guides-shape.ts'

/** A step of a guide with the values of a connection, to read and to copy from; its `input` is left to the page. */
export function guideStep(step: GuideStep, values: Readonly<Record<GuideValue, string>>): Markup {
  const shown = (step.values ?? []).filter(({ value }) => values[value] !== '')
  return html`${step.text.length === 1 ? html`<p>${step.text[0]}</p>` : html`<ul>${step.text.map((line) => html`<li>${line}</li>`)}</ul>`}
${shown.length > 0 ? html`<dl class="facts">${shown.map(({ label, value }) => html`<dt>${label}</dt><dd>${value === 'signing_certificate' ? certificate(values[value]) : copyField(values[value], `Copy ${label}:`)}</dd>`)}</dl>` : ''}
${step.attributes ? attributes(step.attributes) : ''}`
}

function certificate(pem: string): Markup {
  return html`<details><summary>Show the certificate</summary>${copyField(pem, 'Copy the certificate')}</details>`
}

function attributes(lines: NonNullable<GuideStep['attributes']>): Markup {
  return html`<table class="table stack mt-3"><thead><tr><th scope="col">Name</th><th scope="col">Value</th></tr></thead><tbody>${lines.map(
    ({ name, source, optional }) =>
      html`<tr><td data-label="Name">${copyField(name)}</td><td data-label="Value">${source}${optional ? html` <span class="text-secondary">(optional)</span>` : ''}</td></tr>`,
  )}</tbody></table>`
}
