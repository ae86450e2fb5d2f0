/** The search of a list, by GET: its address can be kept and shared. */
import { html, type Markup } from '../http/html.ts'

interface Search {
  action: string
  /** What is looked for; it stands in the field too. */
  label: string
  q: string
  /** Choices beside the text, such as a status. */
  filters?: readonly {
    name: string
    label: string
    value: string
    options: readonly (readonly [value: string, label: string])[]
  }[]
}

/** A field to search a list by, with its filters. */
export function searchForm({ action, label, q, filters = [] }: Search): Markup {
  return html`<form method="get" action="${action}" role="search" class="row g-2 w-100">
<div class="col-12 col-md"><label class="visually-hidden" for="search-q">${label}</label>
<input class="form-control" type="search" id="search-q" name="q" value="${q}" placeholder="${label}" autocomplete="off"></div>
${filters.map(
  (
    filter,
  ) => html`<div class="col col-md-auto"><label class="visually-hidden" for="search-${filter.name}">${filter.label}</label>
<select class="form-select" id="search-${filter.name}" name="${filter.name}">${filter.options.map(
    ([value, name]) =>
      html`<option value="${value}"${value === filter.value ? html` selected` : ''}>${name}</option>`,
  )}</select></div>`,
)}
<div class="col-auto"><button class="btn">Search</button></div></form>`
}

/** What was typed into an area of a form: one a line, or with commas between. */
export function typedLines(text: string): string[] {
  return text
    .split(/[\s,;]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}
