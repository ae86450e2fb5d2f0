import type { CheckList, Failure } from './checks.ts'
import { type ContentCipher, contentCipher } from './content-cipher.ts'
import { strictBase64 } from './encoding.ts'
import { readOAEPMethod } from './encryption-method.ts'
import { DSIG, XENC } from './namespaces.ts'
import type { OAEPParameters } from './oaep.ts'
import {
  attributeValue,
  childElements,
  childrenNamed,
  isElement,
  textContent,
  type XMLElement,
} from './xml-tree.ts'

/** What an EncryptedAssertion holds; nothing of it has been decrypted. */
export type EncryptedAssertion = {
  cipher: ContentCipher
  ciphertext: Buffer
  oaep: OAEPParameters
  wrappedKey: Buffer
}

const ELEMENT = `${XENC}Element`
const ENCRYPTED_KEY = `${XENC}EncryptedKey`
// RSA of 4096 bits
const MAX_WRAPPED_KEY = 512
// a subset of XML Encryption in which nothing refers to anything else
const REFUSED = new Set([
  'CipherReference',
  'AgreementMethod',
  'DerivedKey',
  'EncryptionProperties',
])

const NO_HINT = new Set(['EncryptedKey', 'EncryptedData', 'RetrievalMethod'])

/**
 * Reads an EncryptedAssertion (Core 2.3.4; XML Encryption 1.1): one EncryptedData of an element, one
 * EncryptedKey in its KeyInfo or after it, RSA-OAEP and AES. Throws SAMLError through `checks`.
 */
export function readEncryptedAssertion(element: XMLElement, checks: CheckList): EncryptedAssertion {
  const parts = readParts(element)
  if (typeof parts === 'string') return checks.fail('encrypted_assertion', malformed(parts))
  checks.pass('encrypted_assertion')
  const cipher = contentCipher(parts.contentURI)
  if (cipher === undefined) checks.fail('encryption_algorithm', badAlgorithm(parts.contentURI))
  const oaep = readOAEPMethod(parts.keyMethod)
  if (typeof oaep === 'string') return checks.fail('encryption_algorithm', badAlgorithm(oaep))
  const { wrappedKey, ciphertext, contentURI } = parts
  const keyURI = attributeValue(parts.keyMethod, 'Algorithm') ?? ''
  const actual = `${contentURI} ${keyURI} ${oaep.digest} mgf1-${oaep.mgf}`
  checks.pass('encryption_algorithm', { actual })
  return { cipher, ciphertext, oaep, wrappedKey }
}

type Parts = {
  contentURI: string
  keyMethod: XMLElement
  ciphertext: Buffer
  wrappedKey: Buffer
}

/** The parts of an EncryptedAssertion that has exactly the children of the profile, or what is wrong. */
function readParts(element: XMLElement): Parts | string {
  const children = childElements(element)
  const [data, sibling] = children ?? []
  if (children === null || data === undefined || !isElement(data, XENC, 'EncryptedData')) {
    return 'no EncryptedData in its place'
  }
  if (children.length > 2 || (sibling !== undefined && !isElement(sibling, XENC, 'EncryptedKey'))) {
    return 'more in it than one EncryptedData and one EncryptedKey'
  }
  const forbidden = findForbidden(element, REFUSED)
  if (forbidden !== null) return forbidden
  // Core 2.3.4: it should be there
  if ((attributeValue(data, 'Type') ?? ELEMENT) !== ELEMENT) return `its Type is not ${ELEMENT}`
  const content = readCipher(data, ['KeyInfo'])
  if (content === null)
    return 'an EncryptedData that is not one EncryptionMethod and one CipherValue'
  const key = chooseKey(data, sibling)
  if (typeof key === 'string') return key
  const wrapped = readCipher(key, ['KeyInfo', 'ReferenceList', 'CarriedKeyName'])
  if (wrapped === null)
    return 'an EncryptedKey that is not one EncryptionMethod and one CipherValue'
  // its KeyInfo is a hint that is not read
  const hint = findForbidden(key, NO_HINT)
  if (hint !== null) return hint
  if (!refersTo(key, data)) return 'an EncryptedKey for something else'
  if (content.value === null) return 'a CipherValue that is not base64'
  if (wrapped.value === null) return 'a wrapped key that is not base64'
  if (wrapped.value.length > MAX_WRAPPED_KEY) return 'a wrapped key that is too long'
  return {
    contentURI: attributeValue(content.method, 'Algorithm') ?? '',
    keyMethod: wrapped.method,
    ciphertext: content.value,
    wrappedKey: wrapped.value,
  }
}

/** The EncryptedKey in the KeyInfo, or beside the data, where KeyInfo may point to it by its Id. */
function chooseKey(data: XMLElement, sibling: XMLElement | undefined): XMLElement | string {
  const infos = childrenNamed(data, DSIG, 'KeyInfo')
  const inside = infos.flatMap((info) => childrenNamed(info, XENC, 'EncryptedKey'))
  const methods = infos.flatMap((info) => childrenNamed(info, DSIG, 'RetrievalMethod'))
  const [method] = methods
  const keys = sibling === undefined ? inside : [...inside, sibling]
  const [key] = keys
  if (key === undefined) return 'no EncryptedKey'
  if (keys.length > 1) return 'more than one EncryptedKey'
  if (method === undefined) return key
  const id = attributeValue(key, 'Id')
  const pointsToIt =
    key === sibling &&
    id !== null &&
    attributeValue(method, 'URI') === `#${id}` &&
    attributeValue(method, 'Type') === ENCRYPTED_KEY &&
    method.children.length === 0
  return pointsToIt ? key : 'a RetrievalMethod that does not point to the EncryptedKey beside it'
}

/** EncryptionMethod and CipherValue of an EncryptedData or EncryptedKey; null if it is built differently. */
function readCipher(
  element: XMLElement,
  others: readonly string[],
): { method: XMLElement; value: Buffer | null } | null {
  const children = childElements(element)
  const methods = childrenNamed(element, XENC, 'EncryptionMethod')
  const data = childrenNamed(element, XENC, 'CipherData')
  const [method] = methods
  const known = children?.every(
    (child) =>
      child === method ||
      child === data[0] ||
      (others.includes(child.local) && child.uri === (child.local === 'KeyInfo' ? DSIG : XENC)),
  )
  if (!known || method === undefined || data[0] === undefined) return null
  const values = childElements(data[0])
  const [value] = values ?? []
  if (value === undefined || values?.length !== 1 || !isElement(value, XENC, 'CipherValue')) {
    return null
  }
  const text = textContent(value)
  return text === null ? null : { method, value: strictBase64(text) }
}

/** Whether each DataReference of a ReferenceList, where there is one, names this data. */
function refersTo(key: XMLElement, data: XMLElement): boolean {
  const id = attributeValue(data, 'Id')
  return childrenNamed(key, XENC, 'ReferenceList').every((list) =>
    (childElements(list) ?? [list]).every(
      (one) =>
        isElement(one, XENC, 'DataReference') &&
        id !== null &&
        attributeValue(one, 'URI') === `#${id}`,
    ),
  )
}

/** What stands anywhere in the element that could lead to other keys or data; null if nothing does. */
function findForbidden(element: XMLElement, refused: ReadonlySet<string>): string | null {
  const counts = new Map<string, number>()
  const visit = ({ children }: XMLElement): void => {
    for (const child of children) {
      if (typeof child === 'string') continue
      counts.set(child.local, (counts.get(child.local) ?? 0) + 1)
      visit(child)
    }
  }
  visit(element)
  for (const local of ['EncryptedData', 'EncryptedKey', 'RetrievalMethod']) {
    if ((counts.get(local) ?? 0) > 1) return `more than one ${local}`
  }
  const found = [...counts.keys()].find((local) => refused.has(local))
  return found === undefined ? null : `${/^[AE]/.test(found) ? 'an' : 'a'} ${found}`
}

function malformed(actual: string): Failure {
  return {
    error_type: 'invalid_saml_response',
    message: `The EncryptedAssertion is not built as common identity providers build it: ${actual}.`,
    expected: 'one EncryptedData of an element, with one EncryptedKey in it or beside it',
    actual,
    fix: {
      who: 'it_admin',
      what: 'In the identity provider, encrypt the assertion for this application alone, with one certificate, or switch encryption of the assertion off.',
    },
  }
}

function badAlgorithm(actual: string): Failure {
  return {
    error_type: 'invalid_saml_response',
    message: 'The assertion is encrypted with an algorithm that is not accepted.',
    expected:
      'AES-128, AES-192 or AES-256 in GCM (or CBC), the key wrapped with RSA-OAEP (rsa-oaep-mgf1p or rsa-oaep) with SHA-1, SHA-256, SHA-384 or SHA-512',
    actual: actual === '' ? 'no algorithm' : actual,
    fix: {
      who: 'it_admin',
      what: 'In the identity provider, set the encryption of this application to AES-256-GCM and the key transport to RSA-OAEP. RSA 1.5 and Triple DES can be broken and are never accepted.',
    },
  }
}
