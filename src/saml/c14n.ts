import { type XMLAttribute, type XMLElement, XMLError } from './xml-tree.ts'

/** The longest canonical form that is built; escapes and namespaces can make it longer than the document. */
export const MAX_CANONICAL_LENGTH = 1024 * 1024

type Rendered = { prefix: string; uri: string }

/**
 * Exclusive canonical XML 1.0 without comments of one element and its descendants
 * (https://www.w3.org/TR/xml-exc-c14n/). `omit` is left out with everything in it (the enveloped
 * signature); `prefixes` is the InclusiveNamespaces PrefixList, in which '' stands for #default.
 */
export function canonicalize(
  apex: XMLElement,
  options: { omit?: XMLElement; prefixes?: readonly string[] } = {},
): string {
  return new Canonicalizer(options.omit ?? null, options.prefixes ?? []).run(apex)
}

class Canonicalizer {
  #out = ''
  readonly #omit: XMLElement | null
  readonly #prefixes: readonly string[]
  // namespaces rendered by the output ancestors, the innermost last
  readonly #rendered: Rendered[] = []

  constructor(omit: XMLElement | null, prefixes: readonly string[]) {
    this.#omit = omit
    this.#prefixes = prefixes
  }

  run(apex: XMLElement): string {
    this.#element(apex)
    return this.#out
  }

  #element(element: XMLElement): void {
    const outer = this.#rendered.length
    const { name, attributes } = element
    let tag = `<${name}${this.#namespaces(element)}`
    if (attributes.length === 1) tag += attribute(attributes[0]!)
    else if (attributes.length > 1) {
      for (const one of inOrder(attributes)) tag += attribute(one)
    }
    this.#out += `${tag}>`
    if (this.#out.length > MAX_CANONICAL_LENGTH) {
      throw new XMLError('limit', 'The canonical form is too long.')
    }
    for (const child of element.children) {
      if (typeof child === 'string') this.#out += escapeText(child)
      else if (child !== this.#omit) this.#element(child)
    }
    this.#out += `</${name}>`
    this.#rendered.length = outer
  }

  /** Renders the namespaces that this element must declare, and notes them for its descendants. */
  #namespaces(element: XMLElement): string {
    const rendered = this.#rendered
    const outer = rendered.length
    this.#use(element.prefix, element.uri)
    for (const { prefix, uri } of element.attributes) if (prefix !== '') this.#use(prefix, uri)
    for (const prefix of this.#prefixes) {
      const uri = namespaceInScope(element, prefix)
      if (uri !== null) this.#use(prefix, uri)
    }
    if (rendered.length === outer) return ''
    if (rendered.length === outer + 1) return declaration(rendered[outer]!)
    const added = rendered.slice(outer).sort((a, b) => compareCodePoints(a.prefix, b.prefix))
    return added.map(declaration).join('')
  }

  #use(prefix: string, uri: string): void {
    if (prefix === 'xml') return
    for (let i = this.#rendered.length - 1; i >= 0; i -= 1) {
      const rendered = this.#rendered[i]!
      if (rendered.prefix !== prefix) continue
      if (rendered.uri === uri) return
      break
    }
    if (uri === '' && !this.#rendered.some((rendered) => rendered.prefix === '')) return
    this.#rendered.push({ prefix, uri })
  }
}

function declaration({ prefix, uri }: Rendered): string {
  return prefix === '' ? ` xmlns="${uri}"` : ` xmlns:${prefix}="${uri}"`
}

function namespaceInScope(element: XMLElement, prefix: string): string | null {
  for (let at: XMLElement | null = element; at !== null; at = at.parent) {
    for (const declaration of at.declarations) {
      if (declaration.prefix === prefix) return declaration.uri
    }
  }
  return prefix === '' ? '' : null
}

/** Orders by code point, as the specification asks; `<` alone would order by UTF-16 code unit. */
export function compareCodePoints(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i += 1) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x === y) continue
    // surrogates stand for code points above U+FFFF
    return (
      (x >= 0xd800 && x < 0xe000 ? x + 0x10000 : x) - (y >= 0xd800 && y < 0xe000 ? y + 0x10000 : y)
    )
  }
  return a.length - b.length
}

/** Few attributes are sorted by insertion sooner than by toSorted, which calls the comparison from outside. */
function inOrder(attributes: readonly XMLAttribute[]): XMLAttribute[] {
  const sorted = attributes.slice()
  for (let i = 1; i < sorted.length; i += 1) {
    const moved = sorted[i]!
    let at = i
    for (; at > 0 && compareAttributes(sorted[at - 1]!, moved) > 0; at -= 1) {
      sorted[at] = sorted[at - 1]!
    }
    sorted[at] = moved
  }
  return sorted
}

function compareAttributes(a: XMLAttribute, b: XMLAttribute): number {
  return compareCodePoints(a.uri, b.uri) || compareCodePoints(a.local, b.local)
}

function attribute({ name, value }: XMLAttribute): string {
  return ` ${name}="${escapeAttribute(value)}"`
}

/** An attribute value as canonical XML writes it between double quotes. */
export function escapeAttribute(value: string): string {
  return /[&<"\t\n\r]/.test(value) ? value.replace(/[&<"\t\n\r]/g, escapeCharacter) : value
}

/** Text as canonical XML writes it. */
export function escapeText(text: string): string {
  return /[&<>\r]/.test(text) ? text.replace(/[&<>\r]/g, escapeCharacter) : text
}

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#x9;',
  '\n': '&#xA;',
  '\r': '&#xD;',
}

function escapeCharacter(character: string): string {
  return ESCAPES[character]!
}
