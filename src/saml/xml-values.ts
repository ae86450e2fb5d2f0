import { malformed, replaceReferences } from './xml-characters.ts'

/** Like indexOf, but the length of the text when there is none. */
export function find(text: string, what: string, from: number): number {
  const at = text.indexOf(what, from)
  return at === -1 ? text.length : at
}

/** Where something stands next in a text that is read from front to back; no part is searched twice. */
class Ahead {
  readonly #text: string
  readonly #what: string
  #at = -1

  constructor(text: string, what: string) {
    this.#text = text
    this.#what = what
  }

  isWithin(from: number, to: number): boolean {
    if (this.#at < from) this.#at = find(this.#text, this.#what, from)
    return this.#at < to
  }
}

/**
 * What texts and attribute values mean, which stand in `text` from one place to another; they are asked
 * for in the order in which they stand. Most mean what is written and are only cut out.
 */
export class Values {
  readonly #text: string
  readonly #references: Ahead
  readonly #returns: Ahead
  readonly #lines: Ahead
  readonly #tabs: Ahead
  readonly #brackets: Ahead

  constructor(text: string) {
    this.#text = text
    this.#references = new Ahead(text, '&')
    this.#returns = new Ahead(text, '\r')
    this.#lines = new Ahead(text, '\n')
    this.#tabs = new Ahead(text, '\t')
    this.#brackets = new Ahead(text, ']]>')
  }

  /** White space is blanks, but not where it was written as a reference (section 3.3.3). Throws XMLError. */
  ofAttribute(from: number, to: number): string {
    let value = this.#text.slice(from, to)
    const returns = this.#returns.isWithin(from, to)
    if (returns) value = withLineFeeds(value)
    if (returns || this.#lines.isWithin(from, to)) value = value.split('\n').join(' ')
    if (this.#tabs.isWithin(from, to)) value = value.split('\t').join(' ')
    return this.#references.isWithin(from, to) ? replaceReferences(value) : value
  }

  /** Text between markup may not hold ]]> (section 2.4). Throws XMLError. */
  ofText(from: number, to: number): string {
    if (this.#brackets.isWithin(from, to)) malformed('there is ]]> in a text.')
    let value = this.#text.slice(from, to)
    if (this.#returns.isWithin(from, to)) value = withLineFeeds(value)
    return this.#references.isWithin(from, to) ? replaceReferences(value) : value
  }
}

/** Each end of line becomes a line feed (section 2.11); replaceAll takes longer where there are many. */
function withLineFeeds(text: string): string {
  return text.split('\r\n').join('\n').split('\r').join('\n')
}
