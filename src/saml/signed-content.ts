import { MAX_CANONICAL_LENGTH } from './c14n.ts'
import type { CheckList } from './checks.ts'
import { decodeUTF8 } from './encoding.ts'
import type { SignedXML } from './signature.ts'
import { parseXML } from './xml.ts'
import { attributeValue, isElement, type XMLElement } from './xml-tree.ts'

/**
 * Parses signed bytes again: what follows reads nothing that the signature does not cover. `original`
 * is the element whose signature was verified. Returns the text too, which `content` points into.
 */
export function readSigned(
  signed: SignedXML,
  original: XMLElement,
  checks: CheckList,
): { text: string; root: XMLElement } {
  const text = decodeUTF8(signed)
  const root = parseXML(text, { max_length: MAX_CANONICAL_LENGTH })
  if (
    !isElement(root, original.uri, original.local) ||
    attributeValue(root, 'ID') !== attributeValue(original, 'ID')
  ) {
    return refuseContent(checks)
  }
  return { text, root }
}

/** Refuses signed bytes that are not what was signed, which no parser of ours should ever see. */
export function refuseContent(checks: CheckList): never {
  return checks.fail('signed_content', {
    error_type: 'invalid_signature_saml_response',
    message: 'The signature does not cover an Assertion.',
    fix: {
      who: 'operator',
      what: 'No identity provider sends this. Treat it as an attempt to get in.',
    },
  })
}
