/** Messages as people can read them: XML and JSON set out in lines, with marks for the eye. All of it escaped. */
import { html, type Markup } from '../http/html.ts'
import { visible } from '../sso/trace-page.ts'

/** More of a message than this is in its download alone. */
const [maxTokens, maxText, longestLine] = [6_000, 400_000, 400]

// What does not end goes on to the end, so that nothing is searched through a second time.
const token =
  /<!--[\s\S]*?(?:-->|$)|<!\[CDATA\[[\s\S]*?(?:\]\]>|$)|<\?[\s\S]*?(?:\?>|$)|<[^>]*(?:>|$)|[^<]+/g

interface Token {
  kind: 'open' | 'close' | 'empty' | 'text' | 'other'
  text: string
}

function tokensOf(xml: string): Token[] {
  const tokens: Token[] = []
  for (const [text] of xml.slice(0, maxText).matchAll(token)) {
    if (tokens.length >= maxTokens) break
    const kind = kindOf(text)
    if (kind !== 'text' || text.trim() !== '') tokens.push({ kind, text })
  }
  return tokens
}

function kindOf(text: string): Token['kind'] {
  if (!text.startsWith('<') || text.startsWith('<![CDATA[') || text === '<') return 'text'
  if (text.startsWith('</')) return 'close'
  if (text.startsWith('<!') || text.startsWith('<?')) return 'other'
  return text.endsWith('/>') ? 'empty' : 'open'
}

/** XML with one element a line, indented by its depth. What is no XML is shown as it is. */
export function prettyXML(xml: string): Markup {
  const tokens = tokensOf(xml)
  const lines: Markup[] = []
  let depth = 0
  for (let i = 0; i < tokens.length; i += 1) {
    const each = tokens[i]!
    if (each.kind === 'close') depth = Math.max(0, depth - 1)
    const parts = [each]
    // An element with nothing but text stands on one line.
    if (each.kind === 'open') {
      if (tokens[i + 1]?.kind === 'close') parts.push(tokens[i + 1]!)
      else if (tokens[i + 1]?.kind === 'text' && tokens[i + 2]?.kind === 'close')
        parts.push(tokens[i + 1]!, tokens[i + 2]!)
    }
    lines.push(html`${'  '.repeat(Math.min(depth, 40))}${parts.map(marked)}\n`)
    if (each.kind === 'open' && parts.length === 1) depth += 1
    i += parts.length - 1
  }
  return html`<pre class="message" tabindex="0">${lines}${cut(tokens, xml)}</pre>`
}

function cut(tokens: readonly Token[], xml: string): Markup | '' {
  return tokens.length >= maxTokens || xml.length > maxText
    ? html`<span class="x-note">… the rest is in the download</span>`
    : ''
}

function marked({ kind, text }: Token): Markup {
  if (kind === 'text') return html`<span class="x-text">${visible(text.trim(), longestLine)}</span>`
  if (kind === 'other') return html`<span class="x-note">${visible(text, longestLine)}</span>`
  const [, start = '<', name = '', rest = '', end = ''] =
    /^(<\/?)([^\s/>]*)([\s\S]*?)(\/?>?)$/.exec(text) ?? []
  return html`${start}<span class="x-name">${visible(name, longestLine)}</span>${attributes(rest)}${end}`
}

function attributes(text: string): Markup[] {
  const found = [...text.matchAll(/([^\s=]+)\s*=\s*("[^"]*"|'[^']*')|\S+/g)].slice(0, 200)
  return found.map(([whole, name, value]) =>
    name && value
      ? html` <span class="x-key">${visible(name, longestLine)}</span>=<span class="x-text">${visible(value, longestLine)}</span>`
      : html` ${visible(whole, longestLine)}`,
  )
}

/** JSON in lines; what is no JSON is shown as it is. */
export function prettyJSON(json: string): Markup {
  let text = json
  try {
    text = JSON.stringify(JSON.parse(json), null, 2)
  } catch {
    // Shown as it came.
  }
  const lines = text.slice(0, maxText).split('\n').slice(0, maxTokens)
  return html`<pre class="message" tabindex="0">${lines.map((line) => {
    const [, space = '', key = '', value = line] =
      /^( *)("(?:[^"\\]|\\.)*": )?(.*)$/.exec(line) ?? []
    return html`${space}<span class="x-key">${visible(key, longestLine)}</span><span class="x-text">${visible(value, longestLine)}</span>\n`
  })}</pre>`
}

/** An address with its parameters one under the other. */
export function prettyURL(text: string): Markup {
  const base = 'https://here.invalid'
  const url = URL.parse(text, base)
  if (!url) return plainMessage(text)
  const address = url.origin === base ? url.pathname.slice(1) : url.origin + url.pathname
  return html`<pre class="message" tabindex="0">${visible(address, 2_000)}\n${[...url.searchParams]
    .slice(0, 200)
    .map(
      ([name, value]) =>
        html`  <span class="x-key">${visible(name, 200)}</span>=<span class="x-text">${visible(value, 2_000)}</span>\n`,
    )}</pre>`
}

/** Text that is none of these. */
export function plainMessage(text: string): Markup {
  return html`<pre class="message" tabindex="0">${visible(text, 20_000)}</pre>`
}
