import assert from 'node:assert/strict'
import { test } from 'node:test'
import { XmlC14NMode, XmlDocument } from 'libxml2-wasm'
import { canonicalize, compareCodePoints } from './c14n.ts'
import { parseXML } from './xml.ts'
import type { XMLElement } from './xml-tree.ts'

const DOCUMENTS = Number(process.env.C14N_DOCUMENTS ?? 20_000)
const SEED = Number(process.env.C14N_SEED ?? 1)

const PREFIXES = ['', 'a', 'b', 'B', 'aa', 'é', 'ns0', 'xs']
const URIS = ['urn:a', 'urn:b', 'http://example.com/c?x=1#', "urn:c:it's", 'urn:z:Z', 'urn:z:a']
const NAMES = ['x', 'Y', 'y', 'z-1', 'é', '𐀀', '\ufefc', 'a.b', '_']
const CHARACTERS = [
  ...'abc <>&"\'=/]',
  ...[
    '\t',
    '\n',
    '\r',
    '\r\n',
    '\u0085',
    '\u2028',
    '\u00a0',
    '\u200b',
    '\ufffd',
    '😀',
    'é',
    '\u007f',
  ],
]

/** Numbers that are the same for the same seed (mulberry32). */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

class Generator {
  readonly #random: (below: number) => number
  elements = 0

  constructor(random: (below: number) => number) {
    this.#random = random
  }

  pick<T>(list: readonly T[]): T {
    return list[this.#random(list.length)]!
  }

  element(scope: ReadonlyMap<string, string>, depth: number): string {
    this.elements += 1
    const inner = new Map(scope)
    let attributes = ''
    for (const prefix of PREFIXES) {
      if (this.#random(5) > 0) continue
      const undeclare = prefix === '' && this.#random(3) === 0
      const uri = undeclare ? '' : this.pick(URIS)
      inner.set(prefix, uri)
      attributes += `${this.space()}xmlns${prefix === '' ? '' : `:${prefix}`}=${this.quoted(uri)}`
    }
    const bound = [...inner].filter(([, uri]) => uri !== '').map(([prefix]) => prefix)
    const used = new Set<string>()
    for (let i = this.#random(4); i > 0; i -= 1) {
      const prefix = this.pick(['', ...bound])
      const local = this.pick(NAMES)
      const key = `${prefix === '' ? '' : inner.get(prefix)} ${local}`
      if (used.has(key)) continue
      used.add(key)
      attributes += `${this.space()}${prefix === '' ? '' : `${prefix}:`}${local}=${this.quoted(this.text('"'))}`
    }
    if (this.#random(12) === 0) attributes += ' xml:lang="en"'
    const prefix = this.pick(['', ...bound])
    const name = `${prefix === '' ? '' : `${prefix}:`}${this.pick(NAMES)}`
    const content = this.content(inner, depth)
    if (content === '' && this.#random(2) === 0) return `<${name}${attributes}${this.space('')}/>`
    return `<${name}${attributes}${this.space('')}>${content}</${name}${this.space('')}>`
  }

  content(scope: ReadonlyMap<string, string>, depth: number): string {
    let content = ''
    for (let i = this.#random(depth > 5 ? 1 : 4); i > 0; i -= 1) {
      content += this.#random(3) === 0 ? this.text('') : this.element(scope, depth + 1)
    }
    return content
  }

  space(least = ' '): string {
    return this.#random(4) === 0 ? this.pick([' ', '\n', '\t ', '\r\n']) : least
  }

  quoted(value: string): string {
    return this.#random(3) === 0 ? `'${value.replaceAll("'", '&apos;')}'` : `"${value}"`
  }

  text(quote: string): string {
    let text = ''
    for (let i = this.#random(6); i > 0; i -= 1) {
      const character = this.pick(CHARACTERS)
      if (this.#random(4) === 0) {
        for (const one of character) text += `&#${one.codePointAt(0)};`
      } else if (character === '&' || character === '<' || character === '>') {
        text += { '&': '&amp;', '<': '&lt;', '>': '&gt;' }[character]
      } else if (character === quote) text += '&quot;'
      else text += character
    }
    return text
  }
}

function nth(root: XMLElement, n: number): XMLElement {
  const all: XMLElement[] = []
  const walk = (element: XMLElement) => {
    all.push(element)
    for (const child of element.children) if (typeof child !== 'string') walk(child)
  }
  walk(root)
  return all[n]!
}

/** The same element of the same document, canonicalized by us and by libxml2. */
function both(random: (below: number) => number): { text: string; ours: string; theirs: string } {
  const generator = new Generator(random)
  const text = generator.element(new Map(), 0)
  const n = random(3) === 0 ? random(generator.elements) : 0
  const prefixes = random(3) === 0 ? PREFIXES.filter(() => random(3) === 0) : []
  const apex = nth(parseXML(text), n)
  const elements = apex.children.filter((child) => typeof child !== 'string')
  const omit = random(4) === 0 ? elements[0] : undefined
  const document = XmlDocument.fromString(text)
  try {
    const node = document.get(`(//*)[${n + 1}]`)!
    if (omit !== undefined) node.get('*[1]')!.remove()
    const theirs = node.canonicalizeToString({
      mode: XmlC14NMode.XML_C14N_EXCLUSIVE_1_0,
      inclusiveNamespacePrefixes: prefixes.map((prefix) => (prefix === '' ? '#default' : prefix)),
    })
    const ours = canonicalize(apex, { prefixes, ...(omit !== undefined && { omit }) })
    return { text, ours, theirs }
  } finally {
    document.dispose()
  }
}

test(`exclusive C14N is byte for byte that of libxml2 on ${DOCUMENTS} random documents`, () => {
  const random = randomNumbers(SEED)
  let bytes = 0
  for (let i = 0; i < DOCUMENTS; i += 1) {
    const { text, ours, theirs } = both(random)
    bytes += ours.length
    if (ours !== theirs) assert.equal(ours, theirs, `document ${i} of seed ${SEED}: ${text}`)
  }
  assert.ok(bytes > DOCUMENTS * 20)
})

test('a canonical form parses to a tree with the same canonical form', () => {
  const random = randomNumbers(SEED + 1)
  for (let i = 0; i < 1000; i += 1) {
    const text = new Generator(random).element(new Map(), 0)
    const once = canonicalize(parseXML(text))
    assert.equal(canonicalize(parseXML(once)), once)
  }
})

test('names are ordered by code point, above U+FFFF too', () => {
  const names = ['\ufefc', '𐀀', 'b', 'B', 'ba', '']
  assert.deepEqual(names.toSorted(compareCodePoints), ['', 'B', 'b', 'ba', '\ufefc', '𐀀'])
})
