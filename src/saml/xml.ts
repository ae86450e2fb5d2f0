import { ASSERTION, DSIG, EXCLUSIVE_C14N, PROTOCOL, XENC, XS, XSI } from './namespaces.ts'
import { Namespaces, splitName, type UnresolvedAttribute } from './xml-namespaces.ts'
import { readXML, type XMLHandler } from './xml-reader.ts'
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
  /^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.0"|'1\.0')(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:"[Uu][Tt][Ff]-8"|'[Uu][Tt][Ff]-8'))?(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:"yes"|'yes'|"no"|'no'))?[ \t\r\n]*\?>/
// the characters of RFC 3986 without &, which libxml2 writes unescaped in canonical XML
const ABSOLUTE_URI = /^[a-z][a-z0-9+.-]*:[a-z0-9._~:/?#[\]@!$'()*+,;=%-]+$/i
// the constants themselves, which V8 compares without looking at their characters
const USUAL_NAMESPACES = new Map(
  [ASSERTION, PROTOCOL, DSIG, EXCLUSIVE_C14N, XENC, XS, XSI].map((uri) => [uri, uri]),
)
const NONE: readonly never[] = []

/** Returns where the XML declaration ends. */
function checkMarkup(text: string, commentsAllowed: boolean): number {
  let start = 0
  if (text.startsWith('<?xml')) {
    const declaration = XML_DECLARATION.exec(text.slice(0, 200))?.[0]
    if (declaration === undefined) {
      throw new XMLError('encoding', 'The XML declaration must say version 1.0 and UTF-8.')
    }
    start = declaration.length
  }
  if (commentsAllowed) return start
  if (text.includes('<!', start) || text.includes('<?', start)) {
    throw new XMLError(
      'forbidden_markup',
      'The message contains a comment, a CDATA section, a document type or a processing instruction.',
    )
  }
  return start
}

class TreeBuilder implements XMLHandler {
  root: XMLElement | null = null
  #open: OpenElement | null = null
  #depth = 0
  #elements = 0
  #attributes: UnresolvedAttribute[] = []
  readonly #namespaces = new Namespaces()
  #declarations: XMLDeclaration[] = []
  /** what each prefix was declared as last, in scope or not */
  readonly #declared = new Map<string, string>()

  startElement(): void {
    this.#depth += 1
    this.#elements += 1
    if (this.#depth > MAX_DEPTH) throw new XMLError('limit', 'The elements are nested too deeply.')
    if (this.#elements > MAX_ELEMENTS) throw new XMLError('limit', 'There are too many elements.')
  }

  attribute(name: string, value: string): void {
    const { prefix, local } = splitName(name)
    if (prefix === 'xmlns') this.#declare(local, value)
    else if (name === 'xmlns') this.#declare('', value)
    else if (value.length > MAX_TEXT) throw new XMLError('limit', 'An attribute is too long.')
    else if (this.#attributes.push({ name, prefix, local, uri: '', value }) > MAX_ATTRIBUTES) {
      throw new XMLError('limit', 'An element has too many attributes.')
    }
  }

  #declare(prefix: string, value: string): void {
    const uri = this.#namespaceOf(prefix, value)
    this.#namespaces.declare(prefix, uri)
    if (prefix === 'xml') return
    if (this.#declarations.push({ prefix, uri }) > MAX_DECLARATIONS) {
      throw new XMLError('limit', 'An element declares too many namespaces.')
    }
  }

  /** The same string for the same namespace, as far as a prefix keeps it; '' undeclares the default one. */
  #namespaceOf(prefix: string, value: string): string {
    const known = this.#declared.get(prefix)
    if (known === value) return known
    const usual = USUAL_NAMESPACES.get(value)
    if (usual === undefined && value !== '' && !isAbsoluteURI(value)) {
      throw new XMLError('namespace', 'A namespace is not an absolute URI.')
    }
    const uri = usual ?? value
    this.#declared.set(prefix, uri)
    return uri
  }

  openElement(name: string, end: number): void {
    const { prefix, local, uri } = this.#namespaces.resolveElement(name)
    let attributes: readonly XMLAttribute[] = NONE
    if (this.#attributes.length > 0) {
      this.#namespaces.resolveAttributes(this.#attributes)
      attributes = this.#attributes
      this.#attributes = []
    }
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
    if (declarations !== NONE) this.#declarations = []
    if (parent === null) this.root = element
    else parent.children.push(element)
    this.#open = element
  }

  characters(value: string): void {
    const open = this.#open
    // a whole assertion may be the text of one CipherValue
    const limit = open?.local === 'CipherValue' && open.uri === XENC ? MAX_RESPONSE_BYTES : MAX_TEXT
    if (value.length > limit) throw new XMLError('limit', 'A text is too long.')
    open?.children.push(value)
  }

  closeElement(end: number): void {
    const open = this.#open
    this.#namespaces.leaveElement()
    this.#depth -= 1
    this.#open = open?.parent ?? null
    if (open?.content) open.content.end = end
  }
}

function isAbsoluteURI(uri: string): boolean {
  return uri.length <= MAX_NAMESPACE_URI && ABSOLUTE_URI.test(uri)
}

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
  // one byte order mark was dropped by the decoder
  if (text.charCodeAt(0) === 0xfeff) throw new XMLError('syntax', 'There are two byte order marks.')
  const comments = options.comments === true
  const start = checkMarkup(text, comments)
  checkReferences(text)
  const tree = new TreeBuilder()
  readXML(text, start, comments, tree)
  return tree.root!
}
