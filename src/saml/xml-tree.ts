/** An attribute that is not a namespace declaration. `uri` is '' without a prefix. */
export type XMLAttribute = {
  readonly name: string
  readonly prefix: string
  readonly local: string
  readonly uri: string
  readonly value: string
}

/** A namespace declaration; prefix '' is the default namespace, uri '' undeclares it. */
export type XMLDeclaration = { readonly prefix: string; readonly uri: string }

/** An element of the one immutable tree that everything in this folder reads. */
export type XMLElement = {
  readonly name: string
  readonly prefix: string
  readonly local: string
  readonly uri: string
  readonly attributes: readonly XMLAttribute[]
  readonly declarations: readonly XMLDeclaration[]
  readonly parent: XMLElement | null
  readonly children: readonly (XMLElement | string)[]
  /** of an EncryptedAssertion: where its content begins and ends in the text that was parsed */
  readonly content?: { readonly start: number; readonly end: number }
}

/** What was wrong with the bytes, in the order in which it is looked for. */
export type XMLProblem = 'size' | 'encoding' | 'forbidden_markup' | 'syntax' | 'limit' | 'namespace'

/** Thrown by the parser; the message is plain words. */
export class XMLError extends Error {
  readonly problem: XMLProblem

  constructor(problem: XMLProblem, message: string) {
    super(message)
    this.name = 'XMLError'
    this.problem = problem
  }
}

/** The child elements; null when there is text other than white space between them. */
export function childElements(element: XMLElement): XMLElement[] | null {
  const elements: XMLElement[] = []
  for (const child of element.children) {
    if (typeof child !== 'string') elements.push(child)
    else if (/[^ \t\r\n]/.test(child)) return null
  }
  return elements
}

/** The text of an element that holds nothing but text; null when it has a child element. */
export function textContent(element: XMLElement): string | null {
  const { children } = element
  if (children.length === 0) return ''
  if (children.length === 1) return typeof children[0] === 'string' ? children[0] : null
  return children.every((child) => typeof child === 'string') ? children.join('') : null
}

/** The value of an attribute without a namespace; null when it is not there. */
export function attributeValue(element: XMLElement, name: string): string | null {
  for (const attribute of element.attributes) if (attribute.name === name) return attribute.value
  return null
}

/** Whether an element has this namespace and local name; the prefix does not matter. */
export function isElement(element: XMLElement, uri: string, local: string): boolean {
  return element.local === local && element.uri === uri
}

/** The child elements with this namespace and local name. */
export function childrenNamed(element: XMLElement, uri: string, local: string): XMLElement[] {
  const found: XMLElement[] = []
  for (const child of element.children) {
    if (typeof child !== 'string' && child.local === local && child.uri === uri) found.push(child)
  }
  return found
}

/** Without XML white space at both ends; nothing else is changed. */
export function trimXML(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isSpace(text.charCodeAt(start))) start += 1
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}
