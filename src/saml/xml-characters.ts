import { XMLError } from './xml-tree.ts'

/** Refuses a document that is not well-formed; the message says in plain words what is wrong. */
export function malformed(what: string): never {
  throw new XMLError('syntax', `The message is not well-formed XML: ${what}`)
}

// XML 1.0 (fifth edition), section 2.3: NameStartChar, and what only NameChar has besides
const START = 2
const PART = 1
const ASCII_NAMES = new Uint8Array(128)
for (const start of ':_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz') {
  ASCII_NAMES[start.charCodeAt(0)] = START
}
for (const part of '-.0123456789') ASCII_NAMES[part.charCodeAt(0)] = PART
// the first and the last of each range
const STARTS = [
  0xc0, 0xd6, 0xd8, 0xf6, 0xf8, 0x2ff, 0x370, 0x37d, 0x37f, 0x1fff, 0x200c, 0x200d, 0x2070, 0x218f,
  0x2c00, 0x2fef, 0x3001, 0xd7ff, 0xf900, 0xfdcf, 0xfdf0, 0xfffd, 0x10000, 0xeffff,
]
const PARTS = [0xb7, 0xb7, 0x300, 0x36f, 0x203f, 0x2040]
// searched for twice as fast as what is none of the characters that are allowed
const CONTROL = /[\p{Cc}--[\t\n\r\x7f-\x9f]]/v

function isIn(ranges: readonly number[], code: number): boolean {
  let at = 0
  while (at < ranges.length && code > ranges[at + 1]!) at += 2
  return at < ranges.length && code >= ranges[at]!
}

/** Whether a name may begin with the character of this code point. */
export function isNameStart(code: number): boolean {
  return code < 128 ? ASCII_NAMES[code] === START : isIn(STARTS, code)
}

/** Where the name that begins at `at` ends; `at` itself when none begins there. */
export function endOfName(text: string, at: number): number {
  let code = text.charCodeAt(at)
  if (code < 128) {
    if (ASCII_NAMES[code] !== START) return at
    let end = at
    do {
      end += 1
      code = text.charCodeAt(end)
    } while (code < 128 && ASCII_NAMES[code] !== 0)
    return code >= 128 ? endOfRest(text, end) : end
  }
  const first = text.codePointAt(at)
  if (first === undefined || !isIn(STARTS, first)) return at
  return endOfRest(text, at)
}

function endOfRest(text: string, at: number): number {
  let end = at
  for (;;) {
    const code = text.codePointAt(end)
    if (code === undefined) return end
    if (code < 128 ? ASCII_NAMES[code] === 0 : !isIn(STARTS, code) && !isIn(PARTS, code)) return end
    end += code > 0xffff ? 2 : 1
  }
}

/** Refuses a document with a character that XML does not have (section 2.2). Throws XMLError. */
export function checkCharacters(text: string): void {
  if (CONTROL.test(text)) malformed('there is a control character in it.')
  if (text.includes('\ufffe') || text.includes('\uffff')) malformed('it holds U+FFFE or U+FFFF.')
  if (!text.isWellFormed()) malformed('it holds half of a character.')
}

/** Replaces the references in a text or an attribute value (sections 4.1 and 4.6). Throws XMLError. */
export function replaceReferences(raw: string): string {
  let out = ''
  let from = 0
  for (let at = raw.indexOf('&'); at !== -1; at = raw.indexOf('&', from)) {
    const end = raw.indexOf(';', at)
    if (end === -1) malformed('a & begins no reference.')
    out += raw.slice(from, at) + referred(raw.slice(at + 1, end))
    from = end + 1
  }
  return out + raw.slice(from)
}

function referred(name: string): string {
  if (name.charCodeAt(0) === 0x23) return numbered(name)
  switch (name) {
    case 'amp':
      return '&'
    case 'lt':
      return '<'
    case 'gt':
      return '>'
    case 'quot':
      return '"'
    case 'apos':
      return "'"
    default:
      return malformed('a & begins no reference, or one to an entity that is not defined.')
  }
}

function numbered(name: string): string {
  const hexadecimal = name.charCodeAt(1) === 0x78
  const base = hexadecimal ? 16 : 10
  const first = hexadecimal ? 2 : 1
  let code = 0
  for (let at = first; at < name.length; at += 1) {
    const digit = digitOf(name.charCodeAt(at))
    if (digit >= base) malformed('a character reference is not a number.')
    // what is too large stays so, however many digits follow
    if (code <= 0x10ffff) code = code * base + digit
  }
  // no digit at all is the character 0
  if (!isCharacter(code)) malformed('a reference names a character that XML does not have.')
  return String.fromCodePoint(code)
}

function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : 16
}

function isCharacter(code: number): boolean {
  if (code < 0x20) return code === 0x09 || code === 0x0a || code === 0x0d
  return code < 0xd800 || (code > 0xdfff && code < 0xfffe) || (code > 0xffff && code <= 0x10ffff)
}
