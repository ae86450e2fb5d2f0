/** What a browser sends when a button is pressed. */
export interface Submission {
  action: string
  method: string
  fields: URLSearchParams
}

/**
 * For tests and scripts: what a browser without scripts would send from `page`, a page of the test identity
 * provider, when the button whose text contains `label` is pressed; `typed` replaces what is in its fields.
 * Throws where the page has no such button.
 */
export function pressButton(
  page: string,
  label: string,
  typed: Record<string, string> = {},
): Submission {
  for (const [, formTag = '', content = ''] of page.matchAll(/<form([^>]*)>(.*?)<\/form>/gs)) {
    for (const [, buttonTag = '', text = ''] of content.matchAll(
      /<button([^>]*)>(.*?)<\/button>/gs,
    )) {
      if (!decode(text.replaceAll(/<[^>]*>/g, '')).includes(label)) continue
      const fields = new URLSearchParams()
      for (const [, tag = ''] of content.matchAll(/<input([^>]*)>/g)) add(fields, tag)
      for (const [, tag = '', options = ''] of content.matchAll(
        /<select([^>]*)>(.*?)<\/select>/gs,
      )) {
        fields.append(attribute(tag, 'name') ?? '', attribute(options, 'value') ?? '')
      }
      add(fields, buttonTag)
      for (const [name, value] of Object.entries(typed)) fields.set(name, value)
      const method = (attribute(formTag, 'method') ?? 'get').toUpperCase()
      return { action: attribute(formTag, 'action') ?? '', method, fields }
    }
  }
  throw new Error(`The page has no button with ${label}.`)
}

function add(fields: URLSearchParams, tag: string): void {
  const name = attribute(tag, 'name')
  if (name) fields.append(name, attribute(tag, 'value') ?? '')
}

function attribute(tag: string, name: string): string | undefined {
  const [, value] = new RegExp(`\\s${name}="([^"]*)"`).exec(tag) ?? []
  return value === undefined ? undefined : decode(value)
}

function decode(escaped: string): string {
  return escaped
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
}
