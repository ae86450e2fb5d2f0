import { SaxesParser } from 'saxes'
import { ASSERTION, DSIG, EXCLUSIVE_C14N, PROTOCOL, XENC, XS, XSI } from './namespaces.ts'
import { Namespaces, splitName } from './xml-namespaces.ts'
import { type XMLAttribute, type XMLDeclaration, type XMLElement, XMLError } from './xml-tree.ts'

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
const NONE: readonly never[] = []
// Namespaces are resolved here (xml-namespaces.ts): saxes makes dictionaries for it, of every element.
const OPTIONS = {
  xmlns: false,
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
  #attributes: { name: string; value: string }[] = []
  readonly #namespaces = new Namespaces()
  #declarations: XMLDeclaration[] = []

  parse(text: string): XMLElement {
    const parser = new SaxesParser(OPTIONS)
    declareHandlers(parser)
    parser.on('error', (error) => {
      throw new XMLError('syntax', `The message is not well-formed XML: ${error.message}`)
    })
    parser.on('opentagstart', () => this.#startElement())
    parser.on('attribute', (attribute) => this.#addAttribute(attribute))
    parser.on('opentag', (tag) => this.#openElement(tag.name, parser.position))
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

  #addAttribute({ name, value }: { name: string; value: string }): void {
    if (name === 'xmlns') this.#declare('', value)
    else if (name.startsWith('xmlns:')) this.#declare(splitName(name).local, value)
    else if (value.length > MAX_TEXT) throw new XMLError('limit', 'An attribute is too long.')
    else if (this.#attributes.push({ name, value }) > MAX_ATTRIBUTES) {
      throw new XMLError('limit', 'An element has too many attributes.')
    }
  }

  #declare(prefix: string, uri: string): void {
    if (!USUAL_NAMESPACES.has(uri) && !isAbsoluteURI(uri)) {
      throw new XMLError('namespace', 'A namespace is not an absolute URI.')
    }
    this.#namespaces.declare(prefix, uri)
    if (prefix === 'xml') return
    if (this.#declarations.push({ prefix, uri }) > MAX_DECLARATIONS) {
      throw new XMLError('limit', 'An element declares too many namespaces.')
    }
  }

  #openElement(name: string, end: number): void {
    const { prefix, local, uri } = this.#namespaces.resolveElement(name)
    const attributes: readonly XMLAttribute[] =
      this.#attributes.length === 0 ? NONE : this.#namespaces.resolveAttributes(this.#attributes)
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
    this.#namespaces.leaveElement()
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
