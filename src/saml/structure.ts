import type { CheckList } from './checks.ts'
import { ASSERTION, DSIG, PROTOCOL, XENC, XENC11 } from './namespaces.ts'
import { attributeValue, childElements, isElement, type XMLElement } from './xml-tree.ts'

/** The parts of a Response that stand where they may stand. */
export type Layout = {
  response: XMLElement
  status: XMLElement
  issuer: XMLElement | null
  /** an Assertion or an EncryptedAssertion; null when there is none, as in an error response */
  assertion: XMLElement | null
  responseSignature: XMLElement | null
  assertionSignature: XMLElement | null
}

// xs:ID, but for those that begin with a digit: some identity providers take hexadecimal for an ID, so that
// one login in two would fail. It is only ever compared.
const NAME = /^[\p{L}\p{N}_][\p{L}\p{N}._-]*$/u

/**
 * Refuses every Response that has more than one place for an assertion or a signature: the whole
 * tree is walked, and what is not allowed is an error, so that no signature can be wrapped. In a
 * Response that has been `decrypted` the one Assertion stands in its EncryptedAssertion.
 */
export function readLayout(root: XMLElement, checks: CheckList, decrypted = false): Layout {
  if (!isElement(root, PROTOCOL, 'Response')) {
    checks.fail('response_element', {
      error_type: 'invalid_saml_response',
      message: 'This is not a SAML 2.0 Response.',
      expected: `Response of ${PROTOCOL}`,
      actual: `${root.local} of ${root.uri === '' ? 'no namespace' : root.uri}`,
      fix: {
        who: 'it_admin',
        what: 'Set this application up in the identity provider as SAML 2.0, and give the ACS URL of this connection only where it asks for the ACS or reply URL.',
      },
    })
  }
  checks.pass('response_element')
  const walk = new Walk(root, decrypted)
  walk.element(root)
  if (walk.problem !== null) refuse('structure', walk.problem, checks)
  const layout = readChildren(root, walk)
  if (typeof layout === 'string') refuse('structure', layout, checks)
  checks.pass('structure')
  return layout
}

function refuse(name: string, problem: string, checks: CheckList): never {
  checks.fail(name, {
    error_type: 'invalid_saml_response',
    message: `The SAML Response is not built as an identity provider builds it: ${problem}.`,
    expected: 'one Response with one Assertion, each signed at most once',
    actual: problem,
    fix: {
      who: 'operator',
      what: 'No common identity provider sends this, so it may be an attempt to get in. If the IT admin of the organization sees it with an ordinary login, ask which product signs them in.',
    },
  })
}

class Walk {
  problem: string | null = null
  assertion: XMLElement | null = null
  signatures: XMLElement[] = []
  /** where the assertion was decrypted, if it was */
  wrapper: XMLElement | null = null
  readonly #root: XMLElement
  readonly #decrypted: boolean
  readonly #ids = new Set<string>()

  constructor(root: XMLElement, decrypted: boolean) {
    this.#root = root
    this.#decrypted = decrypted
  }

  element(element: XMLElement): void {
    for (const attribute of element.attributes) {
      if (attribute.local.length === 2 && attribute.local.toLowerCase() === 'id') {
        this.#id(element, attribute.name, attribute.value)
      }
    }
    const { local } = element
    if (local === 'Signature') this.#signature(element)
    else if (local === 'Assertion' || local === 'EncryptedAssertion') this.#assertion(element)
    else if (local === 'Response' && element !== this.#root)
      this.#refuse('a Response in a Response')
    for (const child of element.children) if (typeof child !== 'string') this.element(child)
  }

  #id(element: XMLElement, name: string, value: string): void {
    const { uri } = element
    const saml = name === 'ID' && (uri === PROTOCOL || uri === ASSERTION)
    const security = name === 'Id' && (uri === DSIG || uri === XENC || uri === XENC11)
    if (!saml && !security) this.#refuse('an ID attribute in the wrong place')
    if (!NAME.test(value)) this.#refuse('an ID that is not a name')
    if (this.#ids.has(value)) this.#refuse('two elements with the same ID')
    this.#ids.add(value)
  }

  #signature(element: XMLElement): void {
    const { parent } = element
    const inAssertion = parent !== null && parent === this.assertion && parent.local === 'Assertion'
    if (element.uri !== DSIG || (parent !== this.#root && !inAssertion)) {
      this.#refuse('a Signature in the wrong place')
    }
    if (this.signatures.some((other) => other.parent === parent)) {
      this.#refuse('two signatures in one place')
    }
    this.signatures.push(element)
  }

  #assertion(element: XMLElement): void {
    const inWrapper = this.wrapper !== null && element.local === 'Assertion'
    const place = inWrapper ? this.wrapper : this.#root
    if (element.uri !== ASSERTION || element.parent !== place) {
      this.#refuse('an Assertion in the wrong place')
    }
    if (this.#decrypted && this.wrapper === null) {
      if (element.local !== 'EncryptedAssertion') this.#refuse('an Assertion in the wrong place')
      this.wrapper = element
      return
    }
    if (this.assertion !== null) this.#refuse('more than one Assertion')
    this.assertion ??= element
  }

  #refuse(problem: string): void {
    this.problem ??= problem
  }
}

/** The children of the Response in the order of the schema, or what is wrong with them. */
function readChildren(root: XMLElement, walk: Walk): Layout | string {
  const children = childElements(root)
  if (children === null) return 'text beside the elements of the Response'
  if (attributeValue(root, 'ID') === null) return 'a Response without an ID'
  if (walk.assertion?.local === 'Assertion' && attributeValue(walk.assertion, 'ID') === null) {
    return 'an Assertion without an ID'
  }
  const rest = [...children]
  const take = (uri: string, local: string) =>
    rest[0] !== undefined && isElement(rest[0], uri, local) ? rest.shift()! : null
  const { assertion, signatures, wrapper } = walk
  const issuer = take(ASSERTION, 'Issuer')
  take(DSIG, 'Signature')
  const status = take(PROTOCOL, 'Status')
  const last = wrapper ?? assertion
  if (status !== null && rest[0] === last) rest.shift()
  if (rest.length > 0 && rest[0] !== last) {
    return `an unexpected ${rest[0]!.local} in the Response`
  }
  if (status === null) return 'no Status in its place'
  if (wrapper !== null && !isAlone(assertion, wrapper)) return 'not exactly one Assertion in it'
  return {
    response: root,
    status,
    issuer,
    assertion,
    responseSignature: signatures.find(({ parent }) => parent === root) ?? null,
    assertionSignature: signatures.find(({ parent }) => parent !== root) ?? null,
  }
}

/** Whether an Assertion, and not another EncryptedAssertion, is all that was decrypted. */
function isAlone(assertion: XMLElement | null, wrapper: XMLElement): boolean {
  return assertion?.local === 'Assertion' && childElements(wrapper)?.length === 1
}
