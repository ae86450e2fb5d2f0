import { isNameStart, malformed } from './xml-characters.ts'
import type { XMLAttribute } from './xml-tree.ts'

const XML = 'http://www.w3.org/XML/1998/namespace'
const XMLNS = 'http://www.w3.org/2000/xmlns/'

type QName = { prefix: string; local: string }

/** An attribute whose `uri` is still ''. */
export type UnresolvedAttribute = Omit<XMLAttribute, 'uri'> & { uri: string }

/** Prefix and local part of a name (Namespaces in XML 1.0, section 4). Throws XMLError. */
export function splitName(name: string): QName {
  const colon = name.indexOf(':')
  if (colon === -1) return { prefix: '', local: name }
  const prefix = name.slice(0, colon)
  const local = name.slice(colon + 1)
  if (prefix === '' || local === '' || local.includes(':')) malformed(`malformed name: ${name}.`)
  if (!isNameStart(local.codePointAt(0)!)) malformed(`malformed name: ${name}.`)
  return { prefix, local }
}

/**
 * The namespaces in scope while a document streams in (Namespaces in XML 1.0): `declare` for what an
 * element declares, then `resolveElement` and `resolveAttributes`, at its end `leaveElement`. All throw
 * XMLError.
 */
export class Namespaces {
  readonly #bound = new Map([
    ['xml', XML],
    ['', ''],
  ])
  // What each declaration took the place of; an open element notes how many stood there before its own.
  readonly #replaced: { prefix: string; uri: string | undefined }[] = []
  readonly #before: number[] = []
  #outer = 0

  /** A declaration of the element that opens next (sections 2.2 and 3). */
  declare(prefix: string, uri: string): void {
    for (let i = this.#outer; i < this.#replaced.length; i += 1) {
      if (this.#replaced[i]!.prefix === prefix) malformed(`duplicate attribute: xmlns:${prefix}.`)
    }
    const before = this.#bound.get(prefix)
    this.#replaced.push({ prefix, uri: before })
    if (before === uri) return
    if (uri === '' && prefix !== '') malformed('invalid attempt to undefine prefix in XML 1.0')
    if ((prefix === 'xml') !== (uri === XML)) malformed(`the prefix xml belongs to ${XML} alone.`)
    if (prefix === 'xmlns' || uri === XMLNS) malformed('the prefix xmlns is not declared.')
    this.#bound.set(prefix, uri)
  }

  resolveElement(name: string): QName & { uri: string } {
    this.#before.push(this.#outer)
    this.#outer = this.#replaced.length
    const { prefix, local } = splitName(name)
    return { prefix, local, uri: this.#resolve(prefix) }
  }

  /** The default namespace is none of attributes (section 6.2); no two have one expanded name (6.3). */
  resolveAttributes(attributes: readonly UnresolvedAttribute[]): void {
    for (let i = 0; i < attributes.length; i += 1) {
      const attribute = attributes[i]!
      const { prefix, local } = attribute
      if (prefix !== '') attribute.uri = this.#resolve(prefix)
      for (let j = 0; j < i; j += 1) {
        const other = attributes[j]!
        if (other.local === local && other.uri === attribute.uri) {
          malformed(`duplicate attribute: ${attribute.name}.`)
        }
      }
    }
  }

  leaveElement(): void {
    this.#outer = this.#before.pop()!
    while (this.#replaced.length > this.#outer) {
      const { prefix, uri } = this.#replaced.pop()!
      if (uri === undefined) this.#bound.delete(prefix)
      else this.#bound.set(prefix, uri)
    }
  }

  #resolve(prefix: string): string {
    const uri = this.#bound.get(prefix)
    if (uri === undefined) malformed(`unbound namespace prefix: ${JSON.stringify(prefix)}.`)
    return uri
  }
}
