/** Parts that the pages on Tabler are put together of. Everything interpolated is escaped by `html`. */
import { html, type Markup } from './html.ts'
import { fieldNamed, inPlainNames } from './plain-names.ts'

export type Content = Markup | string | number | null | undefined | Content[]

export type Tone = 'green' | 'red' | 'yellow' | 'blue' | 'secondary'

/** A short state, such as `active`. Its text says it all: the colour is for the eye alone. */
export function badge(text: string, tone: Tone = 'secondary'): Markup {
  return html`<span class="badge bg-${tone}-lt">${text}</span>`
}

/** A value that somebody takes elsewhere. */
export function copyField(value: string, label = 'Copy'): Markup {
  return html`<span class="copy"><code>${value}</code><button type="button" class="btn btn-sm" data-copy="${value}" aria-label="${label} ${value.slice(0, 80)}">Copy</button></span>`
}

/** An instant; the browser shows it in its own time zone. */
export function time(at: Date | string | null | undefined, none = '–'): Markup {
  if (!at) return html`${none}`
  const iso = new Date(at).toISOString()
  return html`<time datetime="${iso}" class="nowrap">${iso.slice(0, 19).replace('T', ' ')} UTC</time>`
}

/** A titled box. */
export function card(title: Content, body: Content, actions?: Content): Markup {
  return html`<section class="card">
<div class="card-header"><h2 class="card-title">${title}</h2>${actions ? html`<div class="card-actions">${actions}</div>` : ''}</div>
<div class="card-body">${body}</div>
</section>`
}

/** Names and values, one under the other. */
export function facts(rows: readonly (readonly [string, Content] | null)[]): Markup {
  return html`<dl class="facts">${rows.map((row) => row && html`<dt>${row[0]}</dt><dd>${row[1]}</dd>`)}</dl>`
}

/** What stands where a list is empty: what this is for, and what to do next. */
export function emptyState(title: string, text: Content, action?: Content): Markup {
  return html`<div class="empty-state"><h2>${title}</h2><p>${text}</p>${action ?? ''}</div>`
}

/** A message in a coloured box; `alert` is read out at once by a screen reader. */
export function notice(
  tone: 'danger' | 'warning' | 'success' | 'info',
  title: Content,
  text?: Content,
): Markup {
  return html`<div class="alert alert-${tone}" role="${tone === 'danger' ? 'alert' : 'status'}"><div><div class="alert-title">${title}</div>${text ? html`<div>${text}</div>` : ''}</div></div>`
}

/** What went wrong with a form, which `pages.browser.js` also shows at the field that the message names. */
export function formError(message: string, text?: Content): Markup {
  const name = fieldNamed(message)
  return html`<div${name ? html` data-wrong-field="${name}"` : ''}>${notice('danger', inPlainNames(message), text)}</div>`
}

/** A table whose rows become blocks on a phone. `rows` hold a cell for each column. */
export function table(columns: readonly string[], rows: readonly (readonly Content[])[]): Markup {
  return html`<table class="table table-vcenter card-table stack">
<thead><tr>${columns.map((name) => (name ? html`<th scope="col">${name}</th>` : html`<td></td>`))}</tr></thead>
<tbody>${rows.map(
    (cells) =>
      html`<tr>${cells.map((cell, i) => html`<td${columns[i] ? html` data-label="${columns[i]}"` : ''}>${cell}</td>`)}</tr>`,
  )}</tbody></table>`
}

export interface Field {
  name: string
  label: string
  value?: string
  type?: 'text' | 'email' | 'url' | 'password' | 'number' | 'search' | 'datetime-local'
  hint?: Content
  error?: string | undefined
  required?: boolean
  autocomplete?: string
  placeholder?: string
  /** More than one line. */
  rows?: number
  options?: readonly (readonly [value: string, label: string])[]
}

/** A labelled field of a form: a line, an area (`rows`) or a choice (`options`). */
export function field(of: Field): Markup {
  const id = `field-${of.name}`
  const described = of.error || of.hint ? html` aria-describedby="${id}-hint"` : ''
  const common = html`id="${id}" name="${of.name}"${of.required ? html` required` : ''}${of.error ? html` aria-invalid="true"` : ''}${described}`
  return html`<div class="mb-3">
<label class="form-label${of.required ? ' required' : ''}" for="${id}">${of.label}</label>
${control(of, common)}
${of.error ? html`<div class="text-danger mt-1" id="${id}-hint">${of.error}</div>` : of.hint ? html`<div class="form-hint" id="${id}-hint">${of.hint}</div>` : ''}
</div>`
}

function control(of: Field, common: Markup): Markup {
  const invalid = of.error ? ' is-invalid' : ''
  const placeholder = of.placeholder ? html` placeholder="${of.placeholder}"` : ''
  if (of.options)
    return html`<select class="form-select${invalid}" ${common}>${of.options.map(
      ([value, label]) =>
        html`<option value="${value}"${value === (of.value ?? '') ? html` selected` : ''}>${label}</option>`,
    )}</select>`
  if (of.rows)
    return html`<textarea class="form-control${invalid}" rows="${of.rows}" spellcheck="false" ${common}${placeholder}>${of.value ?? ''}</textarea>`
  return html`<input class="form-control${invalid}" type="${of.type ?? 'text'}" value="${of.value ?? ''}"${of.autocomplete ? html` autocomplete="${of.autocomplete}"` : ''} ${common}${placeholder}>`
}

/** A labelled box to tick. */
export function checkbox(name: string, label: Content, checked: boolean, value = 'on'): Markup {
  return html`<label class="form-check"><input class="form-check-input" type="checkbox" name="${name}" value="${value}"${checked ? html` checked` : ''}><span class="form-check-label">${label}</span></label>`
}

/** Links to the other pages of a list, where there are any. */
export function pager(next: string | null, first: string | null): Markup {
  if (!next && !first) return html``
  return html`<nav class="d-flex gap-2 p-3" aria-label="Pages">${first ? html`<a class="btn" href="${first}">First page</a>` : ''}${next ? html`<a class="btn" href="${next}">Next page</a>` : ''}</nav>`
}
