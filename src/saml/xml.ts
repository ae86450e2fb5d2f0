import { type SaxesAttributeNS, SaxesParser, type SaxesTagNS } from 'saxes'
import { ASSERTION, DSIG, EXCLUSIVE_C14N, PROTOCOL, XENC, XS, XSI } from './namespaces.ts'
import { type XMLDeclaration, type XMLElement, XMLError } from './xml-tree.ts'

type OpenElement = Omit<XMLElement, 'children' | 'parent' | 'content'> & {
  parent: OpenElement | null
  children: (XMLElement | string)[]
  content?: { start: number; end: number }
}

/** Limits that hold while the document streams in, so that nothing larger is ever built. */
export const MAX_RESPONSE_BYTES = 256 * 1024
export const MAX_METADATA_BYTES = 1024 * 1024
export const MAX_DEPTH = 24
export const MAX_ELEMENTS = 5000
export const MAX_ATTRIBUTES = 32
export const MAX_DECLARATIONS = 16
export const MAX_TEXT = 64 * 1024
export const MAX_NAMESPACE_URI = 512
export const MAX_REFERENCES = 5000

const XML_DECLARATION =
  /^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.0"|'1\.0')(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:"utf-8"|'utf-8'))?(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:"yes"|'yes'|"no"|'no'))?[ \t\r\n]*\?>/i
// the characters of RFC 3986 without &, which libxml2 writes unescaped in canonical XML
const ABSOLUTE_URI = /^[a-z][a-z0-9+.-]*:[a-z0-9._~:/?#[\]@!$'()*+,;=%-]+$/i
// '' undeclares the default namespace
const USUAL_NAMESPACES = new Set(['', ASSERTION, PROTOCOL, DSIG, EXCLUSIVE_C14N, XS, XSI])
const NOT_NAME_START = /^[\u0300-\u036F\u203F-\u2040\u00B7.0-9-]/
const NONE: readonly never[] = []
const OPTIONS = {
  xmlns: true,
  position: false,
  forceXMLVersion: true,
  defaultXMLVersion: '1.0',
} as const

function checkMarkup(text: string, commentsAllowed: boolean): void {
  let start = 0
  if (text.startsWith('<?xml')) {
    const declaration = XML_DECLARATION.exec(text.slice(0, 200))?.[0]
    if (declaration === undefined) {
      throw new XMLError('encoding', 'The XML declaration must say version 1.0 and UTF-8.')
    }
    start = declaration.length
  }
  if (commentsAllowed) return
  if (text.includes('<!', start) || text.includes('<?', start)) {
    throw new XMLError(
      'forbidden_markup',
      'The message contains a comment, a CDATA section, a document type or a processing instruction.',
    )
  }
}

class TreeBuilder {
  #root: XMLElement | null = null
  #open: OpenElement | null = null
  #depth = 0
  #elements = 0
  #attributes: SaxesAttributeNS[] = []
  #declarations: XMLDeclaration[] = []

  parse(text: string): XMLElement {
    const parser = new SaxesParser(OPTIONS)
    declareHandlers(parser)
    parser.on('error', (error) => {
      throw new XMLError('syntax', `The message is not well-formed XML: ${error.message}`)
    })
    parser.on('opentagstart', () => this.#startElement())
    parser.on('attribute', (attribute) => this.#addAttribute(attribute as SaxesAttributeNS))
    parser.on('opentag', (tag) => this.#openElement(tag, parser.position))
    parser.on('text', (value) => this.#addText(value))
    parser.on('closetag', () => this.#closeElement(text, parser.position))
    parser.on('doctype', refuseMarkup)
    parser.on('cdata', refuseMarkup)
    parser.on('processinginstruction', refuseMarkup)
    parser.write(text).close()
    if (this.#root === null) throw new XMLError('syntax', 'The message holds no element.')
    return this.#root
  }

  #startElement(): void {
    this.#depth += 1
    this.#elements += 1
    if (this.#depth > MAX_DEPTH) throw new XMLError('limit', 'The elements are nested too deeply.')
    if (this.#elements > MAX_ELEMENTS) throw new XMLError('limit', 'There are too many elements.')
  }

  // saxes fills in `uri` of the same object before it reports the open tag
  #addAttribute(attribute: SaxesAttributeNS): void {
    const { prefix, local, name, value } = attribute
    if (prefix !== '') checkNameStart(local)
    if (prefix === 'xmlns' || name === 'xmlns') {
      this.#declare(prefix === '' ? '' : local, value)
      return
    }
    if (value.length > MAX_TEXT) throw new XMLError('limit', 'An attribute is too long.')
    if (this.#attributes.push(attribute) > MAX_ATTRIBUTES) {
      throw new XMLError('limit', 'An element has too many attributes.')
    }
  }

  #declare(prefix: string, uri: string): void {
    if (!USUAL_NAMESPACES.has(uri) && !isAbsoluteURI(uri)) {
      throw new XMLError('namespace', 'A namespace is not an absolute URI.')
    }
    if (prefix === 'xml') return
    if (this.#declarations.push({ prefix, uri }) > MAX_DECLARATIONS) {
      throw new XMLError('limit', 'An element declares too many namespaces.')
    }
  }

  #openElement(tag: SaxesTagNS, end: number): void {
    const { name, prefix, local, uri } = tag
    if (prefix !== '') checkNameStart(local)
    const attributes = this.#attributes.length === 0 ? NONE : this.#attributes
    const declarations = this.#declarations.length === 0 ? NONE : this.#declarations
    const parent = this.#open
    const element: OpenElement = {
      name,
      prefix,
      local,
      uri,
      attributes,
      declarations,
      parent,
      children: [],
    }
    if (local === 'EncryptedAssertion') element.content = { start: end, end }
    if (attributes !== NONE) this.#attributes = []
    if (declarations !== NONE) this.#declarations = []
    if (parent === null) this.#root = element
    else parent.children.push(element)
    this.#open = element
  }

  #addText(value: string): void {
    const open = this.#open
    // a whole assertion may be the text of one CipherValue
    const limit = open?.local === 'CipherValue' && open.uri === XENC ? MAX_RESPONSE_BYTES : MAX_TEXT
    if (value.length > limit) throw new XMLError('limit', 'A text is too long.')
    open?.children.push(value)
  }

  #closeElement(text: string, end: number): void {
    const open = this.#open
    this.#depth -= 1
    this.#open = open?.parent ?? null
    // neither a name nor white space in a closing tag holds a <; <a/> has no closing tag
    if (open?.content) {
      open.content.end = Math.max(open.content.start, text.lastIndexOf('<', end - 1))
    }
  }
}

function isAbsoluteURI(uri: string): boolean {
  return uri.length <= MAX_NAMESPACE_URI && ABSOLUTE_URI.test(uri)
}

// saxes looks at the first character of a whole name only, not at that after the colon
function checkNameStart(local: string): void {
  const code = local.charCodeAt(0)
  if (code >= 0x61 && code <= 0x7a) return
  if (NOT_NAME_START.test(local)) {
    throw new XMLError('syntax', 'The message is not well-formed XML: malformed name.')
  }
}

/**
 * saxes stores each handler in a field of computed name, and V8 then turns the whole parser into a
 * hash table: five times slower (bench/saml-verify.ts). A field that is there already is only set.
 */
function declareHandlers(parser: object): void {
  const fields = parser as Record<string, unknown>
  fields.errorHandler = undefined
  fields.openTagStartHandler = undefined
  fields.attributeHandler = undefined
  fields.openTagHandler = undefined
  fields.textHandler = undefined
  fields.closeTagHandler = undefined
  fields.doctypeHandler = undefined
  fields.cdataHandler = undefined
  fields.piHandler = undefined
}

function refuseMarkup(): never {
  throw new XMLError(
    'forbidden_markup',
    'The document contains a document type, a CDATA section or a processing instruction.',
  )
}

// each reference costs saxes about as much as an element
function checkReferences(text: string): void {
  let count = 0
  for (let at = text.indexOf('&'); at !== -1; at = text.indexOf('&', at + 1)) {
    count += 1
    if (count > MAX_REFERENCES) throw new XMLError('limit', 'There are too many references.')
  }
}

/**
 * Parses one document into the tree. A SAML message may hold no comment, CDATA, DTD or processing
 * instruction at all; in metadata (`comments: true`) comments are dropped. Throws XMLError.
 */
export function parseXML(
  text: string,
  options: { comments?: boolean; max_length?: number } = {},
): XMLElement {
  if (text.length > (options.max_length ?? MAX_RESPONSE_BYTES)) {
    throw new XMLError('size', 'The document is too large.')
  }
  // one byte order mark was dropped by the decoder; saxes would drop another
  if (text.charCodeAt(0) === 0xfeff) throw new XMLError('syntax', 'There are two byte order marks.')
  checkMarkup(text, options.comments === true)
  checkReferences(text)
  return new TreeBuilder().parse(text)
}
