import type { KeyObject, X509Certificate } from 'node:crypto'
import { CheckList, SAMLError } from './checks.ts'
import { decryptContent } from './content-cipher.ts'
import { decodeUTF8, strictBase64 } from './encoding.ts'
import { readEncryptedAssertion } from './encrypted-assertion.ts'
import { MAX_DECRYPTION_KEYS } from './encrypted-response.ts'
import { certificateInKeyInfo } from './key-info.ts'
import { ASSERTION } from './namespaces.ts'
import { unwrapKey } from './oaep.ts'
import { type Layout, readLayout } from './structure.ts'
import { parseXML } from './xml.ts'
import { childrenNamed, textContent, trimXML, type XMLElement, XMLError } from './xml-tree.ts'

/** What a Response presents. Nothing of it is verified: it is for people, and for trying what would fit. */
export type Presented = {
  /** of the Assertion, else of the Response; null where there is none, or where the two differ */
  issuer: string | null
  /** those that its signatures say they were made with */
  certificates: readonly X509Certificate[]
  /** what was encrypted, in clear; null where nothing was, or no key opens it */
  decrypted_assertion: string | null
}

/**
 * Reads what a Response presents, whether it would be believed or not; null for what is no Response.
 * Decrypts, and answers what that gave: only for those who may see the messages of a connection.
 */
export function readPresented(
  saml_response: string,
  decryption_keys: readonly KeyObject[] = [],
): Presented | null {
  return attempt(() => {
    const bytes = strictBase64(saml_response)
    if (bytes === null) return null
    const layout = readLayout(parseXML(decodeUTF8(bytes)), new CheckList())
    const decrypted_assertion = decryptAssertion(layout, decryption_keys)
    const inner = decrypted_assertion === null ? null : readAlone(decrypted_assertion)
    const assertion = inner ?? layout.assertion
    const signatures = [
      layout.responseSignature,
      layout.assertionSignature,
      ...(inner ? inner.children.filter(isSignature) : []),
    ]
    return {
      issuer: onlyIssuer([layout.response, ...(assertion === null ? [] : [assertion])]),
      certificates: signatures.flatMap((signature) => {
        const found = signature === null ? null : certificateInKeyInfo(signature)
        return found === null ? [] : [found.certificate]
      }),
      decrypted_assertion,
    }
  })
}

function decryptAssertion({ assertion }: Layout, keys: readonly KeyObject[]): string | null {
  if (assertion?.local !== 'EncryptedAssertion' || keys.length === 0) return null
  return attempt(() => {
    const { cipher, oaep, wrappedKey, ciphertext } = readEncryptedAssertion(
      assertion,
      new CheckList(),
    )
    const contentKey = unwrapKey(
      wrappedKey,
      keys.slice(0, MAX_DECRYPTION_KEYS),
      oaep,
      cipher.key_length,
    )
    const { plaintext, valid } = decryptContent(cipher, contentKey, ciphertext)
    return valid ? decodeUTF8(plaintext) : null
  })
}

/** The decrypted element by itself; null where it borrows namespaces from around it. */
function readAlone(text: string): XMLElement | null {
  return attempt(() => parseXML(text))
}

function onlyIssuer(elements: readonly XMLElement[]): string | null {
  const issuers = elements
    .flatMap((element) => childrenNamed(element, ASSERTION, 'Issuer'))
    .map((issuer) => trimXML(textContent(issuer) ?? ''))
  return new Set(issuers).size === 1 && issuers[0] !== '' ? issuers[0]! : null
}

function isSignature(child: XMLElement | string): child is XMLElement {
  return typeof child !== 'string' && child.local === 'Signature'
}

function attempt<T>(work: () => T): T | null {
  try {
    return work()
  } catch (error) {
    if (error instanceof SAMLError || error instanceof XMLError) return null
    throw error
  }
}
