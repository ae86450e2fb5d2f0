import { checkCharacters, endOfName, malformed } from './xml-characters.ts'
import { XMLError } from './xml-tree.ts'
import { find, Values } from './xml-values.ts'

/** What a document is made of, told in its order. A method that throws ends the reading. */
export interface XMLHandler {
  /** before the attributes of an element */
  startElement(): void
  attribute(name: string, value: string): void
  /** after the attributes; `end` is where the tag ends in the text */
  openElement(name: string, end: number): void
  /** never empty, references replaced; also the white space after the root */
  characters(value: string): void
  /** `end` is where the content of the element ends in the text */
  closeElement(end: number): void
}

const TAB = 0x09
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const BANG = 0x21
const QUOTE = 0x22
const APOSTROPHE = 0x27
const SLASH = 0x2f
const EQUALS = 0x3d
const GREATER = 0x3e
const QUESTION = 0x3f

/**
 * Reads a document (XML 1.0, fifth edition) without validating it, from `start`, where its XML
 * declaration ended, and tells `handler` what is in it. Comments are passed over or refused, all other
 * markup with < and ! or ? is refused. It takes time in proportion to the text and copies nothing but
 * names, values and texts. Throws XMLError.
 */
export function readXML(text: string, start: number, comments: boolean, handler: XMLHandler): void {
  checkCharacters(text)
  new Reader(text, comments, handler).run(start)
}

class Reader {
  readonly #text: string
  readonly #comments: boolean
  readonly #handler: XMLHandler
  readonly #names: string[] = []
  #rooted = false
  /** where the next < stands after the markup that is being read */
  #next = 0
  readonly #values: Values

  constructor(text: string, comments: boolean, handler: XMLHandler) {
    this.#text = text
    this.#comments = comments
    this.#handler = handler
    this.#values = new Values(text)
  }

  run(start: number): void {
    const text = this.#text
    let at = start
    this.#next = find(text, '<', at)
    for (;;) {
      const markup = this.#next
      if (markup > at) this.#characters(at, markup)
      if (markup === text.length) break
      at = this.#markup(markup)
    }
    if (!this.#rooted) malformed('it holds no element.')
    if (this.#names.length > 0) malformed(`the element ${this.#names.at(-1)} is not closed.`)
  }

  #markup(at: number): number {
    const text = this.#text
    const code = text.charCodeAt(at + 1)
    if (code === BANG || code === QUESTION) return this.#comment(at)
    this.#next = find(text, '<', at + 1)
    return code === SLASH ? this.#closingTag(at + 2) : this.#openingTag(at + 1)
  }

  #comment(at: number): number {
    const text = this.#text
    if (!this.#comments || !text.startsWith('<!--', at)) {
      throw new XMLError(
        'forbidden_markup',
        'The document contains a document type, a CDATA section or a processing instruction.',
      )
    }
    const end = text.indexOf('--', at + 4)
    if (end === -1) malformed('a comment does not end.')
    if (text.charCodeAt(end + 2) !== GREATER) malformed('there is -- in a comment.')
    this.#next = find(text, '<', end + 3)
    return end + 3
  }

  #openingTag(begin: number): number {
    const text = this.#text
    const handler = this.#handler
    const nameEnd = endOfName(text, begin)
    if (nameEnd === begin) malformed('a < is not followed by a name.')
    handler.startElement()
    if (this.#rooted && this.#names.length === 0) malformed('there are two root elements.')
    this.#rooted = true
    const name = text.slice(begin, nameEnd)
    let at = nameEnd
    for (;;) {
      const before = at
      at = this.#afterSpace(at)
      const code = text.charCodeAt(at)
      if (code === GREATER) {
        handler.openElement(name, at + 1)
        this.#names.push(name)
        return at + 1
      }
      if (code === SLASH) {
        if (text.charCodeAt(at + 1) !== GREATER) malformed('a / in a tag is not followed by >.')
        handler.openElement(name, at + 2)
        handler.closeElement(at + 2)
        return at + 2
      }
      if (at === text.length) malformed('a tag does not end.')
      if (at === before) malformed(`there is no white space in a tag where some must be.`)
      at = this.#attribute(at)
    }
  }

  #attribute(begin: number): number {
    const text = this.#text
    const nameEnd = endOfName(text, begin)
    if (nameEnd === begin) malformed('there is something in a tag that is no attribute.')
    let at = this.#afterSpace(nameEnd)
    if (text.charCodeAt(at) !== EQUALS) malformed('an attribute has no value.')
    at = this.#afterSpace(at + 1)
    const quote = text.charCodeAt(at)
    if (quote !== QUOTE && quote !== APOSTROPHE) malformed('an attribute value is not quoted.')
    const end = text.indexOf(quote === QUOTE ? '"' : "'", at + 1)
    if (end === -1) malformed('an attribute value does not end.')
    if (end > this.#next) malformed('there is a < in an attribute value.')
    this.#handler.attribute(text.slice(begin, nameEnd), this.#values.ofAttribute(at + 1, end))
    return end + 1
  }

  #closingTag(begin: number): number {
    const text = this.#text
    const name = this.#names.pop()
    if (name === undefined || !text.startsWith(name, begin)) {
      malformed('a closing tag closes another element than the last one opened.')
    }
    let at = begin + name.length
    if (text.charCodeAt(at) !== GREATER) at = this.#afterSpace(at)
    if (text.charCodeAt(at) !== GREATER) malformed('a closing tag is not that of its element.')
    this.#handler.closeElement(begin - 2)
    return at + 1
  }

  #characters(from: number, to: number): void {
    if (this.#names.length === 0 && this.#afterSpace(from) < to) {
      malformed('there is text outside of the root element.')
    }
    const value = this.#values.ofText(from, to)
    if (this.#rooted) this.#handler.characters(value)
  }

  #afterSpace(from: number): number {
    const text = this.#text
    let at = from
    for (;;) {
      const code = text.charCodeAt(at)
      if (code !== SPACE && code !== LF && code !== TAB && code !== CR) return at
      at += 1
    }
  }
}
