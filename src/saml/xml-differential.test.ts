import assert from 'node:assert/strict'
import { test } from 'node:test'
import { XmlC14NMode, XmlDocument } from 'libxml2-wasm'
import { SaxesParser } from 'saxes'
import { createRandom, pick, type Random } from '../../tests/attacks/random.ts'
import { canonicalize } from './c14n.ts'
import { parseXML } from './xml.ts'
import { type XMLElement, XMLError } from './xml-tree.ts'

// Two other parsers read the same documents, whole ones and broken ones.

const DOCUMENTS = Number(process.env.XML_DOCUMENTS ?? 15_000)
const SEED = Number(process.env.XML_SEED ?? 1)
const XMLNS = 'http://www.w3.org/2000/xmlns/'

const PREFIXES = ['', '', 'a:', 'b:', 'xml:']
const NAMES = ['r', 'x', 'Y', 'é', '𐀀', '_', 'z-1.', 'xmlns', 'EncryptedAssertion']
const SPACES = [' ', ' ', ' ', '\n', '\t', '\r\n', ' \r']
const TEXTS = ['a', ' ', '\n', '\r\n', '\r', '\t', '>', ']', ']]', "'", '=', '/', '-', 'é', '😀']
const REFERENCES = '&lt;|&amp;|&gt;|&quot;|&apos;|&#10;|&#x0D;|&#9;|&#065;'.split('|')
const MORE_REFERENCES = '&#x10FFFF;|&#xfffd;|&#x1F600;|&#32;|&#xE000;'.split('|')
const COMMENTS = ['', ' ', '>', '-x', '\n<x>&', ' - ', ']]>', ' -- ', '-', '\u0001', '<!--']
const DECLARATIONS = ` xmlns="urn:d"| xmlns=""| xmlns:a="urn:a"| xmlns:b='urn:b'| xmlns:b="urn:a"`
// what is put into a document to break it
const TOKENS = [
  `<|>|&|"|'|/|=| |:|;|#|!|?|-|]|x|1|.|\n|\r|\t`,
  '<x>|</x>|<x/>|</|/>|<>|</>|<x|<1>|< x>|<:x/>|<xml/>',
  '<!--|-->|--|<!-- x -->|<!--->|<![CDATA[x]]>|]]>|<?x y?>|<!DOCTYPE r>',
  '<?xml version="1.0"?>|<?xml version="1.1"?>|&nbsp;|&lt|& |&;|&LT;|&#65|&constructor;',
  '&#0;|&#x0;|&#11;|&#xD800;|&#xDFFF;|&#xFFFE;|&#xFFFF;|&#x1FFFE;|&#x110000;',
  '&#;|&#x;|&#X41;|&#4 1;|&#-1;|&#99999999999;',
  '\0|\u0001|\u001f|\u007f|\u0085|\u2028|\ufffe|\uffff|\ufeff|\u{1fffe}',
  '\u00b7|\u0300|\u037e|\u203f|\u2190|\u00d7|\u3000|\u{10000}|\u{effff}|\u{f0000}',
  ' x="1"| x="1" x="1"| a:x="1"|y="1"| y=1| y| xml:lang="en"|a:| c:x="2"',
  ' xmlns:c="urn:a"| xmlns:a=""| xmlns:xml="urn:x"| xmlns:xmlns="urn:x"| xmlns:a="rel"',
].flatMap((tokens) => tokens.split('|'))

function element(random: Random, depth: number): string {
  const name = `${pick(random, PREFIXES)}${pick(random, NAMES)}`
  let tag = name
  // most of what is used is declared
  if (depth === 0) tag += ' xmlns:a="urn:a" xmlns:b="urn:b"'
  else if (random(4) === 0) tag += pick(random, DECLARATIONS.split('|'))
  for (let i = random(4); i > 0; i -= 1) tag += attribute(random)
  const space = random(6) === 0 ? pick(random, SPACES) : ''
  let content = ''
  for (let i = depth > 3 ? 0 : random(4); i > 0; i -= 1) {
    const kind = random(11)
    if (kind === 0) content += `<!--${pick(random, COMMENTS)}-->`
    else content += kind < 6 ? run(random) : element(random, depth + 1)
  }
  if (content === '' && random(2) === 0) return `<${tag}${space}/>`
  return `<${tag}${space}>${content}</${name}${space}>`
}

function attribute(random: Random): string {
  const space = random(3) === 0 ? pick(random, SPACES) : ''
  const equals = random(6) === 0 ? `${pick(random, SPACES)}=${pick(random, SPACES)}` : '='
  const quote = random(3) === 0 ? "'" : '"'
  const value = run(random).replaceAll(quote, '')
  return `${space} ${pick(random, PREFIXES)}${pick(random, NAMES)}${equals}${quote}${value}${quote}`
}

function run(random: Random): string {
  let text = ''
  for (let i = random(5); i > 0; i -= 1) {
    const kind = random(12)
    text += pick(random, kind < 2 ? REFERENCES : kind === 2 ? MORE_REFERENCES : TEXTS)
  }
  return text
}

/** A document; two of three are broken, or made another one, in one to three places. */
function createDocument(random: Random): string {
  const declaration = random(6) === 0 ? '<?xml version="1.0" encoding="utf-8"?>\n' : ''
  let text = declaration + element(random, 0) + (random(6) === 0 ? pick(random, SPACES) : '')
  for (let i = random(3) === 0 ? 0 : 1 + random(3); i > 0; i -= 1) {
    const at = random(text.length + 1)
    const to = Math.min(text.length, at + random(3))
    const tail = text.slice(random(3) === 0 ? to : at)
    const moved = random(12) === 0 ? text.slice(at, at + random(40)) : pick(random, TOKENS)
    text = text.slice(0, at) + (random(6) === 0 ? '' : moved) + tail
  }
  return text
}

type Seen = { name: string; declared: string[]; attributes: string[]; children: (Seen | string)[] }

function addText(children: (Seen | string)[], text: string): void {
  if (typeof children.at(-1) === 'string') children[children.length - 1] += text
  else children.push(text)
}

function seenByUs(element: XMLElement): Seen {
  const children: (Seen | string)[] = []
  for (const child of element.children) {
    if (typeof child === 'string') addText(children, child)
    else children.push(seenByUs(child))
  }
  return {
    name: `{${element.uri}}${element.prefix} ${element.local} ${element.name}`,
    // the one of xml may be written down and changes nothing
    declared: element.declarations.map(({ prefix, uri }) => `${prefix}=${uri}`),
    attributes: element.attributes.map(
      ({ uri, prefix, local, name, value }) => `{${uri}}${prefix} ${local} ${name}=${value}`,
    ),
    children,
  }
}

function seenBySaxes(text: string): Seen | null {
  const parser = new SaxesParser({ xmlns: true, forceXMLVersion: true, defaultXMLVersion: '1.0' })
  const document: Seen = { name: '', declared: [], attributes: [], children: [] }
  const open = [document]
  parser.on('opentag', ({ uri, prefix, local, name, attributes, ns }) => {
    const own = Object.values(attributes).filter((each) => each.uri !== XMLNS)
    const seen: Seen = {
      name: `{${uri}}${prefix} ${local} ${name}`,
      declared: Object.entries(ns ?? {})
        .filter(([prefix]) => prefix !== 'xml')
        .map(([prefix, uri]) => `${prefix}=${uri}`),
      attributes: own.map(
        ({ uri, prefix, local, name, value }) => `{${uri}}${prefix} ${local} ${name}=${value}`,
      ),
      children: [],
    }
    open.at(-1)!.children.push(seen)
    open.push(seen)
  })
  parser.on('closetag', () => void open.pop())
  parser.on('text', (value) => {
    if (open.length > 1) addText(open.at(-1)!.children, value)
  })
  try {
    parser.write(text).close()
  } catch {
    return null
  }
  return document.children[0] as Seen
}

/** What `use` makes of the document that libxml2 read; its message where it refuses it. */
function byLibxml2(text: string, use: (document: XmlDocument) => string): string {
  let document: XmlDocument
  try {
    document = XmlDocument.fromString(text)
  } catch (error) {
    return `refused: ${(error as Error).message}`
  }
  try {
    return use(document)
  } finally {
    document.dispose()
  }
}

const canonicalByLibxml2 = (text: string) =>
  byLibxml2(text, ({ root }) =>
    root.canonicalizeToString({ mode: XmlC14NMode.XML_C14N_EXCLUSIVE_1_0 }),
  )

function read(text: string, comments: boolean): XMLElement | XMLError {
  try {
    return parseXML(text, { comments })
  } catch (error) {
    if (error instanceof XMLError) return error
    throw error
  }
}

/** Whether what the two others accept is among what is not accepted here. */
function isForbidden(text: string, { problem }: XMLError): boolean {
  if (problem === 'forbidden_markup') return /<[!?]/.test(text)
  if (problem === 'encoding') return text.startsWith('<?xml')
  if (problem === 'namespace') return /xmlns(:\w+)?\s*=\s*["'][^"']*["']/.test(text)
  return text.startsWith('\ufeff')
}

test(`${DOCUMENTS} whole and broken documents are accepted only where saxes and libxml2 accept them, and read alike`, () => {
  const random = createRandom(SEED)
  const counts = { accepted: 0, refused: 0, forbidden: 0 }
  for (let i = 0; i < DOCUMENTS; i += 1) {
    const text = createDocument(random)
    const what = `document ${i} of seed ${SEED}: ${JSON.stringify(text)}`
    const comments = random(2) === 0
    const ours = read(text, comments)
    const saxes = seenBySaxes(text)
    if (ours instanceof XMLError) {
      if (saxes !== null && byLibxml2(text, () => '') === '') {
        assert.ok(isForbidden(text, ours), `${ours.message} ${what}`)
        counts.forbidden += 1
      } else counts.refused += 1
      continue
    }
    assert.ok(saxes !== null, `saxes refuses ${what}`)
    assert.deepEqual(seenByUs(ours), saxes, what)
    const libxml2 = canonicalByLibxml2(text)
    // it looks at the parts of a namespace, which are no matter of being well-formed
    if (/^refused: .* is not a valid URI\s*$/.test(libxml2)) continue
    assert.equal(canonicalize(ours), libxml2, what)
    counts.accepted += 1
  }
  const { accepted, refused, forbidden } = counts
  const least = Math.min(accepted / 5, refused / 5, forbidden * 20)
  assert.ok(least > DOCUMENTS / 20, JSON.stringify(counts))
})
